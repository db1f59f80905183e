using Fairlead.Native;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A lock in this process in which each who has entered has a seat.</summary>
/// <param name="place">Owned from now on.</param>
/// <param name="form">Its first words.</param>
/// <param name="options">What it is to be like.</param>
/// <param name="text">The options in words.</param>
internal abstract class SeatedCore(LockPlace place, Form form, uint options, Func<uint, string> text) : LockCore(place, form, options, text)
{
    // Of the one who has left last: mostly one at a time is inside.
    private SeatHold? _spare;

    /// <summary>Leaves a seat. By its hold, once.</summary>
    public void Leave(SeatHold hold, RobustKeeper keeper, int seat)
    {
        LeaveSeat(keeper, seat);
        keeper.Free();
        Volatile.Write(ref _spare, hold);
        LetGo();
    }

    /// <summary>A seat has been taken, by who holds the memory.</summary>
    /// <param name="keeper">Owns the seat, with the room for it.</param>
    /// <param name="seat">Which.</param>
    /// <param name="isInDoubt">Whether a writer had died inside, and nobody had put it right.</param>
    protected SeatStay Begin(RobustKeeper keeper, int seat, bool isInDoubt)
    {
        // The release is in Leave.
        KeepMemory();
        return (Interlocked.Exchange(ref _spare, null) ?? new SeatHold(this)).Begin(keeper, seat, isInDoubt);
    }

    /// <summary>Leaves the words of a seat, and wakes who waits for it.</summary>
    protected abstract void LeaveSeat(RobustKeeper keeper, int seat);
}
