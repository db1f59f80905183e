using Fairlead.Native;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>One who wants to read or write and may have to wait: first for the gate, then, inside it, for readers to leave.</summary>
internal sealed class ReaderWriterAttempt : LockAttempt
{
    private readonly ReaderWriterCore _core;
    private readonly bool _writes;
    private readonly int _thread;

    // Null: he has been inside it from the beginning.
    private readonly EnterAttempt? _toGate;
    private Stay? _gate;
    private bool _waits;
    private SeatStay _reading;

    /// <param name="core">Keeps its memory until this has ended.</param>
    /// <param name="writes">Else he reads.</param>
    /// <param name="thread">The kernel's number of the thread that waits; 0: none.</param>
    /// <param name="gate">The stay in the gate of one who has entered it, and holds the memory; null: he has not.</param>
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

        // Of its own: who is inside the gate, and waits there, has none by that.
        core.Hold();
        try
        {
            _toGate = new EnterAttempt(core.Gate, thread);
        }
        catch
        {
            core.LetGo();
            throw;
        }
    }

    /// <summary>When he reads.</summary>
    public SeatStay Reading => _reading;

    /// <summary>When he writes.</summary>
    public WriteHold? Writing { get; private set; }

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

        word = _core.Words.Bell;
        while (true)
        {
            value = Volatile.Read(ref *word);
            if (TryBegin(_gate.Value))
            {
                _core.LetGo();
                return true;
            }

            if (_waits && AreWatched())
            {
                return false;
            }

            // It is wanted before all are looked at once more.
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

        _core.LetGo();
    }

    private bool TryBegin(Stay gate)
    {
        if (!_writes)
        {
            bool reads = _core.TryTakeSeat(_thread, out _reading);
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

    // Who leaves and dies before he rings is rung for by his end: so one for whom this waits must have been found with a seat, and is
    // watched then. A writer waits for any of them, a reader for the first of all.
    private bool AreWatched()
    {
        Seats seats = _core.Words.Seats;
        bool any = false;
        for (int i = 0; i < seats.Count; i++)
        {
            Seat found = seats[i];
            if (found.HasOwner ? !_core.Words.Form.IsMixed && SeatWatch.MarkGone(seats, i, found) : !_writes)
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
