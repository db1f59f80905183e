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
        Volatile.ReadBarrier();
    }

    /// <summary>Orders all later stores after all earlier stores.</summary>
    public static void Stores()
    {
        Volatile.WriteBarrier();
    }
}
