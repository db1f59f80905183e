using System.Runtime.InteropServices;

namespace Fairlead.Conformance;

/// <summary>
/// Waits until a child of this process has stopped. The kernel reports this when its last thread has stopped; they all run on until one of
/// them gets a processor.
/// </summary>
public static partial class StoppedChild
{
    private const int ByProcessId = 1;
    private const int HasStopped = 2;
    private const int HasEnded = 4;
    private const int StaysToBeTold = 0x0100_0000;
    private const int Interrupted = 4;

    /// <summary>Completes when the child has stopped, or ended.</summary>
    public static Task WaitAsync(int processId) =>
        Task.Factory.StartNew(() => Wait(processId), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static unsafe void Wait(int processId)
    {
        // siginfo_t: 128 bytes on every architecture. The runtime waits for its children too, so this call consumes no status. Any other
        // error means that the status was consumed: the child has ended.
        byte* information = stackalloc byte[128];
        while (WaitFor(ByProcessId, processId, information, HasStopped | HasEnded | StaysToBeTold) != 0
            && Marshal.GetLastPInvokeError() == Interrupted) { }
    }

    [LibraryImport("libc", EntryPoint = "waitid", SetLastError = true)]
    private static unsafe partial int WaitFor(int kind, int id, byte* information, int options);
}
