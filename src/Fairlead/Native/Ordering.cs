namespace Fairlead.Native;

/// <summary>
/// Barriers between ordinary accesses to shared memory, where an acquire or a release of one word does not say enough. Each names its
/// counterpart where it stands.
/// </summary>
internal static class Ordering
{
    /// <summary>No load behind it goes ahead of a load before it.</summary>
    public static void Loads()
    {
#if NET10_0_OR_GREATER
        Volatile.ReadBarrier();
#else
        Interlocked.MemoryBarrier();
#endif
    }

    /// <summary>No store behind it goes ahead of a store before it.</summary>
    public static void Stores()
    {
#if NET10_0_OR_GREATER
        Volatile.WriteBarrier();
#else
        Interlocked.MemoryBarrier();
#endif
    }
}
