using Fairlead.Native.Memory;
using Fairlead.Native.Waiting;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// The steps of a countdown in shared memory. None of them waits. All waiters sleep on its one word. A change that does not reach zero is a
/// compare-and-swap. The change to zero and the wake-up are one step of the kernel, which does not compare the word first. The caller
/// therefore announces it in the word, and holds a guard meanwhile, which passes to the next caller if this one dies. Verified in
/// models/countdown.pml.
/// <code>
///   bit 0       changed: the word holds the count; otherwise the count is the initial one
///   bits 1–24   the count
///   bits 25–29  the lower bits of the rounds: a word does not recur while a caller is about to sleep on it
///   bit 30      the owner of the guard is about to end it: a caller that finds this takes the guard first
///   bit 31      has sleepers
/// </code>
/// </summary>
/// <param name="start">Its address in a <see cref="RobustMemory"/>.</param>
/// <param name="initial">The initial count.</param>
internal readonly unsafe struct CountdownWords(byte* start, int initial)
{
    /// <summary>The word at zero, without sleepers.</summary>
    private const uint Zero = 1;

    private const uint ChangedBit = 1;
    private const uint EndingBit = 1u << 30;
    private const uint SleeperBit = 1u << 31;
    private const uint RoundsBits = 31u << 25;

    public LockHeader Header => new(start, CountdownLayout.Magic);

    public WaitQueue WaitQueue => new(start + CountdownLayout.WaitQueueAt);

    /// <summary>Held while ending or resetting the countdown.</summary>
    public MutexWords Guard => new(start + CountdownLayout.GuardAt);

    public uint* Word => (uint*)(start + CountdownLayout.WordAt);

    /// <summary>The count that is left.</summary>
    public int Count => CountIn(Volatile.Read(ref *Word));

    /// <summary>How often it was reset after it had reached zero. A waiter remembers this when it begins.</summary>
    public uint Rounds => Volatile.Read(ref *RoundsPlace);

    private uint* RoundsPlace => (uint*)(start + CountdownLayout.RoundsAt);

    /// <summary>Counts up or down.</summary>
    /// <param name="change">The change; negative to count down.</param>
    /// <param name="isGuarded">Whether the caller holds the guard.</param>
    /// <param name="left">If refused: the count that is left.</param>
    public CountdownStep Change(int change, bool isGuarded, out int left)
    {
        while (true)
        {
            uint found = Volatile.Read(ref *Word);
            if ((found & EndingBit) != 0)
            {
                if (!isGuarded)
                {
                    left = 0;
                    return CountdownStep.NeedsGuard;
                }

                // The process that was about to end it died before it did.
                _ = Interlocked.CompareExchange(ref *Word, found & ~EndingBit, found);
                continue;
            }

            left = CountIn(found);
            if (left == 0 || left + change is < 0 or > CountdownLayout.MostCount)
            {
                return CountdownStep.Refused;
            }

            if (left + change == 0 && (found & SleeperBit) != 0)
            {
                if (!isGuarded)
                {
                    return CountdownStep.NeedsGuard;
                }

                if (Interlocked.CompareExchange(ref *Word, found | EndingBit, found) == found)
                {
                    // No other process changes the word now, except those about to sleep, and they wake.
                    Futex.SetAndWakeAll(ref *(int*)Word, (int)Zero);
                    return CountdownStep.Done;
                }

                continue;
            }

            uint wanted = left + change == 0 ? Zero : (found & (SleeperBit | RoundsBits)) | ((uint)(left + change) << 1) | ChangedBit;
            if (Interlocked.CompareExchange(ref *Word, wanted, found) == found)
            {
                return CountdownStep.Done;
            }
        }
    }

    /// <summary>Sets the count anew. The caller owns the guard.</summary>
    public void Reset(int count)
    {
        while (true)
        {
            uint found = Volatile.Read(ref *Word);
            if (CountIn(found) == 0)
            {
                // In this order: a waiter sees its release in the count or in the rounds. No other process changes it at zero.
                _ = Interlocked.Increment(ref *RoundsPlace);
            }

            uint wanted = (found & SleeperBit) | ((Rounds << 25) & RoundsBits) | ((uint)count << 1) | ChangedBit;
            if (Interlocked.CompareExchange(ref *Word, wanted, found) == found)
            {
                return;
            }
        }
    }

    /// <summary>Whether a waiter that began in a round is released.</summary>
    public bool IsReleased(uint rounds) => Count == 0 || Rounds != rounds;

    /// <summary>Announces a sleeper, until the count reaches zero.</summary>
    /// <param name="rounds">The round in which the wait began.</param>
    /// <param name="value">The value of the word to sleep on.</param>
    /// <returns>False if the waiter is released.</returns>
    public bool PrepareSleep(uint rounds, out uint value)
    {
        while (true)
        {
            uint found = Volatile.Read(ref *Word);
            value = found | SleeperBit;
            if (CountIn(found) == 0 || Rounds != rounds)
            {
                return false;
            }

            if (found == value || Interlocked.CompareExchange(ref *Word, value, found) == found)
            {
                return true;
            }
        }
    }

    private int CountIn(uint word) => (word & ChangedBit) == 0 ? initial : (int)(word >> 1) & CountdownLayout.MostCount;
}

/// <summary>The outcome of a change.</summary>
internal enum CountdownStep
{
    Done,

    /// <summary>The count would fall below zero or exceed the maximum, or is zero already. Nothing is changed.</summary>
    Refused,

    /// <summary>Nothing is changed: repeat it under the guard.</summary>
    NeedsGuard,
}
