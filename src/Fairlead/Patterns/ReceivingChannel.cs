using System.Threading.Channels;

namespace Fairlead;

/// <summary>Puts what a loop receives into a channel that holds one value.</summary>
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
            // The reader throws it.
            problem = exception;
        }

        writer.Complete(problem);
    }
}
