using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A reader-writer lock in this process.</summary>
internal sealed unsafe class ReaderWriterCore : LockCore
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
    /// <returns>Null: it may have to be waited for.</returns>
    public ReadHold? TryReadIdle(int thread)
    {
        Hold();
        try
        {
            if (!Words.Gate.Word.IsIdle || TryTakeSeat(thread) is not { } hold)
            {
                return null;
            }

            // Taking the seat was a full fence: a writer who has come meanwhile has seen it, or is seen here.
            if (Words.Gate.Word.IsIdle)
            {
                return hold;
            }

            hold.Dispose();
            return null;
        }
        finally
        {
            LetGo();
        }
    }

    /// <summary>Takes a seat, if there is one. By who may read, and holds the memory.</summary>
    public ReadHold? TryTakeSeat(int thread)
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

                // The release is in Leave. Also where it has been closed meanwhile: who waited has kept the memory.
                KeepMemory();
                return new ReadHold(this, keeper, seat, Words.IsInDoubt);
            }
        }

        keeper.Free();
        return null;
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
            // Somebody of the dead process may still read for a moment. Then they are as free as the others: nobody takes a seat here meanwhile.
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

    /// <summary>Leaves a seat. By its hold, once.</summary>
    public void Leave(RobustKeeper keeper, int seat)
    {
        Words.Reader(seat) = default;
        using (keeper.Hold())
        {
            Words.Seats.Leave(keeper, seat);
        }

        Words.Ring();
        keeper.Free();
        LetGo();
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

    /// <summary>Nobody begins anything from now on, except who waits already; who is inside stays there. The memory stays as long as somebody needs it.</summary>
    public override void Close()
    {
        if (TryClose())
        {
            Gate.Close();
            End();
        }
    }

    public void ReportLost() => FairleadEventSource.Log.ScopeLost(Description);

    protected override LockSnapshot SnapshotOf(byte* start) => LockSnapshot.OfReaderWriterLock(new ReadOnlySpan<byte>(start, ReaderWriterLayout.Size));

    private void KeepMemory()
    {
        bool isHeld = false;
        Place.Mapping.DangerousAddRef(ref isHeld);
    }
}
