using System.Buffers;
using System.Globalization;
using Fairlead.Native;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A semaphore in this process.</summary>
internal sealed unsafe class SemaphoreCore : SeatedCore
{
    private readonly SemaphoreWords _words;

    // Where a process has left a seat it most likely finds it again; and processes begin at different ones.
    private volatile int _hint;

    /// <param name="place">Owned from now on.</param>
    /// <param name="permits">Of the beginning.</param>
    /// <param name="maximum">How many there can be.</param>
    public SemaphoreCore(LockPlace place, int permits, int maximum)
        : base(place, new SemaphoreWords(place.Start, permits, maximum).Form, SemaphoreLayout.Options(permits, maximum), Text)
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

    /// <summary>To be looked at by who holds the memory.</summary>
    public SemaphoreWords Words => _words;

    /// <summary>How many permits are free.</summary>
    public int CurrentCount
    {
        get
        {
            Hold();
            try
            {
                return _words.CountFree();
            }
            finally
            {
                LetGo();
            }
        }
    }

    /// <summary>Gets a permit if one is free and nobody waits.</summary>
    /// <param name="isTaken">Whether it is taken away; else it is entered.</param>
    /// <param name="thread">Who enters; 0: no thread.</param>
    /// <param name="stay">The time inside, if it is entered.</param>
    public bool TryGetIdle(bool isTaken, int thread, out SeatStay stay)
    {
        Hold();
        try
        {
            stay = default;
            if (!_words.IsClosed)
            {
                return TryGet(isTaken, thread, out stay);
            }

            if (_words.Form.IsMixed && _words.TryFindFree(_hint, out _, out Seat found) && found.Word.HasDied)
            {
                // A process of another pid namespace has died inside, whose end nobody here can watch: the next that comes wakes the first
                // of the line.
                _words.Ring();
            }

            return false;
        }
        finally
        {
            LetGo();
        }
    }

    /// <summary>Gets a permit if one is free: by who may, and holds the memory.</summary>
    public bool TryGet(bool isTaken, int thread, out SeatStay stay)
    {
        RobustKeeper? keeper = isTaken ? null : RobustKeeper.Reserve();
        while (_words.TryFindFree(_hint, out int seat, out Seat found))
        {
            if (keeper is null ? !_words.TryMove(seat, found) : !TryEnter(keeper, seat, found, thread))
            {
                continue;
            }

            if (found.Word.HasDied)
            {
                // Somebody of the dead process may still run inside for a moment.
                EndedProcess.Outlast();
            }

            stay = keeper is null ? default : Enter(keeper, seat);
            return true;
        }

        keeper?.Free();
        stay = default;
        return false;
    }

    /// <summary>Makes permits.</summary>
    /// <returns>False: there would be more than the maximum, and there are none more.</returns>
    public bool TryPost(int permits)
    {
        Hold();
        (RobustKeeper Keeper, int Seat)[] taken = ArrayPool<(RobustKeeper Keeper, int Seat)>.Shared.Rent(permits);
        int count = 0;
        bool isWhole = false;
        try
        {
            isWhole = TryTakeMoved(taken.AsSpan(0, permits), ref count);
            return isWhole;
        }
        finally
        {
            // Who sleeps for a permit is rung for first, so that he finds the seats being posted and has this process watched: it may die
            // between the next two steps.
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

            ArrayPool<(RobustKeeper Keeper, int Seat)>.Shared.Return(taken, clearArray: true);
            _words.Ring();
            LetGo();
        }
    }

    /// <summary>
    /// Nobody begins anything from now on, except who waits already; who is inside stays there. The memory stays as long as somebody needs
    /// it.
    /// </summary>
    public override void Close()
    {
        if (TryClose())
        {
            End();
        }
    }

    protected override LockSnapshot SnapshotOf(byte* start) =>
        LockSnapshot.OfSemaphore(new ReadOnlySpan<byte>(start, SemaphoreLayout.Size(Maximum)))!;

    protected override void LeaveSeat(RobustKeeper keeper, int seat)
    {
        using (keeper.Hold())
        {
            _words.Seats.Leave(keeper, seat);
        }

        _hint = seat;
        _words.Ring();
    }

    private bool TryEnter(RobustKeeper keeper, int seat, Seat found, int thread)
    {
        using (keeper.Hold())
        {
            return _words.TryEnter(keeper, seat, found, thread);
        }
    }

    private SeatStay Enter(RobustKeeper keeper, int seat)
    {
        _words.Since(seat) = Clock.Nanoseconds();
        return Begin(keeper, seat, isInDoubt: false);
    }

    private bool TryTakeMoved(Span<(RobustKeeper Keeper, int Seat)> taken, ref int count)
    {
        int seat = 0;
        while (count < taken.Length)
        {
            if (!_words.TryFindMoved(ref seat, out Seat found))
            {
                // One may be in the hands of somebody who has died posting.
                if (_words.Form.IsMixed || !SeatWatch.MarkGone(_words.Seats))
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
