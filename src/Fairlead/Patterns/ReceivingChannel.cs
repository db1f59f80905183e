using System.Threading.Channels;

namespace Fairlead;

/// <summary>Receives messages in a loop and puts their values into a channel with capacity for one value.</summary>
internal static class ReceivingChannel
{
    /// <summary>Starts the loop, which runs until the messages end, and returns the reading half.</summary>
    public static ChannelReader<T> Start<T>(IAsyncEnumerable<Message> messages, Func<Message, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        Channel<T> channel = Channel.CreateBounded<T>(new BoundedChannelOptions(1) { SingleWriter = true });
        _ = Task.Run(() => FillAsync(messages, read, channel.Writer));
        return channel.Reader;
    }

    private static async Task FillAsync<T>(IAsyncEnumerable<Message> messages, Func<Message, T> read, ChannelWriter<T> writer)
    {
        Exception? problem = null;
        try
        {
            await foreach (Message message in messages.ConfigureAwait(false))
            {
                await writer.WriteAsync(read(message)).ConfigureAwait(false);
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
