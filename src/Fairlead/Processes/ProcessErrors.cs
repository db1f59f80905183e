using System.Globalization;
using Fairlead.Native;

namespace Fairlead.Processes;

/// <summary>What goes wrong with processes that exist already, said once.</summary>
internal static class ProcessErrors
{
    public static FairleadException NotFound(int processId) =>
        new(ErrorCode.NotFound, string.Create(CultureInfo.InvariantCulture, $"there is no process {processId}"));

    /// <summary>The number is another's by now.</summary>
    public static FairleadException Reused(ProcessIdentity identity) =>
        new(
            ErrorCode.NotFound,
            $"the process {identity} has ended, and its number is another's by now: {Describe(identity.ProcessId)}",
            "Nothing was sent")
        {
            Peer = PeerOf(identity.ProcessId),
        };

    /// <summary>Why a signal was not sent.</summary>
    public static FairleadException CannotSend(string target, int processId, Signal signal, Errno error) =>
        error switch
        {
            Errno.ESRCH => new(ErrorCode.NotFound, $"there is no {target}"),
            Errno.EPERM => new(
                ErrorCode.PermissionDenied, $"{target} is another user's, and cannot be sent {signal}", "Send it as that user, or as root")
            {
                Errno = (int)error,
                Peer = PeerOf(processId),
            },
            Errno.EAGAIN => new(ErrorCode.Full, $"{target} cannot be queued {signal}: as many are pending as may be", "See ulimit -i")
            {
                Errno = (int)error,
                Peer = PeerOf(processId),
            },
            _ => ErrnoMap.Failure($"{target} cannot be sent {signal}", error),
        };

    /// <summary>For people: <c>pid 4242 (make)</c>.</summary>
    public static string Describe(int processId) => PeerOf(processId).ToString();

    private static Peer PeerOf(int processId) => new() { ProcessId = processId, Program = NativeProcess.CommandLine(processId) };
}
