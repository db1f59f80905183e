using Fairlead.Cli.Input;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>Prints messages as they arrive, until there are enough, the time runs out, or the other end has closed.</summary>
internal static class Incoming
{
    /// <summary>Accepts each message after printing it: its sender's receipt means that it is out.</summary>
    /// <param name="messages">The receive loop of a pattern, given the token that ends it.</param>
    /// <param name="output">The destination.</param>
    /// <param name="count">How many messages; null: no limit.</param>
    /// <param name="timeout">The longest time to wait for a message.</param>
    /// <param name="endpoint">The receiving endpoint.</param>
    /// <param name="cancellationToken">Cancels the loop.</param>
    public static async Task<int> WriteAsync(
        Func<CancellationToken, IAsyncEnumerable<Message>> messages,
        MessageOutput output,
        long? count,
        TimeSpan? timeout,
        MessagingEndpoint endpoint,
        CancellationToken cancellationToken)
    {
        long received = 0;
        long missed = 0;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(timeout ?? Timeout.InfiniteTimeSpan);
        try
        {
            await foreach (var message in messages(end.Token))
            {
                end.CancelAfter(Timeout.InfiniteTimeSpan);
                if (message.Missed > 0)
                {
                    missed += message.Missed;
                    ErrorLine.Write($"{message.Missed} messages before this one were dropped: this end was too slow");
                }

                output.Write(message);
                message.Accept();
                if (++received == count)
                {
                    return ExitCode.Ok;
                }

                end.CancelAfter(timeout ?? Timeout.InfiniteTimeSpan);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new FairleadException(ErrorCode.Timeout, $"no message arrived within {DurationText.Describe(timeout!.Value)}")
            {
                Address = endpoint.Address,
            };
        }

        if (endpoint.Statistics.Missed > missed)
        {
            ErrorLine.Write($"{endpoint.Statistics.Missed - missed} messages after the last one were dropped: this end was too slow");
        }

        return count is null
            ? ExitCode.Ok
            : throw new FairleadException(ErrorCode.PeerGone, $"the other end closed after {received} of {count} messages")
            {
                Address = endpoint.Address,
            };
    }
}
