using Fairlead.Native.Waiting;

namespace Fairlead.Native.Memory;

/// <summary>
/// A full fence in the threads of other processes, on demand. A frequent publisher elides its fence, and a thread about to sleep, which is
/// rare, compensates for it. The processes of the publishers must be registered for that, which takes the kernel some 20 ms if they have
/// threads. Registration runs in the background, and until it is done no fence is elided.
/// </summary>
internal static class RemoteFence
{
    // Queried and tried once. The kernel promises the same answer until the machine restarts.
    private static readonly bool CanSend = Query() && Libc.Barrier(Libc.MEMBARRIER_CMD_GLOBAL_EXPEDITED) == 0;

    private static int _hasBegun;
    private static volatile bool _isReached;

    /// <summary>Whether <see cref="Send"/> works here.</summary>
    public static bool IsAvailable => CanSend;

    /// <summary>
    /// Whether the fences of other processes reach this one. Becomes true some time after <see cref="Register"/>, and stays true.
    /// </summary>
    public static bool IsReached => _isReached;

    /// <summary>Registers this process; takes effect when the kernel has finished. Harmless the second time.</summary>
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
                // Until then this process uses its own fences, which cost more and do as well. The next registration tries again.
                Volatile.Write(ref _hasBegun, 0);
            }
        }
    }

    /// <summary>A full fence in this thread, and in all running threads of registered processes.</summary>
    public static void Send()
    {
        Interlocked.MemoryBarrier();
        _ = Libc.Barrier(Libc.MEMBARRIER_CMD_GLOBAL_EXPEDITED);
    }

    private static bool Query() =>
        Libc.Barrier(Libc.MEMBARRIER_CMD_QUERY) is > 0 and var commands && (commands & Libc.MEMBARRIER_CMD_GLOBAL_EXPEDITED) != 0;
}
