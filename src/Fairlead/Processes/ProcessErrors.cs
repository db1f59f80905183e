using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Processes;

namespace Fairlead.Processes;

/// <summary>The errors of operations on existing processes.</summary>
internal static class ProcessErrors
{
    public static FairleadException NotFound(int processId) =>
        new(ErrorCode.NotFound, string.Create(CultureInfo.InvariantCulture, $"process {processId} does not exist"));

    /// <summary>Creates the error for a process number that now belongs to another process.</summary>
    public static FairleadException Reused(ProcessIdentity identity) =>
        new(
            ErrorCode.NotFound,
            $"the process {identity} has ended, and its number now belongs to {Describe(identity.ProcessId)}",
            "Nothing was sent")
        {
            Peer = PeerOf(identity.ProcessId),
        };

    /// <summary>Creates the error for a signal that could not be sent.</summary>
    public static FairleadException CannotSend(string target, int processId, Signal signal, Errno error) =>
        error switch
        {
            Errno.ESRCH => new(ErrorCode.NotFound, $"{target} does not exist"),
            Errno.EPERM => new(
                ErrorCode.PermissionDenied, $"{signal} cannot be sent to {target} of another user", "Send it as that user, or as root")
            {
                Errno = (int)error,
                Peer = PeerOf(processId),
            },
            Errno.EAGAIN => new(ErrorCode.Full, $"{signal} cannot be queued for {target}: too many are pending", "See ulimit -i")
            {
                Errno = (int)error,
                Peer = PeerOf(processId),
            },
            _ => ErrnoMap.Failure($"{target} cannot be sent {signal}", error),
        };

    /// <summary>Describes a process for people: <c>pid 4242 (make)</c>.</summary>
    public static string Describe(int processId) => PeerOf(processId).ToString();

    private static Peer PeerOf(int processId) => new() { ProcessId = processId, Program = NativeProcess.CommandLine(processId) };
}
