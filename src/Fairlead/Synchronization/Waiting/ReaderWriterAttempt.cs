using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>An attempt to read or write that may have to wait: first for the gate mutex, then, inside it, for readers to leave.</summary>
internal sealed class ReaderWriterAttempt : LockAttempt
{
    private readonly ReaderWriterCore _core;
    private readonly bool _writes;
    private readonly int _thread;

    // Null: the caller was inside the gate from the beginning.
    private readonly EnterAttempt? _toGate;
    private Stay? _gate;
    private bool _waits;
    private SlotStay _reading;

    /// <param name="core">The core; the attempt keeps a reference to its memory until it ends.</param>
    /// <param name="writes">True to write, false to read.</param>
    /// <param name="thread">The kernel's ID of the waiting thread; 0 for an asynchronous caller.</param>
    /// <param name="gate">
    /// The entry into the gate of a caller that is inside and holds a reference to the memory; null for a caller that is not inside.
    /// </param>
    public ReaderWriterAttempt(ReaderWriterCore core, bool writes, int thread, Stay? gate = null)
    {
        _core = core;
        _writes = writes;
        _thread = thread;
        _gate = gate;
        if (gate is not null)
        {
            return;
        }

        // A separate reference: being inside the gate, or waiting there, does not include one.
        core.AddReference();
        try
        {
            _toGate = new EnterAttempt(core.Gate, thread);
        }
        catch
        {
            core.RemoveReference();
            throw;
        }
    }

    /// <summary>The entry of a reader, valid on success.</summary>
    public SlotStay Reading => _reading;

    /// <summary>The entry of a writer, valid on success.</summary>
    public WriteHold? Writing { get; private set; }

    /// <inheritdoc/>
    public override TimeSpan LongestSleep => _core.Words.Header.IsMixed ? KeeperWatch.MixedSleep : Timeout.InfiniteTimeSpan;

    public override unsafe bool TryAdvance(out int* word, out int value)
    {
        if (_gate is null)
        {
            if (!_toGate!.TryAdvance(out word, out value))
            {
                return false;
            }

            _gate = _toGate.Stay;
            _core.TakeOver(_toGate.Stay);
        }

        word = _core.Words.Doorbell;
        while (true)
        {
            value = Volatile.Read(ref *word);
            if (TryBegin(_gate.Value))
            {
                _core.RemoveReference();
                return true;
            }

            if (_waits && AreWatched())
            {
                return false;
            }

            // Announce the wait before checking all slots once more.
            _core.Words.Want();
            if (!_waits)
            {
                _waits = true;
                LookForDeadlock();
            }
        }
    }

    public override void LookOn()
    {
        if (_gate is null)
        {
            _toGate!.LookOn();
        }
    }

    public override unsafe void PassOn(int* word)
    {
        if (_gate is null)
        {
            _toGate!.PassOn(word);
        }
    }

    public override void Abandon()
    {
        if (_gate is { } gate)
        {
            LeaveGate(gate);
        }
        else
        {
            _toGate!.Abandon();
        }

        _core.RemoveReference();
    }

    private bool TryBegin(Stay gate)
    {
        if (!_writes)
        {
            bool reads = _core.TryTakeSlot(_thread, out _reading);
            if (reads)
            {
                LeaveGate(gate);
            }

            return reads;
        }

        if (!_core.IsWithoutReaders())
        {
            return false;
        }

        _core.Words.WantNoMore();
        Writing = _core.Write(gate);
        return true;
    }

    // If a reader leaves and dies before it rings, its death wakes the sleeper instead. So each slot waited for must have been found with
    // an owner, which is watched then. A writer waits for all readers; a reader waits for the first free slot.
    private bool AreWatched()
    {
        LockSlots seats = _core.Words.Slots;
        bool any = false;
        for (int i = 0; i < seats.Count; i++)
        {
            LockSlot found = seats[i];
            if (found.HasOwner ? !_core.Words.Header.IsMixed && SlotWatch.MarkGone(seats, i, found) : !_writes)
            {
                return false;
            }

            any |= found.HasOwner;
        }

        return any;
    }

    private void LookForDeadlock()
    {
        if (_core.Gate.DetectsDeadlock && _thread != 0)
        {
            _core.Gate.ThrowIfDeadlock(_thread);
        }
    }

    private void LeaveGate(Stay gate)
    {
        _core.Words.WantNoMore();
        gate.Hold.Leave(gate.Entry);
    }
}
