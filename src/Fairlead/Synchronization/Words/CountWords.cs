using Fairlead.Native.Waiting;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// The steps of a count in shared memory: permits that belong to no process. None of the steps waits. A caller that takes or adds permits
/// while no waiter sleeps changes the word by one compare-and-swap.
/// <para>
/// A caller that finds a sleeper could die between adding permits and waking it. So the caller enters the guard, evicts the sleeper from
/// the word, adds the permits, and leaves the guard. Until it leaves, the evicted waiter sleeps on the guard instead, which wakes the
/// waiter when its owner leaves or dies. Verified in models/count.pml.
/// </para>
/// <code>
///   bit 0       the first waiter sleeps on the word, or has slept: who adds takes the guard first, and newcomers join the queue
///   bits 1–31   the count
/// </code>
/// </summary>
/// <param name="start">Its address in a <see cref="Fairlead.Native.Memory.RobustMemory"/>.</param>
internal readonly unsafe struct CountWords(byte* start)
{
    private const uint SleeperBit = 1;
    private const int CountShift = 1;
    private const uint One = 1u << CountShift;

    public LockHeader Header => new(start, CountLayout.Magic);

    public WaitQueue WaitQueue => new(start + CountLayout.WaitQueueAt);

    /// <summary>Held while permits are added to a count with a sleeper.</summary>
    public MutexWords Guard => new(start + CountLayout.GuardAt);

    public uint* Word => (uint*)(start + CountLayout.WordAt);

    /// <summary>The permits that are there.</summary>
    public int Count => CountIn(Now);

    /// <summary>Whether a newcomer must not take a permit because there are waiters.</summary>
    public bool IsClosed => (Now & SleeperBit) != 0 || WaitQueue.IsLastWaiting;

    private uint Now => Volatile.Read(ref *Word);

    /// <summary>Stores the first count of a new count that no other process knows yet.</summary>
    public void Begin(int count) => Volatile.Write(ref *Word, (uint)count << CountShift);

    /// <summary>Adds permits, unless that takes the guard. Release.</summary>
    /// <param name="number">How many; 1 or more.</param>
    /// <param name="most">The maximum of the count.</param>
    /// <param name="isGuarded">Whether the caller has entered the guard and evicted the sleeper.</param>
    /// <param name="before">If added or refused: the count before.</param>
    public CountStep Add(int number, int most, bool isGuarded, out int before)
    {
        uint found = Now;
        while (true)
        {
            before = CountIn(found);
            if (number > most - before)
            {
                return CountStep.Refused;
            }

            if ((found & SleeperBit) != 0 && !isGuarded)
            {
                return CountStep.NeedsGuard;
            }

            // A waiter that has announced itself since the eviction finds the guard taken, and sleeps on the guard.
            uint seen = Interlocked.CompareExchange(ref *Word, found + ((uint)number << CountShift), found);
            if (seen == found)
            {
                return CountStep.Done;
            }

            found = seen;
        }
    }

    /// <summary>
    /// Wakes the waiter that sleeps on the word, and keeps it from sleeping there while the caller is inside the guard: one step of the
    /// kernel.
    /// </summary>
    public void Evict()
    {
        // Waiters of a guard whose owner died share one wake-up by the kernel; the one that got it is the caller.
        Futex.Wake(ref *(int*)Guard.WordPlace, int.MaxValue);
        Futex.ClearAndWakeAll(ref *(int*)Word, (int)SleeperBit);
    }

    /// <summary>Takes a permit. Acquire.</summary>
    /// <param name="isLast">Whether no waiter is behind it: newcomers may take permits again then.</param>
    public bool TryTake(bool isLast)
    {
        uint found = Now;
        while (CountIn(found) > 0)
        {
            uint wanted = (found - One) & ~(isLast ? SleeperBit : 0);
            uint before = Interlocked.CompareExchange(ref *Word, wanted, found);
            if (before == found)
            {
                return true;
            }

            found = before;
        }

        return false;
    }

    /// <summary>Announces a sleeper. The caller then checks whether the guard is taken.</summary>
    /// <param name="value">The value of the word to sleep on.</param>
    /// <returns>False if there is a permit.</returns>
    public bool PrepareSleep(out uint value)
    {
        value = Now;
        while (CountIn(value) == 0)
        {
            if ((value & SleeperBit) != 0)
            {
                return true;
            }

            uint before = Interlocked.CompareExchange(ref *Word, value | SleeperBit, value);
            value = before == value ? value | SleeperBit : before;
        }

        return false;
    }

    private static int CountIn(uint value) => (int)(value >> CountShift);
}

/// <summary>What came of adding permits.</summary>
internal enum CountStep
{
    Done,
    Refused,
    NeedsGuard,
}
