using System.Diagnostics;

namespace Fairlead;

/// <summary>Checks the order of locks in Debug builds only.</summary>
/// <remarks>
/// Each thread must take locks in the order of <see cref="LockRank"/>, and must neither sleep nor run user code inside one. The check comes
/// before the wait: of two threads that would deadlock, one fails instead. A thread may enter a lock that it already holds. The check costs
/// no memory per lock.
/// </remarks>
internal static class LockOrder
{
    private const int Deepest = 64;

    // The locks that this thread holds, the outermost first.
    [ThreadStatic]
    private static (Lock? Lock, LockRank Rank)[]? _held;

    [ThreadStatic]
    private static int _depth;

    /// <summary>Called before a lock is taken; <see cref="Left"/> follows.</summary>
    [Conditional("DEBUG")]
    public static void Entering(Lock taken, LockRank rank)
    {
        (Lock? Lock, LockRank Rank)[] held = _held ??= new (Lock?, LockRank)[Deepest];
        LockRank last = LockRank.None;
        bool isHeld = false;
        for (int i = 0; i < _depth; i++)
        {
            isHeld |= held[i].Lock == taken;
            last = held[i].Rank > last ? held[i].Rank : last;
        }

        Debug.Assert(isHeld || rank > last, $"{rank} is taken inside {last}, but must come before it: see docs/design/locking.md.");
        held[_depth++] = (taken, rank);
    }

    /// <summary>Called after a lock was left.</summary>
    [Conditional("DEBUG")]
    public static void Left(Lock left)
    {
        (Lock? Lock, LockRank Rank)[] held = _held!;
        int at = _depth - 1;
        while (held[at].Lock != left)
        {
            at--;
        }

        _depth--;
        held.AsSpan(at + 1, _depth - at).CopyTo(held.AsSpan(at));
        held[_depth] = default;
    }

    /// <summary>Called before a thread sleeps for this long. Zero is not a sleep.</summary>
    [Conditional("DEBUG")]
    public static void AssertMaySleep(TimeSpan timeout)
    {
        if (timeout != TimeSpan.Zero)
        {
            AssertNoneHeld();
        }
    }

    /// <summary>Called before user code runs.</summary>
    [Conditional("DEBUG")]
    public static void AssertNoneHeld() =>
        Debug.Assert(
            _depth == 0, $"This must not happen inside {(_depth > 0 ? _held![0].Rank : LockRank.None)}: see docs/design/locking.md.");
}
