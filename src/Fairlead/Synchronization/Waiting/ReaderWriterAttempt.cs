using Fairlead.Native;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>One who wants to read or write and may have to wait: first for the gate, then, inside it, for readers to leave.</summary>
internal sealed class ReaderWriterAttempt : LockAttempt
{
    private readonly ReaderWriterCore _core;
    private readonly bool _writes;
    private readonly int _thread;
    private readonly EnterAttempt _gate;
    private bool _isInGate;
    private bool _waits;

    /// <param name="core">Keeps its memory until this has ended.</param>
    /// <param name="writes">Else he reads.</param>
    /// <param name="thread">The kernel's number of the thread that waits; 0: none.</param>
    public ReaderWriterAttempt(ReaderWriterCore core, bool writes, int thread)
    {
        _core = core;
        _writes = writes;
        _thread = thread;

        // Of its own: who is inside the gate, and waits there, has none by that.
        core.Hold();
        try
        {
            _gate = new EnterAttempt(core.Gate, thread);
        }
        catch
        {
            core.LetGo();
            throw;
        }
    }

    /// <summary>When he reads.</summary>
    public ReadHold? Reading { get; private set; }

    /// <summary>When he writes.</summary>
    public WriteHold? Writing { get; private set; }

    public override unsafe bool TryAdvance(out int* word, out int value)
    {
        if (!_isInGate)
        {
            if (!_gate.TryAdvance(out word, out value))
            {
                return false;
            }

            _isInGate = true;
            TakeOver();
        }

        word = _core.Words.Bell;
        while (true)
        {
            value = Volatile.Read(ref *word);
            if (TryBegin())
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
        if (!_isInGate)
        {
            _gate.LookOn();
        }
    }

    public override unsafe void PassOn(int* word)
    {
        if (!_isInGate)
        {
            _gate.PassOn(word);
        }
    }

    public override void Abandon()
    {
        if (_isInGate)
        {
            LeaveGate();
        }
        else
        {
            _gate.Abandon();
        }

        _core.LetGo();
    }

    // The gate's last owner has died: he may have written.
    private void TakeOver()
    {
        Stay stay = _gate.Stay;
        if (stay.Hold.IsInDoubt(stay.Entry))
        {
            _core.Words.NoteDeath();
            stay.Hold.MarkConsistent(stay.Entry);
        }
    }

    private bool TryBegin()
    {
        if (!_writes)
        {
            Reading = _core.TryTakeSeat(_thread);
            if (Reading is not null)
            {
                LeaveGate();
            }

            return Reading is not null;
        }

        if (!_core.IsWithoutReaders())
        {
            return false;
        }

        _core.Words.WantNoMore();
        Writing = _core.Write(_gate.Stay);
        return true;
    }

    // Who leaves and dies before he rings is rung for by his end: so one for whom this waits must have been found with a seat, and is watched then. A writer waits for any of them, a reader for the first of all.
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

    private void LeaveGate()
    {
        _core.Words.WantNoMore();
        _gate.Stay.Hold.Leave(_gate.Stay.Entry);
    }
}
