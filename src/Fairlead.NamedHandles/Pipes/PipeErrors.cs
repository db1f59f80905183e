using Fairlead.Native;

namespace Fairlead.NamedHandles.Pipes;

/// <summary>The exceptions of pipes, of the types and with the numbers that the platform documents for Windows.</summary>
internal static class PipeErrors
{
    private const int Busy = unchecked((int)0x800700E7);
    private const int BrokenPipe = unchecked((int)0x8007006D);

    /// <summary>The other end has closed the pipe, or its process has ended.</summary>
    public static IOException Broken(Errno error = Errno.None) =>
        new(
            error == Errno.None
                ? "The pipe is broken: the other end has closed it, or its process has ended."
                : $"The pipe is broken: the other end has closed it, or its process has ended ({ErrnoMap.Describe(error)}).",
            BrokenPipe);

    /// <summary>A message ended before its last part.</summary>
    public static IOException Cut(bool wasCancelled) =>
        new(
            wasCancelled
                ? "The message ends here, incomplete: its writer cancelled it. The next read returns the next message."
                : "The message ends here, incomplete: its writer closed the pipe, or was killed, while it wrote the message.",
            BrokenPipe);

    /// <summary>The other end does not send what a pipe of Fairlead sends.</summary>
    public static IOException Corrupt() =>
        new("The pipe is closed, because the other end sent data that is no message of a Fairlead pipe.", BrokenPipe);

    /// <summary>All instances that the name may have exist.</summary>
    public static IOException AllBusy(PipeName name, int most) =>
        new(
            $"All pipe instances are busy: {name} has its {most} instances already. "
                + "Close one, or raise the number of the first one.",
            Busy);

    /// <summary>The stream is not connected.</summary>
    public static InvalidOperationException NotConnected() => new("The pipe has not been connected yet.");

    /// <summary>The server has disconnected the client.</summary>
    public static InvalidOperationException Disconnected() => new("The pipe is in a disconnected state: call WaitForConnection first.");

    /// <summary>The stream is disposed.</summary>
    public static ObjectDisposedException Closed() => new(null, "Cannot access a closed pipe.");

    /// <summary>No instance of a server was free in time.</summary>
    public static TimeoutException TimedOut(PipeName name, string why) => new($"{name} was not reached within the time-out: {why}.");
}
