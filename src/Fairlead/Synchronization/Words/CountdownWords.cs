using Fairlead.Native;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// The steps of a countdown in shared memory. Nothing here waits. All who wait sleep on its one word. Who counts down, but not to zero,
/// exchanges it. To zero it comes in one step of the kernel with the wake-up, which does not ask what the word was: so whoever is about to
/// do that says so in the word first, and holds a guard meanwhile, which passes to the next one if he dies. Proved in models/countdown.pml.
/// <code>
///   bit 0       it has been changed: the count is in the word; else it is that of the beginning
///   bits 1–24   the count
///   bits 25–29  the lower bits of the rounds, so that a word does not come back while somebody is about to sleep on it
///   bit 30      the owner of the guard is about to end it: who finds this takes the guard first
///   bit 31      somebody sleeps
/// </code>
/// </summary>
/// <param name="start">Where it lies in a <see cref="RobustMemory"/>.</param>
/// <param name="initial">The count of the beginning.</param>
internal readonly unsafe struct CountdownWords(byte* start, int initial)
{
    /// <summary>What the word is at zero, with nobody asleep.</summary>
    private const uint Zero = 1;

    private const uint ChangedBit = 1;
    private const uint EndingBit = 1u << 30;
    private const uint SleeperBit = 1u << 31;
    private const uint RoundsBits = 31u << 25;

    public Form Form => new(start, CountdownLayout.Magic);

    public Line Line => new(start + CountdownLayout.LineAt);

    /// <summary>Held by who ends it, or begins it anew.</summary>
    public MutexWords Guard => new(start + CountdownLayout.GuardAt);

    public uint* Word => (uint*)(start + CountdownLayout.WordAt);

    /// <summary>How much is left.</summary>
    public int Count => CountIn(Volatile.Read(ref *Word));

    /// <summary>How often it has begun anew after it had come to zero: to be remembered by who begins to wait.</summary>
    public uint Rounds => Volatile.Read(ref *RoundsPlace);

    private uint* RoundsPlace => (uint*)(start + CountdownLayout.RoundsAt);

    /// <summary>Counts up or down.</summary>
    /// <param name="change">Less than zero: down.</param>
    /// <param name="isGuarded">Whether the caller holds the guard.</param>
    /// <param name="left">How much was left, if it is refused.</param>
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

                // Whoever was about to has died before he has.
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
                    // Nobody else changes it now, but for those who go to sleep: and they wake.
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

    /// <summary>Begins anew. By the owner of the guard.</summary>
    public void Reset(int count)
    {
        while (true)
        {
            uint found = Volatile.Read(ref *Word);
            if (CountIn(found) == 0)
            {
                // In this order: who has waited finds that he is released, by the one or by the other. Nobody else changes it at zero.
                _ = Interlocked.Increment(ref *RoundsPlace);
            }

            uint wanted = (found & SleeperBit) | ((Rounds << 25) & RoundsBits) | ((uint)count << 1) | ChangedBit;
            if (Interlocked.CompareExchange(ref *Word, wanted, found) == found)
            {
                return;
            }
        }
    }

    /// <summary>Whether who has waited since a round is released.</summary>
    public bool IsReleased(uint rounds) => Count == 0 || Rounds != rounds;

    /// <summary>Announces that somebody will sleep until it has come to zero.</summary>
    /// <param name="rounds">When he began to wait.</param>
    /// <param name="value">What its word is then: to sleep on.</param>
    /// <returns>False: he is released.</returns>
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

/// <summary>What has come of a change.</summary>
internal enum CountdownStep
{
    Done,

    /// <summary>It would come below zero, or above what there can be, or has come to zero: nothing is changed.</summary>
    Refused,

    /// <summary>Nothing is changed: again, under the guard.</summary>
    NeedsGuard,
}
