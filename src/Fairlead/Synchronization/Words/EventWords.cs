using Fairlead.Native;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// The steps of an event in shared memory. Nothing here waits. It has one word, on which all who wait sleep, or the first of them where one
/// is released at a time: so that it changes and they wake in one step of the kernel, and nobody has to die between the two. Proved in
/// models/event.pml.
/// <code>
///   bit 0       set
///   bit 1       somebody sleeps on it, or has: who sets it wakes him
///   bits 2–31   the epoch: another one from each reset, and each pulse; who has waited since the one before is released by that
/// </code>
/// </summary>
/// <param name="start">Where it lies.</param>
internal readonly unsafe struct EventWords(byte* start)
{
    private const uint SetBit = 1;
    private const uint SleeperBit = 2;
    private const uint OneEpoch = 4;

    public Form Form => new(start, EventLayout.Magic);

    public Line Line => new(start + EventLayout.LineAt);

    public uint* Word => (uint*)(start + EventLayout.WordAt);

    public bool IsSet => (Now & SetBit) != 0;

    /// <summary>To be remembered by who begins to wait.</summary>
    public uint Epoch => Now & ~(SetBit | SleeperBit);

    /// <summary>Whether a newcomer must not take an automatic one: others wait for it.</summary>
    public bool IsClosed => (Now & SleeperBit) != 0 || Line.IsLastWaiting;

    private uint Now => Volatile.Read(ref *Word);

    /// <summary>Sets it, and wakes who sleeps.</summary>
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

    /// <summary>It is not set any more. Who has waited when it was is released all the same.</summary>
    public void Reset()
    {
        // Who has slept has been woken by then: who still sleeps when this is seen says so again.
        uint found = Now;
        while ((found & SetBit) != 0)
        {
            found = Exchange(found, (found & ~(SetBit | SleeperBit)) + OneEpoch);
        }
    }

    /// <summary>Releases those who wait now, and leaves it not set.</summary>
    public void Pulse()
    {
        uint found = Now;
        while (true)
        {
            if ((found & (SetBit | SleeperBit)) == SleeperBit)
            {
                // Where it is set between the two steps, that was after this.
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

    /// <summary>Whether who has waited since an epoch is released.</summary>
    public bool IsReleased(uint epoch) => IsSet || Epoch != epoch;

    /// <summary>Takes it, so that it is not set any more: acquire.</summary>
    /// <param name="isLast">Whether nobody waits behind: then newcomers may take it again.</param>
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

    /// <summary>Announces that somebody will sleep until it is set.</summary>
    /// <param name="value">What its word is then: to sleep on. Whoever has remembered an epoch looks whether it is still that.</param>
    /// <returns>False: it is set.</returns>
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

    // What stands there then: what was wanted, or what others have made of it.
    private uint Exchange(uint found, uint wanted) =>
        Interlocked.CompareExchange(ref *Word, wanted, found) is var before && before == found ? wanted : before;
}
