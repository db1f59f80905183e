using System.Globalization;
using Fairlead.Native;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A barrier in this process: one of its parties, from the first arrival on.</summary>
internal sealed unsafe class BarrierCore : LockCore
{
    private const int None = -1;

    private readonly Guard _guard;

    // Its seat: changed in a call, of which there is one at a time, or when it is closed and there is none.
    private readonly RankedLock _calls = new(LockRank.BarrierCore);
    private bool _isCalling;
    private RobustKeeper? _keeper;
    private int _seat = None;

    /// <param name="place">Owned from now on.</param>
    /// <param name="parties">How many.</param>
    public BarrierCore(LockPlace place, int parties)
        : base(place, new BarrierWords(place.Start, parties).Form, (uint)parties, Text)
    {
        Parties = parties;
        Words = new BarrierWords(place.Start, parties);
        try
        {
            place.Require(BarrierLayout.Size(parties));
            _guard = new Guard(this, Words.Form, Words.Guard);
        }
        catch
        {
            End();
            throw;
        }
    }

    public int Parties { get; }

    /// <summary>To be touched by who holds the memory.</summary>
    public BarrierWords Words { get; }

    /// <summary>As it is now. One that has a dead party is broken, though nobody has found out yet.</summary>
    public BarrierState State
    {
        get
        {
            Hold();
            try
            {
                _ = LookWhole(out BarrierState found);
                return found;
            }
            finally
            {
                LetGo();
            }
        }
    }

    /// <summary>A call begins: by who holds the memory until <see cref="EndCall"/>.</summary>
    /// <exception cref="InvalidOperationException">There is one.</exception>
    /// <exception cref="ObjectDisposedException">It has been closed.</exception>
    public void BeginCall()
    {
        using (_calls.Hold())
        {
            if (IsClosed)
            {
                throw Disposed();
            }

            if (_isCalling)
            {
                throw new InvalidOperationException(
                    $"This object is one party of {Description} and already waits there. Open the barrier again for another party.");
            }

            _isCalling = true;
        }
    }

    /// <summary>A call ends, which holds the memory still.</summary>
    public void EndCall()
    {
        using (_calls.Hold())
        {
            _isCalling = false;
            if (IsClosed)
            {
                LeaveSeat();
            }
        }
    }

    /// <summary>Arrives. In a call.</summary>
    /// <param name="arrived">When it has.</param>
    /// <returns>Whether all have, by this.</returns>
    /// <exception cref="FairleadException">BarrierBroken. Full: it has all of its parties.</exception>
    public bool Arrive(out BarrierState arrived)
    {
        while (true)
        {
            if (!LookWhole(out arrived))
            {
                throw Broken(Words.Dead);
            }

            if (_seat == None)
            {
                // It is looked at once more afterwards: this has taken some time. And where a dead party has the seat, it is broken rather
                // than full.
                if (!TryTakeSeat() && LookWhole(out _))
                {
                    throw Full();
                }
            }
            else if (Words.TryArrive(arrived, out bool isLast))
            {
                if (isLast)
                {
                    Words.Ring();
                }

                return isLast;
            }
        }
    }

    /// <summary>Whether no party has died, as far as is known; else it is broken then. By who holds the memory.</summary>
    /// <param name="found">As it was when all seats were looked at.</param>
    public bool LookWhole(out BarrierState found)
    {
        while (true)
        {
            found = Words.State;
            if (found.IsBroken)
            {
                return false;
            }

            if (!Words.TryFindDead(0, out int seat, out _))
            {
                return true;
            }

            Words.Break(found, seat);
        }
    }

    /// <summary>
    /// The processes of all parties are watched from now on; those that are gone unnoticed are marked. Before it is looked at: who dies
    /// between the two is seen by the one or by the other.
    /// </summary>
    public void WatchAll()
    {
        if (!Words.Form.IsMixed)
        {
            SeatWatch.MarkGone(Words.Seats);
        }
    }

    /// <summary>Takes away the seats of the dead, and begins the phase once more; if it is not broken, does nothing.</summary>
    public void Reset()
    {
        Hold();
        try
        {
            using (_guard.Enter())
            {
                WatchAll();
                if (!LookWhole(out _))
                {
                    FreeDead();
                    Words.Reset();

                    // The process that has broken it may have died before it rang.
                    Words.Ring();
                }
            }
        }
        finally
        {
            LetGo();
        }
    }

    /// <summary>
    /// Nobody begins anything from now on, except who waits already; it is no party any more when he has done. The memory stays as long as
    /// somebody needs it.
    /// </summary>
    public override void Close()
    {
        if (TryClose())
        {
            using (_calls.Hold())
            {
                if (!_isCalling)
                {
                    LeaveSeat();
                }
            }

            _guard.Free();
            End();
        }
    }

    /// <summary>What those are told who wait or come.</summary>
    /// <param name="dead">The process that has died.</param>
    public FairleadException Broken(int dead) =>
        new(
            ErrorCode.BarrierBroken,
            string.Create(
                CultureInfo.InvariantCulture, $"{Description} is broken: pid {dead}, one of its parties, has ended without disposing it"),
            "Repair the state it left behind, then call Reset.")
        {
            Peer = new Peer { ProcessId = dead },
        };

    protected override LockSnapshot SnapshotOf(byte* start) =>
        LockSnapshot.OfBarrier(new ReadOnlySpan<byte>(start, BarrierLayout.Size(Parties)))!;

    // Those who wait are rung for before it is a party: so that each of them has seen its seat, and has its process watched, by the time
    // that it can be missed.
    private bool TryTakeSeat()
    {
        RobustKeeper keeper = RobustKeeper.Reserve();
        int from = Place.Process % Parties;
        while (Words.TryFindFree(from, out int seat, out Seat found) || (!Words.Form.IsMixed && SeatWatch.MarkGone(Words.Seats)))
        {
            if (seat == None || !TryTake(keeper, seat, found))
            {
                continue;
            }

            if (found.Word.HasDied)
            {
                // Somebody of the dead process may still be about to sign in there.
                EndedProcess.Outlast();
            }

            SignIn(ref Words.Standing(seat), keeper, thread: 0);
            Words.Ring();
            if (!Words.TryJoin(keeper, seat))
            {
                // This process is being killed, and the seat is free: nothing is to be counted for it.
                break;
            }

            _keeper = keeper;
            _seat = seat;
            return true;
        }

        keeper.Free();
        return false;
    }

    private bool TryTake(RobustKeeper keeper, int seat, Seat found)
    {
        using (keeper.Hold())
        {
            return Words.TryTake(keeper, seat, found);
        }
    }

    private void LeaveSeat()
    {
        if (_keeper is { } keeper)
        {
            using (keeper.Hold())
            {
                Words.Seats.Leave(keeper, _seat);
            }

            keeper.Free();
            _keeper = null;
            _seat = None;
        }
    }

    private void FreeDead()
    {
        if (Words.TryFindDead(0, out _, out _))
        {
            // Somebody of the dead process may still be about to arrive, and would be counted when it has begun once more.
            EndedProcess.Outlast();
        }

        for (int i = 0; Words.TryFindDead(i, out i, out Seat found); i++)
        {
            Words.Free(i, found);
        }
    }

    private FairleadException Full() => new(
        ErrorCode.Full,
        string.Create(CultureInfo.InvariantCulture, $"{Description} already has all of its {Parties} parties"),
        "Wait until one of them is disposed, or create another barrier with more parties.");

    private static string Text(uint options) => string.Create(CultureInfo.InvariantCulture, $"a barrier for {options} parties");
}
