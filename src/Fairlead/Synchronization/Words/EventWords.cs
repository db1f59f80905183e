using Fairlead.Native.Waiting;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// The steps of an event in shared memory. None of them waits. All waiters sleep on its one word, or only the first of them if the event is
/// automatic. The change of the word and the wake-up are one step of the kernel, and no process can die between the two. Verified in
/// models/event.pml.
/// <code>
///   bit 0       set
///   bit 1       a waiter sleeps on the word, or has slept: setting the event wakes it
///   bits 2–31   the epoch: each reset and each pulse begins a new one, which releases the waiters of earlier epochs
/// </code>
/// </summary>
/// <param name="start">Its address.</param>
internal readonly unsafe struct EventWords(byte* start)
{
    private const uint SetBit = 1;
    private const uint SleeperBit = 2;
    private const uint OneEpoch = 4;

    public LockHeader Header => new(start, EventLayout.Magic);

    public WaitQueue WaitQueue => new(start + EventLayout.WaitQueueAt);

    public uint* Word => (uint*)(start + EventLayout.WordAt);

    public bool IsSet => (Now & SetBit) != 0;

    /// <summary>The current epoch. A waiter remembers it when it begins.</summary>
    public uint Epoch => Now & ~(SetBit | SleeperBit);

    /// <summary>Whether a newcomer must not take an automatic event because there are waiters.</summary>
    public bool IsClosed => (Now & SleeperBit) != 0 || WaitQueue.IsLastWaiting;

    private uint Now => Volatile.Read(ref *Word);

    /// <summary>Sets the event, and wakes the sleepers.</summary>
    public void Set()
    {
        uint found = Now;
        while ((found & SetBit) == 0)
        {
            if ((found & SleeperBit) != 0)
            {
                Futex.OrAndWakeAll(ref *(int*)Word, (int)SetBit);
                return;
            }

            found = Exchange(found, found | SetBit);
        }
    }

    /// <summary>Resets the event. Waiters of an event that was set are released all the same.</summary>
    public void Reset()
    {
        // Setting the event woke the sleepers. A thread that sleeps again when it sees this announces itself again.
        uint found = Now;
        while ((found & SetBit) != 0)
        {
            found = Exchange(found, (found & ~(SetBit | SleeperBit)) + OneEpoch);
        }
    }

    /// <summary>Releases the present waiters, and leaves the event not set.</summary>
    public void Pulse()
    {
        uint found = Now;
        while (true)
        {
            if ((found & (SetBit | SleeperBit)) == SleeperBit)
            {
                // If the event is set between the two steps, that was after this.
                Futex.AddAndWakeAll(ref *(int*)Word, (int)OneEpoch);
                return;
            }

            uint before = Interlocked.CompareExchange(ref *Word, (found & ~(SetBit | SleeperBit)) + OneEpoch, found);
            if (before == found)
            {
                return;
            }

            found = before;
        }
    }

    /// <summary>Whether a waiter that began in an epoch is released.</summary>
    public bool IsReleased(uint epoch) => IsSet || Epoch != epoch;

    /// <summary>Takes an automatic event, which resets it. Acquire.</summary>
    /// <param name="isLast">Whether no waiter is behind it: newcomers may take the event again then.</param>
    public bool TryTake(bool isLast)
    {
        uint found = Now;
        while ((found & SetBit) != 0)
        {
            uint before = Interlocked.CompareExchange(ref *Word, found & ~(isLast ? SetBit | SleeperBit : SetBit), found);
            if (before == found)
            {
                return true;
            }

            found = before;
        }

        return false;
    }

    /// <summary>Announces a sleeper, until the event is set.</summary>
    /// <param name="value">The value of the word to sleep on. A caller that remembered an epoch checks that it is still the same.</param>
    /// <returns>False if the event is set.</returns>
    public bool PrepareSleep(out uint value)
    {
        value = Now;
        while ((value & SetBit) == 0)
        {
            if ((value & SleeperBit) != 0)
            {
                return true;
            }

            value = Exchange(value, value | SleeperBit);
        }

        return false;
    }

    /// <summary>The epoch in a value of the word.</summary>
    public static uint EpochIn(uint value) => value & ~(SetBit | SleeperBit);

    // Returns what the word holds then: the wanted value, or what another process has made of it.
    private uint Exchange(uint found, uint wanted) =>
        Interlocked.CompareExchange(ref *Word, wanted, found) is var before && before == found ? wanted : before;
}
