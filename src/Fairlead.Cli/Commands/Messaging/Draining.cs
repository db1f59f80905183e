using Fairlead.Cli.Input;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>Closes a sending command: every message must have been acknowledged, or it reports how many were not.</summary>
internal static class Draining
{
    /// <summary>Closes within the time-out, or while the other end lives. Ctrl-C ends the wait.</summary>
    /// <returns>0, or the code of the cause, which is reported on stderr.</returns>
    public static async Task<int> CloseAsync(MessagingEndpoint endpoint, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var limit = timeout ?? DurationText.Longest;
        CloseReport report;
        using (cancellationToken.UnsafeRegister(static state => ((MessagingEndpoint)state!).Dispose(), endpoint))
        {
            // On interruption it aborts and releases its name; the report does not matter then.
            report = await endpoint.CloseAsync(limit).AsTask().WaitAsync(cancellationToken);
        }

        if (report.IsComplete)
        {
            return ExitCode.Ok;
        }

        var why = report.DeadlinePassed ? $"not acknowledged within {DurationText.Describe(limit)}" : "the other end is gone";
        ErrorLine.Write($"{endpoint.Address}: of {report.Sent} messages, {Describe(report)}: {why}");
        return report.DeadlinePassed ? ExitCode.Timeout : ExitCode.PeerGone;
    }

    /// <summary>Same, while a listener runs; its output until the end is still printed.</summary>
    public static async Task<int> CloseAsync(
        MessagingEndpoint endpoint, Task<int> listening, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var code = await CloseAsync(endpoint, timeout, cancellationToken);
        try
        {
            await listening;
        }
        catch (Exception exception) when (exception is ObjectDisposedException or FairleadException { Code: ErrorCode.PeerGone })
        {
            // Closing ended it: the report has shown any loss.
        }

        return code;
    }

    private static string Describe(CloseReport report) => (report.NotDelivered, report.InDoubt) switch
    {
        (0, var doubt) => $"{doubt} are in doubt",
        (var lost, 0) => $"{lost} were not delivered",
        var (lost, doubt) => $"{lost} were not delivered and {doubt} are in doubt",
    };
}
