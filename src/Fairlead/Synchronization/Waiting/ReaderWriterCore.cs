using Fairlead.Native;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A reader-writer lock in this process.</summary>
internal sealed unsafe class ReaderWriterCore : SeatedCore
{
    private readonly ReaderWriterWords _words;

    /// <param name="place">Owned from now on.</param>
    /// <param name="detectsDeadlock">Whether who would wait for ever is told.</param>
    public ReaderWriterCore(LockPlace place, bool detectsDeadlock)
        : base(place, new ReaderWriterWords(place.Start).Form, 0, static _ => "a reader-writer lock")
    {
        _words = new ReaderWriterWords(place.Start);
        try
        {
            Gate = new MutexCore(place.Within(ReaderWriterLayout.GateAt), 0) { DetectsDeadlock = detectsDeadlock };
        }
        catch
        {
            End();
            throw;
        }
    }

    /// <summary>To be touched by who is inside, or holds the memory.</summary>
    public ReaderWriterWords Words => _words;

    /// <summary>What a writer is inside of, and a reader who has to wait passes through.</summary>
    public MutexCore Gate { get; }

    /// <summary>Begins to read if nobody writes or waits.</summary>
    /// <param name="thread">Who reads; 0: no thread.</param>
    /// <param name="stay">The time inside.</param>
    /// <returns>False: it may have to be waited for.</returns>
    public bool TryReadIdle(int thread, out SeatStay stay)
    {
        Hold();
        try
        {
            stay = default;
            if (!Words.Gate.Word.IsIdle || !TryTakeSeat(thread, out stay))
            {
                return false;
            }

            // Taking the seat was a full fence: a writer who has come meanwhile has seen it, or is seen here.
            if (Words.Gate.Word.IsIdle)
            {
                return true;
            }

            stay.Leave();
            return false;
        }
        finally
        {
            LetGo();
        }
    }

    /// <summary>Takes a seat, if there is one. By who may read, and holds the memory.</summary>
    public bool TryTakeSeat(int thread, out SeatStay stay)
    {
        RobustKeeper keeper = RobustKeeper.Reserve();
        int from = (thread == 0 ? Environment.CurrentManagedThreadId : thread) % ReaderWriterLayout.MostReaders;
        while (Words.Seats.TryFindFree(from, out int seat, out Seat found))
        {
            bool isTaken;
            using (keeper.Hold())
            {
                isTaken = Words.Seats.TryTake(keeper, seat, found, mark: 0);
            }

            if (isTaken)
            {
                if (found.Word.HasDied)
                {
                    // Somebody of the dead process may still read for a moment: nobody is to write beside him when this one has left.
                    EndedProcess.Outlast();
                }

                SignIn(ref Words.Reader(seat), keeper, thread);
                stay = Begin(keeper, seat, Words.IsInDoubt);
                return true;
            }
        }

        keeper.Free();
        stay = default;
        return false;
    }

    /// <summary>Begins to write if nobody is inside and nobody waits.</summary>
    /// <param name="thread">Who writes; 0: no thread.</param>
    /// <param name="gate">
    /// Where it may have to be waited for, and he is inside the gate already: that, to be waited in by a <see cref="ReaderWriterAttempt"/>,
    /// for which the memory is held.
    /// </param>
    /// <returns>Null: it may have to be waited for.</returns>
    public WriteHold? TryWriteIdle(int thread, out Stay? gate)
    {
        gate = null;
        Hold();
        WriteHold? hold = null;
        try
        {
            if (Gate.TryEnterIdle(thread, out Stay stay))
            {
                TakeOver(stay);
                hold = IsWithoutReaders() ? Write(stay) : null;
                gate = hold is null ? stay : null;
            }

            return hold;
        }
        finally
        {
            if (gate is null)
            {
                LetGo();
            }
        }
    }

    /// <summary>By who has just entered the gate: where its last owner has died, he may have written.</summary>
    public void TakeOver(Stay gate)
    {
        if (gate.Hold.IsInDoubt(gate.Entry))
        {
            Words.NoteDeath();
            gate.Hold.MarkConsistent(gate.Entry);
        }
    }

    /// <summary>By who is inside the gate: the seats that readers have left, or died on, are all free.</summary>
    public bool IsWithoutReaders()
    {
        bool haveDied = false;
        for (int i = 0; i < Words.Seats.Count; i++)
        {
            Seat found = Words.Seats[i];
            if (found.HasOwner)
            {
                return false;
            }

            haveDied |= found.Word.HasDied;
        }

        if (haveDied)
        {
            // Somebody of the dead process may still read for a moment. Then they are as free as the others: nobody takes a seat here
            // meanwhile.
            EndedProcess.Outlast();
            for (int i = 0; i < Words.Seats.Count; i++)
            {
                Seat found = Words.Seats[i];
                _ = found.Word.HasDied && Words.Seats.TryChange(i, found, default);
            }
        }

        return true;
    }

    /// <summary>By who is inside the gate: he writes from now on.</summary>
    public WriteHold Write(Stay gate)
    {
        _words.IsWriting = true;
        KeepMemory();
        return new WriteHold(this, gate);
    }

    /// <summary>Has written. By its hold, once.</summary>
    public void Leave(Stay gate)
    {
        _words.IsWriting = false;
        gate.Hold.Leave(gate.Entry);
        LetGo();
    }

    /// <summary>What was in doubt is right again. By who writes, which keeps others from it.</summary>
    public void NoteConsistent() => _words.IsInDoubt = false;

    /// <summary>
    /// Nobody begins anything from now on, except who waits already; who is inside stays there. The memory stays as long as somebody needs
    /// it.
    /// </summary>
    public override void Close()
    {
        if (TryClose())
        {
            Gate.Close();
            End();
        }
    }

    protected override LockSnapshot SnapshotOf(byte* start) =>
        LockSnapshot.OfReaderWriterLock(new ReadOnlySpan<byte>(start, ReaderWriterLayout.Size));

    protected override void LeaveSeat(RobustKeeper keeper, int seat)
    {
        Words.Reader(seat) = default;
        using (keeper.Hold())
        {
            Words.Seats.Leave(keeper, seat);
        }

        Words.Ring();
    }
}
