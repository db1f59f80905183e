namespace Fairlead.Native;

/// <summary>
/// A process of which the kernel has told that it ends: the thread that owned its words has gone, while others of it may still run on.
/// </summary>
internal static class EndedProcess
{
    /// <summary>
    /// Returns when no thread of a process that had been told to end runs in its program any more; takes some milliseconds. They have all
    /// been told before the first of them ends, and none gets past its next entry into the kernel: so it is enough that each processor has
    /// entered it once, which is what <c>membarrier</c> waits for (a grace period of RCU). Nothing need be known of the process.
    /// </summary>
    public static void Outlast()
    {
        // Refused where processors run without a clock (nohz_full): there the processors that run programs which are registered are
        // interrupted, as those of Fairlead's rings are.
        if (Libc.Barrier(Libc.MEMBARRIER_CMD_GLOBAL) != 0)
        {
            _ = Libc.Barrier(Libc.MEMBARRIER_CMD_GLOBAL_EXPEDITED);
        }
    }
}
