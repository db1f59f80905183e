using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// An attempt to get a permit that has to wait. All such attempts are in the wait queue; only the first one looks for permits.
/// </summary>
/// <param name="core">The core; the attempt keeps a reference to its memory until it ends.</param>
/// <param name="isTaken">True to remove a permit, false to enter.</param>
/// <param name="thread">The kernel's ID of the waiting thread; 0 for an asynchronous caller.</param>
internal sealed unsafe class SemaphoreAttempt(SemaphoreCore core, bool isTaken, int thread)
    : WaitQueueAttempt(core, core.Words.Header, core.Words.WaitQueue, thread)
{
    private SlotStay _stay;

    /// <summary>The entry, valid on success.</summary>
    public SlotStay Stay => _stay;

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
        sleepOn = core.Words.Doorbell;
        while (true)
        {
            value = Volatile.Read(ref *sleepOn);
            if (core.TryGet(isTaken, Thread, out _stay))
            {
                core.Words.WantNoMore(Ticket);
                return true;
            }

            // Announce the wait before checking all slots once more: a leaver has been seen by the check, or sees that it must ring.
            core.Words.Want(Ticket);
            if (AllAreWatched())
            {
                return false;
            }
        }
    }

    // If a leaver dies before it rings, its death wakes the sleeper instead. So each slot must have been found with a watched owner, or
    // moved. A poster also rings before it leaves. The kernel's work for the dead wakes no sleeper here.
    private bool AllAreWatched()
    {
        LockSlots slots = core.Words.Slots;
        for (int i = 0; i < slots.Count; i++)
        {
            LockSlot found = slots[i];
            if (core.Words.IsFree(i, found) || (!core.Words.Header.IsMixed && SlotWatch.MarkGone(slots, i, found)))
            {
                return false;
            }
        }

        return true;
    }
}
