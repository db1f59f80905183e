using Fairlead.Native;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// A seat in this process's hands: a permit, or a reader's. Used again and again, by one after the other. While somebody has it only his
/// scope has a reference to it, so that a scope which is lost is found by the garbage collector.
/// </summary>
/// <param name="core">Its memory is held until the seat has been left.</param>
internal sealed class SeatHold(SeatedCore core)
{
    private RobustKeeper? _keeper;
    private int _seat;
    private bool _isInDoubt;

    // The stay, numbered; 0: nobody has it.
    private long _entry;
    private long _lastEntry;

    ~SeatHold()
    {
        if (_entry != 0)
        {
            core.ReportLost();
        }
    }

    /// <summary>The seat has been taken.</summary>
    /// <param name="keeper">Owns the seat, with the room for it.</param>
    /// <param name="seat">Which.</param>
    /// <param name="isInDoubt">Whether a writer had died inside, and nobody had put it right.</param>
    public SeatStay Begin(RobustKeeper keeper, int seat, bool isInDoubt)
    {
        _keeper = keeper;
        _seat = seat;
        _isInDoubt = isInDoubt;
        long entry = ++_lastEntry;
        Volatile.Write(ref _entry, entry);
        return new SeatStay(this, entry);
    }

    public bool IsInDoubt(long entry) => Volatile.Read(ref _entry) == entry && _isInDoubt;

    /// <summary>Leaves the seat. Harmless the second time.</summary>
    public void Leave(long entry)
    {
        if (Interlocked.CompareExchange(ref _entry, 0, entry) == entry)
        {
            core.Leave(this, _keeper!, _seat);
        }
    }
}
