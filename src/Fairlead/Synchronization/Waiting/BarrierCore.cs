using System.Globalization;
using Fairlead.Native.Memory;
using Fairlead.Native.Processes;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A barrier in this process, and one of its parties from the first arrival on.</summary>
internal sealed unsafe class BarrierCore : LockCore
{
    private const int None = -1;

    private readonly Guard _guard;

    // The slot of this party. It changes inside a call, of which there is one at a time, or on closing outside a call.
    private readonly RankedLock _calls = new(LockRank.BarrierCore);
    private bool _isCalling;
    private RobustKeeper? _keeper;
    private int _slot = None;

    /// <param name="place">The location of the lock; this object takes ownership.</param>
    /// <param name="parties">The number of parties.</param>
    public BarrierCore(LockPlace place, int parties)
        : base(place, new BarrierWords(place.Start, parties).Header, (uint)parties, Text)
    {
        Parties = parties;
        Words = new BarrierWords(place.Start, parties);
        try
        {
            place.Require(BarrierLayout.Size(parties));
            _guard = new Guard(this, Words.Header, Words.Guard);
        }
        catch
        {
            End();
            throw;
        }
    }

    public int Parties { get; }

    /// <summary>The words in shared memory. The caller must hold a reference to the memory.</summary>
    public BarrierWords Words { get; }

    /// <summary>The state of the barrier. It is broken if a party has died, even if no process has noticed yet.</summary>
    public BarrierState State
    {
        get
        {
            AddReference();
            try
            {
                _ = LookWhole(out BarrierState found);
                return found;
            }
            finally
            {
                RemoveReference();
            }
        }
    }

    /// <summary>Begins a call. The caller holds a reference to the memory until <see cref="EndCall"/>.</summary>
    /// <exception cref="InvalidOperationException">A call is running.</exception>
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

    /// <summary>Ends a call. The caller still holds its reference to the memory.</summary>
    public void EndCall()
    {
        using (_calls.Hold())
        {
            _isCalling = false;
            if (IsClosed)
            {
                LeaveSlot();
            }
        }
    }

    /// <summary>Arrives. Inside a call.</summary>
    /// <param name="arrived">The state that the arrival was based on.</param>
    /// <returns>Whether this was the last arrival.</returns>
    /// <exception cref="FairleadException">BarrierBroken. Full: the barrier has all of its parties.</exception>
    public bool Arrive(out BarrierState arrived)
    {
        while (true)
        {
            if (!LookWhole(out arrived))
            {
                throw Broken(Words.Dead);
            }

            if (_slot == None)
            {
                // Check once more: taking the slot has taken time. And if a dead party has the slot, the barrier is broken rather than
                // full.
                if (!TryTakeSlot() && LookWhole(out _))
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

    /// <summary>
    /// Returns whether no party is known to be dead; otherwise breaks the barrier. The caller holds a reference to the memory.
    /// </summary>
    /// <param name="found">The state when all slots had been checked.</param>
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
    /// Watches the processes of all parties from now on, and marks those that ended unnoticed. Call it before checking the slots: a process
    /// that dies between the two is seen by one of them.
    /// </summary>
    public void WatchAll()
    {
        if (!Words.Header.IsMixed)
        {
            SlotWatch.MarkGone(Words.Slots);
        }
    }

    /// <summary>Removes the slots of dead parties and restarts the phase. Does nothing if the barrier is not broken.</summary>
    public void Reset()
    {
        AddReference();
        try
        {
            using (_guard.Enter())
            {
                WatchAll();
                if (!LookWhole(out _))
                {
                    FreeDead();
                    Words.Reset();

                    // The process that broke the barrier may have died before it rang the doorbell.
                    Words.Ring();
                }
            }
        }
        finally
        {
            RemoveReference();
        }
    }

    /// <summary>
    /// Rejects new calls; a present waiter continues, and its party ends when it has finished. The memory stays while any caller needs it.
    /// </summary>
    public override void Close()
    {
        if (TryClose())
        {
            using (_calls.Hold())
            {
                if (!_isCalling)
                {
                    LeaveSlot();
                }
            }

            _guard.Free();
            End();
        }
    }

    /// <summary>Creates the error for present and later callers of a broken barrier.</summary>
    /// <param name="dead">The process that died.</param>
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

    // Waiters are woken before this object becomes a party. By the time its death could matter, each waiter has seen its slot and watches
    // its process.
    private bool TryTakeSlot()
    {
        RobustKeeper keeper = RobustKeeper.Reserve();
        int from = Place.Process % Parties;
        while (Words.TryFindFree(from, out int seat, out LockSlot found) || (!Words.Header.IsMixed && SlotWatch.MarkGone(Words.Slots)))
        {
            if (seat == None || !TryTake(keeper, seat, found))
            {
                continue;
            }

            if (found.Word.HasDied)
            {
                // A thread of the dead process may still be about to write its owner info there.
                EndedProcess.Outlast();
            }

            SignIn(ref Words.OwnerInfo(seat), keeper, thread: 0);
            Words.Ring();
            if (!Words.TryJoin(keeper, seat))
            {
                // This process is being killed, and the kernel has freed the slot: do not count it.
                break;
            }

            _keeper = keeper;
            _slot = seat;
            return true;
        }

        keeper.Free();
        return false;
    }

    private bool TryTake(RobustKeeper keeper, int seat, LockSlot found)
    {
        using (keeper.Hold())
        {
            return Words.TryTake(keeper, seat, found);
        }
    }

    private void LeaveSlot()
    {
        if (_keeper is { } keeper)
        {
            using (keeper.Hold())
            {
                Words.Slots.Leave(keeper, _slot);
            }

            keeper.Free();
            _keeper = null;
            _slot = None;
        }
    }

    private void FreeDead()
    {
        if (Words.TryFindDead(0, out _, out _))
        {
            // A thread of the dead process may still be about to arrive, and would count in the restarted phase.
            EndedProcess.Outlast();
        }

        for (int i = 0; Words.TryFindDead(i, out i, out LockSlot found); i++)
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
