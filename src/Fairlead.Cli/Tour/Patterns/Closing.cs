namespace Fairlead.Cli.Tour.Patterns;

/// <summary>How the sending ends of a tour close: every message must have been acknowledged.</summary>
internal static class Closing
{
    // The tour ends a row that makes no progress.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static async Task CompleteAsync(MessagingEndpoint endpoint)
    {
        var report = await endpoint.CloseAsync(Patience);
        if (!report.IsComplete)
        {
            throw new ToolException(
                ExitCode.Failure,
                $"closing left {report.NotDelivered} messages undelivered and {report.InDoubt} in doubt, of {report.Sent}");
        }
    }
}
