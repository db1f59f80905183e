using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// One who wants a permit of a semaphore and has to wait for it. All stand in the line; only the first looks for permits.
/// </summary>
/// <param name="core">Keeps its memory until this has ended.</param>
/// <param name="isTaken">Whether the permit is taken away; else it is entered.</param>
/// <param name="thread">The kernel's number of the thread that waits; 0: none.</param>
internal sealed unsafe class SemaphoreAttempt(SemaphoreCore core, bool isTaken, int thread)
    : LineAttempt(core, core.Words.Form, core.Words.Line, thread)
{
    private SeatStay _stay;

    /// <summary>When it has entered.</summary>
    public SeatStay Stay => _stay;

    public override void Abandon()
    {
        if (IsFirst)
        {
            core.Words.WantNoMore(Ticket);
        }

        base.Abandon();
    }

    protected override bool TryAdvanceAsFirst(out uint* sleepOn, out uint value)
    {
        sleepOn = core.Words.Bell;
        while (true)
        {
            value = Volatile.Read(ref *sleepOn);
            if (core.TryGet(isTaken, Thread, out _stay))
            {
                core.Words.WantNoMore(Ticket);
                return true;
            }

            // It is wanted before all are looked at once more: who leaves meanwhile has been seen, or sees that he is to ring.
            core.Words.Want(Ticket);
            if (AllAreWatched())
            {
                return false;
            }
        }
    }

    // Who leaves and dies before he rings is rung for by his end: so each seat must have been found with an owner who is watched, or moved.
    // Who posts rings before he leaves, too. What the kernel does for the dead it tells nobody who sleeps here.
    private bool AllAreWatched()
    {
        Seats seats = core.Words.Seats;
        for (int i = 0; i < seats.Count; i++)
        {
            Seat found = seats[i];
            if (core.Words.IsFree(i, found) || (!core.Words.Form.IsMixed && SeatWatch.MarkGone(seats, i, found)))
            {
                return false;
            }
        }

        return true;
    }
}
