using Fairlead.Native.Memory;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A lock in this process whose owners each have a slot.</summary>
/// <param name="place">The location of the lock; this object takes ownership.</param>
/// <param name="form">The header of the lock.</param>
/// <param name="options">The requested options.</param>
/// <param name="text">Describes options in words.</param>
internal abstract class SlotCore(LockPlace place, LockHeader form, uint options, Func<uint, string> text)
    : LockCore(place, form, options, text)
{
    // From the owner that left last: mostly one owner at a time is inside.
    private SlotHold? _spare;

    /// <summary>Leaves a slot. The hold calls it once.</summary>
    public void Leave(SlotHold hold, RobustKeeper keeper, int seat)
    {
        LeaveSlot(keeper, seat);
        keeper.Free();
        Volatile.Write(ref _spare, hold);
        RemoveReference();
    }

    /// <summary>Records a taken slot. The caller holds a reference to the memory.</summary>
    /// <param name="keeper">The owner thread of the slot, with its list entry.</param>
    /// <param name="seat">The index of the slot.</param>
    /// <param name="isInDoubt">Whether a writer died inside and no writer has marked the data consistent.</param>
    protected SlotStay Begin(RobustKeeper keeper, int seat, bool isInDoubt)
    {
        // Leave releases it.
        KeepMemory();
        return (Interlocked.Exchange(ref _spare, null) ?? new SlotHold(this)).Begin(keeper, seat, isInDoubt);
    }

    /// <summary>Leaves the words of a slot, and wakes the waiters for it.</summary>
    protected abstract void LeaveSlot(RobustKeeper keeper, int seat);
}
