namespace Fairlead.Native.Processes;

/// <summary>
/// A process that the kernel has reported as ending: the thread that owned its words is gone, while other threads may still run.
/// </summary>
internal static class EndedProcess
{
    /// <summary>
    /// Returns when no thread of an ending process runs in its program any more; takes some milliseconds. The kernel notifies all threads
    /// before the first of them ends, and none gets past its next entry into the kernel. So it is enough that each processor enters the
    /// kernel once, which <c>membarrier</c> waits for (an RCU grace period). It needs to know nothing about the process.
    /// </summary>
    public static void Outlast()
    {
        // Refused if processors run without a clock tick (nohz_full). Then interrupt the processors that run registered programs, as those
        // with Fairlead's rings are.
        if (Libc.Barrier(Libc.MEMBARRIER_CMD_GLOBAL) != 0)
        {
            _ = Libc.Barrier(Libc.MEMBARRIER_CMD_GLOBAL_EXPEDITED);
        }
    }
}
