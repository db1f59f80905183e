using Fairlead.Native.Memory;
using Fairlead.Native.Processes;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A reader-writer lock in this process.</summary>
internal sealed unsafe class ReaderWriterCore : SlotCore
{
    private readonly ReaderWriterWords _words;

    /// <param name="place">The location of the lock; this object takes ownership.</param>
    /// <param name="detectsDeadlock">Whether a caller that would wait in a cycle gets an error.</param>
    public ReaderWriterCore(LockPlace place, bool detectsDeadlock)
        : base(place, new ReaderWriterWords(place.Start).Header, 0, static _ => "a reader-writer lock")
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

    /// <summary>The words in shared memory. The caller must be inside, or hold a reference to the memory.</summary>
    public ReaderWriterWords Words => _words;

    /// <summary>The mutex that a writer holds, and that a waiting reader passes through.</summary>
    public MutexCore Gate { get; }

    /// <summary>Begins to read if no caller writes or waits.</summary>
    /// <param name="thread">The reading thread; 0 for an asynchronous caller.</param>
    /// <param name="stay">The entry.</param>
    /// <returns>False if the caller may have to wait.</returns>
    public bool TryReadIdle(int thread, out SlotStay stay)
    {
        AddReference();
        try
        {
            stay = default;
            if (!Words.Gate.Word.IsIdle || !TryTakeSlot(thread, out stay))
            {
                return false;
            }

            // Taking the slot was a full fence: a writer that came meanwhile has seen the slot, or is seen here.
            if (Words.Gate.Word.IsIdle)
            {
                return true;
            }

            stay.Leave();
            return false;
        }
        finally
        {
            RemoveReference();
        }
    }

    /// <summary>Takes a slot, if one is free. The caller may read, and holds a reference to the memory.</summary>
    public bool TryTakeSlot(int thread, out SlotStay stay)
    {
        RobustKeeper keeper = RobustKeeper.Reserve();
        int from = (thread == 0 ? Environment.CurrentManagedThreadId : thread) % ReaderWriterLayout.MostReaders;
        while (Words.Slots.TryFindFree(from, out int seat, out LockSlot found))
        {
            bool isTaken;
            using (keeper.Hold())
            {
                isTaken = Words.Slots.TryTake(keeper, seat, found, mark: 0);
            }

            if (isTaken)
            {
                if (found.Word.HasDied)
                {
                    // A thread of the dead process may still read for a moment, and no writer may enter beside it when this reader has
                    // left.
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

    /// <summary>Begins to write if no caller is inside or waits.</summary>
    /// <param name="thread">The writing thread; 0 for an asynchronous caller.</param>
    /// <param name="gate">
    /// If the caller may have to wait and is already inside the gate: its entry there. A <see cref="ReaderWriterAttempt"/> waits with it,
    /// and takes over the reference to the memory.
    /// </param>
    /// <returns>Null if the caller may have to wait.</returns>
    public WriteHold? TryWriteIdle(int thread, out Stay? gate)
    {
        gate = null;
        AddReference();
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
                RemoveReference();
            }
        }
    }

    /// <summary>Records a dead writer. Called after entering the gate: its last owner may have died while writing.</summary>
    public void TakeOver(Stay gate)
    {
        if (gate.Hold.IsInDoubt(gate.Entry))
        {
            Words.NoteDeath();
            gate.Hold.MarkConsistent(gate.Entry);
        }
    }

    /// <summary>Returns whether no reader is inside, and frees the slots that readers died on. The caller is inside the gate.</summary>
    public bool IsWithoutReaders()
    {
        bool haveDied = false;
        for (int i = 0; i < Words.Slots.Count; i++)
        {
            LockSlot found = Words.Slots[i];
            if (found.HasOwner)
            {
                return false;
            }

            haveDied |= found.Word.HasDied;
        }

        if (haveDied)
        {
            // A thread of the dead process may still read for a moment. After that the slots are free like the others: no reader takes a
            // slot here meanwhile.
            EndedProcess.Outlast();
            for (int i = 0; i < Words.Slots.Count; i++)
            {
                LockSlot found = Words.Slots[i];
                _ = found.Word.HasDied && Words.Slots.TryChange(i, found, default);
            }
        }

        return true;
    }

    /// <summary>Begins to write. The caller is inside the gate.</summary>
    public WriteHold Write(Stay gate)
    {
        _words.IsWriting = true;
        KeepMemory();
        return new WriteHold(this, gate);
    }

    /// <summary>Ends writing. The hold calls it once.</summary>
    public void Leave(Stay gate)
    {
        _words.IsWriting = false;
        gate.Hold.Leave(gate.Entry);
        RemoveReference();
    }

    /// <summary>Marks the guarded data consistent. The caller writes, which excludes others.</summary>
    public void NoteConsistent() => _words.IsInDoubt = false;

    /// <summary>Rejects new calls; present owners and waiters continue. The memory stays while any of them needs it.</summary>
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

    protected override void LeaveSlot(RobustKeeper keeper, int seat)
    {
        Words.Reader(seat) = default;
        using (keeper.Hold())
        {
            Words.Slots.Leave(keeper, seat);
        }

        Words.Ring();
    }
}
