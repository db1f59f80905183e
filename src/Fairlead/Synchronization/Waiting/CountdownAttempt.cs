namespace Fairlead.Synchronization.Waiting;

/// <summary>A wait for the zero of a countdown. All waiters sleep on one word; they join the wait queue only to be visible.</summary>
/// <param name="core">The core; the attempt keeps a reference to its memory until it ends.</param>
/// <param name="rounds">The round in which the wait began.</param>
/// <param name="thread">The kernel's ID of the waiting thread; 0 for an asynchronous caller.</param>
internal sealed unsafe class CountdownAttempt(CountdownCore core, uint rounds, int thread)
    : WaitQueueAttempt(core, core.Words.Header, core.Words.WaitQueue, thread)
{
    protected override bool KeepsOrder => false;

    protected override bool TryAdvanceAsFirst(out uint* sleepOn, out uint value)
    {
        sleepOn = core.Words.Word;
        return !core.Words.PrepareSleep(rounds, out value);
    }
}
