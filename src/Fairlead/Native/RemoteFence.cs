namespace Fairlead.Native;

/// <summary>
/// A full fence in the threads of other processes, on demand: who publishes often leaves its fence out, and who is about to sleep, which is
/// seldom, makes up for it. For that the processes of those who publish are registered, which takes the kernel some 20 ms where there are
/// threads: it is done beside, and until then nobody leaves anything out.
/// </summary>
internal static class RemoteFence
{
    // Asked and tried once. The kernel promises the same answer until the machine restarts.
    private static readonly bool CanSend = Query() && Libc.Barrier(Libc.MEMBARRIER_CMD_GLOBAL_EXPEDITED) == 0;

    private static int _hasBegun;
    private static volatile bool _isReached;

    /// <summary>Whether <see cref="Send"/> works here.</summary>
    public static bool IsAvailable => CanSend;

    /// <summary>
    /// Whether those of other processes reach this one. Becomes true some time after <see cref="Register"/>, and stays so.
    /// </summary>
    public static bool IsReached => _isReached;

    /// <summary>Lets this process be reached, as soon as the kernel is through with it. Harmless the second time.</summary>
    public static void Register()
    {
        if (IsAvailable && Interlocked.Exchange(ref _hasBegun, 1) == 0)
        {
            try
            {
                BackgroundThread.Start(
                    "fairlead fence",
                    static () => _isReached = Libc.Barrier(Libc.MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) == 0);
            }
            catch (FairleadException)
            {
                // Until this process is reached it uses its own fences, which cost more and do as well. The next registration tries again.
                Volatile.Write(ref _hasBegun, 0);
            }
        }
    }

    /// <summary>A full fence in this thread, and in all that run in processes that are registered.</summary>
    public static void Send()
    {
        Interlocked.MemoryBarrier();
        _ = Libc.Barrier(Libc.MEMBARRIER_CMD_GLOBAL_EXPEDITED);
    }

    private static bool Query() =>
        Libc.Barrier(Libc.MEMBARRIER_CMD_QUERY) is > 0 and var commands && (commands & Libc.MEMBARRIER_CMD_GLOBAL_EXPEDITED) != 0;
}
