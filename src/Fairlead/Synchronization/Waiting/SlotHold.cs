using Fairlead.Native.Memory;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// The slot of one owner in this process: a permit, or a reader's slot. Successive owners reuse the object. While an owner has it, only its
/// scope refers to the object, and the finalizer thus finds a scope that was never disposed.
/// </summary>
/// <param name="core">The lock; the owner holds a reference to its memory until it leaves the slot.</param>
internal sealed class SlotHold(SlotCore core)
{
    private RobustKeeper? _keeper;
    private int _slot;
    private bool _isInDoubt;

    // The number of the entry; 0: no owner.
    private long _entry;
    private long _lastEntry;

    ~SlotHold()
    {
        if (_entry != 0)
        {
            core.ReportLost();
        }
    }

    /// <summary>Begins an entry when the slot has been taken.</summary>
    /// <param name="keeper">The owner thread of the slot, with its list entry.</param>
    /// <param name="seat">The index of the slot.</param>
    /// <param name="isInDoubt">Whether a writer died inside and no writer has marked the data consistent.</param>
    public SlotStay Begin(RobustKeeper keeper, int seat, bool isInDoubt)
    {
        _keeper = keeper;
        _slot = seat;
        _isInDoubt = isInDoubt;
        long entry = ++_lastEntry;
        Volatile.Write(ref _entry, entry);
        return new SlotStay(this, entry);
    }

    public bool IsInDoubt(long entry) => Volatile.Read(ref _entry) == entry && _isInDoubt;

    /// <summary>Leaves the slot. Harmless the second time.</summary>
    public void Leave(long entry)
    {
        if (Interlocked.CompareExchange(ref _entry, 0, entry) == entry)
        {
            core.Leave(this, _keeper!, _slot);
        }
    }
}
