namespace Fairlead.Native;

/// <summary>
/// Barriers between ordinary accesses to shared memory, for cases that an acquire or release of one word does not cover. Each use names its
/// counterpart.
/// </summary>
internal static class Ordering
{
    /// <summary>Orders all later loads after all earlier loads.</summary>
    public static void Loads()
    {
#if NET10_0_OR_GREATER
        Volatile.ReadBarrier();
#else
        Interlocked.MemoryBarrier();
#endif
    }

    /// <summary>Orders all later stores after all earlier stores.</summary>
    public static void Stores()
    {
#if NET10_0_OR_GREATER
        Volatile.WriteBarrier();
#else
        Interlocked.MemoryBarrier();
#endif
    }
}
