namespace Fairlead.Synchronization.Waiting;

/// <summary>One who waits for a countdown to come to zero. All sleep on its word together, and stand in the line only to be seen.</summary>
/// <param name="core">Keeps its memory until this has ended.</param>
/// <param name="rounds">When the wait began.</param>
/// <param name="thread">The kernel's number of the thread that waits; 0: none.</param>
internal sealed unsafe class CountdownAttempt(CountdownCore core, uint rounds, int thread)
    : LineAttempt(core, core.Words.Form, core.Words.Line, thread)
{
    protected override bool KeepsOrder => false;

    protected override bool TryAdvanceAsFirst(out uint* sleepOn, out uint value)
    {
        sleepOn = core.Words.Word;
        return !core.Words.PrepareSleep(rounds, out value);
    }
}
