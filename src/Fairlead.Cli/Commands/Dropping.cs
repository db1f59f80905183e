using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>What a sending command says of messages that were dropped.</summary>
internal static class Dropping
{
    /// <summary>Says on stderr how many were; that is a failure only where nobody asked for it.</summary>
    /// <returns>The exit code: the one of the command where it failed anyway.</returns>
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
