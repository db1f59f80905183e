using System.Threading.Channels;

namespace Fairlead.Patterns.Forms;

/// <summary>Receives messages in a loop and puts their values into a channel with capacity for one value.</summary>
internal static class ReceivingChannel
{
    /// <summary>Starts the loop, which runs until the messages end, and returns the reading half.</summary>
    /// <param name="messages">The messages, which end when the token is cancelled.</param>
    /// <param name="read">Converts a message to a value.</param>
    /// <param name="cancellationToken">Ends the wait for the reader, too: the message that it waits to pass on returns.</param>
    public static ChannelReader<T> Start<T>(
        IAsyncEnumerable<Message> messages, Func<Message, T> read, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(read);
        Channel<T> channel = Channel.CreateBounded<T>(new BoundedChannelOptions(1) { SingleWriter = true });
        _ = PoolWork.Start(() => FillAsync(messages, read, channel.Writer, cancellationToken));
        return channel.Reader;
    }

    private static async Task FillAsync<T>(
        IAsyncEnumerable<Message> messages, Func<Message, T> read, ChannelWriter<T> writer, CancellationToken cancellationToken)
    {
        Exception? problem = null;
        try
        {
            await foreach (Message message in messages.ConfigureAwait(false))
            {
                await writer.WriteAsync(read(message), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            // Completing the writer passes the exception to the reader.
            problem = exception;
        }

        writer.Complete(problem);
    }
}
