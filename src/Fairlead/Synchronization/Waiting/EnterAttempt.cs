using Fairlead.Native;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>An attempt to enter a mutex that is not idle.</summary>
/// <param name="core">The core; the attempt keeps a reference to its memory until it ends.</param>
/// <param name="thread">The kernel's ID of the waiting thread; 0 for an asynchronous caller.</param>
/// <param name="away">The entry that stepped out and is to continue; null for a new entry.</param>
internal sealed unsafe class EnterAttempt(MutexCore core, int thread, MutexHold? away = null)
    : WaitQueueAttempt(core, core.Words.Header, core.Words.WaitQueue, thread)
{
    /// <summary>How often the first waiter polls a contended mutex before it sleeps: about the cost of a wake-up.</summary>
    private const int Looks = 1000;

    private static readonly bool HasOneProcessor = Environment.ProcessorCount == 1;

    private bool _hasEntered;
    private Stay _stay;

    /// <summary>The entry, valid when the attempt has succeeded.</summary>
    public Stay Stay => _stay;

    /// <summary>
    /// Spins for a moment as the first waiter, without closing the mutex to other callers. A mutex that is held no longer than that changes
    /// hands without a system call.
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

    protected override void RemoveReference()
    {
        if (!_hasEntered || !core.KeepsReference())
        {
            base.RemoveReference();
        }
    }
}
