using Fairlead.Cli.Input;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>Writes messages as they come, until there were enough, the time is over, or the other end has closed.</summary>
internal static class Incoming
{
    /// <summary>Each message is accepted when it has been written: its sender's receipt means that it is out.</summary>
    /// <param name="messages">A pattern's receive loop, given the token that ends it.</param>
    /// <param name="output">Where they go.</param>
    /// <param name="count">How many; null: as many as come.</param>
    /// <param name="timeout">How long one may take to come.</param>
    /// <param name="endpoint">Whose they are.</param>
    /// <param name="cancellationToken">Ends the loop.</param>
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
