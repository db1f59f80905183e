using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A wait for an event. Waiters of a manual event all sleep on its word, and join the wait queue only to be visible.</summary>
/// <param name="core">The core; the attempt keeps a reference to its memory until it ends.</param>
/// <param name="epoch">The epoch in which the wait began.</param>
/// <param name="thread">The kernel's ID of the waiting thread; 0 for an asynchronous caller.</param>
internal sealed unsafe class EventAttempt(EventCore core, uint epoch, int thread)
    : WaitQueueAttempt(core, core.Words.Header, core.Words.WaitQueue, thread)
{
    protected override bool KeepsOrder => core.IsAutomatic;

    protected override bool TryAdvanceAsFirst(out uint* sleepOn, out uint value)
    {
        EventWords words = core.Words;
        sleepOn = words.Word;
        while (true)
        {
            if (core.IsAutomatic ? words.TryTake(words.WaitQueue.IsLast(Ticket)) : words.IsReleased(epoch))
            {
                value = 0;
                return true;
            }

            if (words.PrepareSleep(out value) && (core.IsAutomatic || EventWords.EpochIn(value) == epoch))
            {
                return false;
            }
        }
    }
}
