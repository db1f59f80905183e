using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// One who waits for an event. Where it releases all, they sleep on its word together, and stand in the line only to be seen.
/// </summary>
/// <param name="core">Keeps its memory until this has ended.</param>
/// <param name="epoch">When the wait began.</param>
/// <param name="thread">The kernel's number of the thread that waits; 0: none.</param>
internal sealed unsafe class EventAttempt(EventCore core, uint epoch, int thread)
    : LineAttempt(core, core.Words.Form, core.Words.Line, thread)
{
    protected override bool KeepsOrder => core.IsAutomatic;

    protected override bool TryAdvanceAsFirst(out uint* sleepOn, out uint value)
    {
        EventWords words = core.Words;
        sleepOn = words.Word;
        while (true)
        {
            if (core.IsAutomatic ? words.TryTake(words.Line.IsLast(Ticket)) : words.IsReleased(epoch))
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
