using Fairlead.Native;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>One who wants to enter a mutex that is not idle.</summary>
/// <param name="core">Keeps its memory until this has ended.</param>
/// <param name="thread">The kernel's number of the thread that waits; 0: none.</param>
/// <param name="away">A stay that has stepped out, and goes on then; null: it is a new one.</param>
internal sealed unsafe class EnterAttempt(MutexCore core, int thread, MutexHold? away = null)
    : LineAttempt(core, core.Words.Form, core.Words.Line, thread)
{
    /// <summary>Looks at a mutex that changes hands before who is first sleeps: about what a wake-up costs.</summary>
    private const int Looks = 1000;

    private static readonly bool HasOneProcessor = Environment.ProcessorCount == 1;

    private bool _hasEntered;
    private Stay _stay;

    /// <summary>When it has entered.</summary>
    public Stay Stay => _stay;

    /// <summary>
    /// The first of the line looks for a moment, without closing the mutex to others: one that is held shortly changes hands without a
    /// system call.
    /// </summary>
    public override void LookOn()
    {
        if (HasOneProcessor || !IsFirst)
        {
            return;
        }

        for (int i = 0; i < Looks && core.Words.Word is { Owner: not 0, HasSleeper: false }; i++)
        {
            Processor.Pause();
        }
    }

    protected override bool TryAdvanceAsFirst(out uint* sleepOn, out uint value)
    {
        sleepOn = core.Words.WordPlace;
        while (true)
        {
            if (core.Words.MustSleep(out value))
            {
                if (!IsLeftByOwner(sleepOn, value))
                {
                    return false;
                }
            }
            else if (core.TryTake(value, Thread, away, out _stay))
            {
                _hasEntered = true;
                return true;
            }
        }
    }

    protected override void OnJoined()
    {
        if (core.DetectsDeadlock && Thread != 0)
        {
            core.ThrowIfDeadlock(Thread);
        }
    }

    protected override void LetGo()
    {
        if (!_hasEntered || !core.KeepsReference())
        {
            base.LetGo();
        }
    }
}
