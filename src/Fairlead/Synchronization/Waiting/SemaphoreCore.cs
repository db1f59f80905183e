using System.Buffers;
using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Native.Processes;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A semaphore in this process.</summary>
internal sealed unsafe class SemaphoreCore : SlotCore
{
    private readonly SemaphoreWords _words;

    // A process most likely finds a slot where it last left one, and processes begin at different slots.
    private volatile int _hint;

    /// <param name="place">The location of the lock; this object takes ownership.</param>
    /// <param name="permits">The initial number of permits.</param>
    /// <param name="maximum">The largest number of permits.</param>
    public SemaphoreCore(LockPlace place, int permits, int maximum)
        : base(place, new SemaphoreWords(place.Start, permits, maximum).Header, SemaphoreLayout.Options(permits, maximum), Text)
    {
        _words = new SemaphoreWords(place.Start, permits, maximum);
        try
        {
            place.Require(SemaphoreLayout.Size(maximum));
        }
        catch
        {
            End();
            throw;
        }

        _hint = place.Process % maximum;
        Maximum = maximum;
    }

    public int Maximum { get; }

    /// <summary>The words in shared memory. The caller must hold a reference to the memory.</summary>
    public SemaphoreWords Words => _words;

    /// <summary>The number of free permits.</summary>
    public int CurrentCount
    {
        get
        {
            AddReference();
            try
            {
                return _words.CountFree();
            }
            finally
            {
                RemoveReference();
            }
        }
    }

    /// <summary>Gets a permit if one is free and no caller waits.</summary>
    /// <param name="isTaken">True to remove a permit, false to enter.</param>
    /// <param name="thread">The entering thread; 0 for an asynchronous caller.</param>
    /// <param name="stay">The entry, if the caller enters.</param>
    public bool TryGetIdle(bool isTaken, int thread, out SlotStay stay)
    {
        AddReference();
        try
        {
            stay = default;
            if (!_words.IsClosed)
            {
                return TryGet(isTaken, thread, out stay);
            }

            if (_words.Header.IsMixed && _words.TryFindFree(_hint, out _, out LockSlot found) && found.Word.HasDied)
            {
                // A process of another pid namespace has died inside, and no process here can watch its end. So the next caller wakes the
                // first waiter.
                _words.Ring();
            }

            return false;
        }
        finally
        {
            RemoveReference();
        }
    }

    /// <summary>Gets a permit if one is free. The caller may take it, and holds a reference to the memory.</summary>
    public bool TryGet(bool isTaken, int thread, out SlotStay stay)
    {
        RobustKeeper? keeper = isTaken ? null : RobustKeeper.Reserve();
        while (_words.TryFindFree(_hint, out int seat, out LockSlot found))
        {
            if (keeper is null ? !_words.TryMove(seat, found) : !TryEnter(keeper, seat, found, thread))
            {
                continue;
            }

            if (found.Word.HasDied)
            {
                // A thread of the dead process may still run inside for a moment.
                EndedProcess.Outlast();
            }

            stay = keeper is null ? default : Enter(keeper, seat);
            return true;
        }

        keeper?.Free();
        stay = default;
        return false;
    }

    /// <summary>Frees permits.</summary>
    /// <returns>False if the maximum would be exceeded; nothing is freed then.</returns>
    public bool TryPost(int permits)
    {
        AddReference();
        (RobustKeeper Keeper, int Slot)[] taken = ArrayPool<(RobustKeeper Keeper, int Slot)>.Shared.Rent(permits);
        int count = 0;
        bool isWhole = false;
        try
        {
            isWhole = TryTakeMoved(taken.AsSpan(0, permits), ref count);
            return isWhole;
        }
        finally
        {
            // Ring for the sleeper first. It then finds the slots that are being posted and watches this process, which may die between the
            // next two steps.
            if (isWhole)
            {
                _words.Ring();
            }

            foreach ((RobustKeeper keeper, int seat) in taken.AsSpan(0, count))
            {
                using (keeper.Hold())
                {
                    _words.EndPost(keeper, seat, isWhole);
                }

                keeper.Free();
            }

            ArrayPool<(RobustKeeper Keeper, int Slot)>.Shared.Return(taken, clearArray: true);
            _words.Ring();
            RemoveReference();
        }
    }

    /// <summary>Rejects new calls; present owners and waiters continue. The memory stays while any of them needs it.</summary>
    public override void Close()
    {
        if (TryClose())
        {
            End();
        }
    }

    protected override LockSnapshot SnapshotOf(byte* start) =>
        LockSnapshot.OfSemaphore(new ReadOnlySpan<byte>(start, SemaphoreLayout.Size(Maximum)))!;

    protected override void LeaveSlot(RobustKeeper keeper, int seat)
    {
        using (keeper.Hold())
        {
            _words.Slots.Leave(keeper, seat);
        }

        _hint = seat;
        _words.Ring();
    }

    private bool TryEnter(RobustKeeper keeper, int seat, LockSlot found, int thread)
    {
        using (keeper.Hold())
        {
            return _words.TryEnter(keeper, seat, found, thread);
        }
    }

    private SlotStay Enter(RobustKeeper keeper, int seat)
    {
        _words.Since(seat) = Clock.Nanoseconds();
        return Begin(keeper, seat, isInDoubt: false);
    }

    private bool TryTakeMoved(Span<(RobustKeeper Keeper, int Slot)> taken, ref int count)
    {
        int seat = 0;
        while (count < taken.Length)
        {
            if (!_words.TryFindMoved(ref seat, out LockSlot found))
            {
                // A process that died while posting may hold a slot.
                if (_words.Header.IsMixed || !SlotWatch.MarkGone(_words.Slots))
                {
                    return false;
                }

                seat = 0;
                continue;
            }

            RobustKeeper keeper = RobustKeeper.Reserve();
            bool isTaken;
            using (keeper.Hold())
            {
                isTaken = _words.TryBeginPost(keeper, seat, found);
            }

            if (isTaken)
            {
                taken[count++] = (keeper, seat);
            }
            else
            {
                keeper.Free();
            }
        }

        return true;
    }

    private static string Text(uint options) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"a semaphore of {SemaphoreLayout.Maximum(options)} permits at most, {SemaphoreLayout.Permits(options)} free initially");
}
