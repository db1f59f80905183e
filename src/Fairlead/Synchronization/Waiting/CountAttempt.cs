using Fairlead.Native.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A wait for a permit of a count.</summary>
/// <param name="core">The core; the attempt keeps a reference to its memory until it ends.</param>
/// <param name="thread">The kernel's ID of the waiting thread; 0 for an asynchronous caller.</param>
internal sealed unsafe class CountAttempt(CountCore core, int thread)
    : WaitQueueAttempt(core, core.Words.Header, core.Words.WaitQueue, thread)
{
    protected override bool TryAdvanceAsFirst(out uint* sleepOn, out uint value)
    {
        CountWords words = core.Words;
        MutexWords guard = words.Guard;
        if (guard.Word.HasDied)
        {
            // The kernel woke one sleeper on the guard. This one may be it, and a process that adds permits may sleep there, too.
            Futex.Wake(ref *(int*)guard.WordPlace, int.MaxValue);
        }

        while (true)
        {
            if (words.TryTake(words.WaitQueue.IsLast(Ticket)))
            {
                sleepOn = null;
                value = 0;
                return true;
            }

            if (!words.PrepareSleep(out value))
            {
                continue;
            }

            // Only after the announcement: a process that enters the guard after this evicts the sleeper.
            if (!guard.MustSleep(out uint guarded))
            {
                sleepOn = words.Word;
                return false;
            }

            sleepOn = guard.WordPlace;
            value = guarded;
            if (!IsLeftByOwner(sleepOn, value))
            {
                return false;
            }
        }
    }
}
