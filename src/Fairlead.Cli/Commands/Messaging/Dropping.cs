using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>Reports the dropped messages of a sending command.</summary>
internal static class Dropping
{
    /// <summary>Reports their number on stderr; it is a failure only if the user did not ask for dropping.</summary>
    /// <returns>The exit code: that of the command if it failed anyway.</returns>
    public static int Say(MessagingEndpoint endpoint, int code, bool wasAskedFor)
    {
        var dropped = endpoint.Statistics.Dropped;
        if (dropped == 0)
        {
            return code;
        }

        ErrorLine.Write($"{endpoint.Address}: {dropped} messages were dropped because the other end was too slow");
        return code == ExitCode.Ok && !wasAskedFor ? ExitCode.Full : code;
    }
}
