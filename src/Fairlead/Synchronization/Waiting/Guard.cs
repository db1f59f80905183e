using Fairlead.Native.Memory;
using Fairlead.Native.Processes;
using Fairlead.Native.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// A mutex inside a lock, held for steps that must not interleave with those of other callers. If its owner dies, the next caller takes it
/// and finds the state that the owner left.
/// </summary>
/// <param name="core">The lock that the guard belongs to.</param>
/// <param name="form">The header of the lock.</param>
/// <param name="words">The words of the mutex, which has no separate header.</param>
internal sealed unsafe class Guard(LockCore core, LockHeader form, MutexWords words)
{
    // One caller in this process has the guard at a time.
    private readonly RobustKeeper _keeper = RobustKeeper.Reserve();

    /// <summary>Enters. Blocks while another caller is inside: for a few steps, or while its process is stopped.</summary>
    /// <returns>A scope; disposing it leaves. Dispose it however the steps end: until then every user in every process waits.</returns>
    public Scope Enter()
    {
        if (!TryTakeIdle())
        {
            _ = new Attempt(this, core, form, words).Wait(Deadline.Infinite, CancellationToken.None);
        }

        return new Scope(this);
    }

    /// <summary>Ends the use of the guard by this object.</summary>
    public void Free() => _keeper.Free();

    private bool TryTakeIdle()
    {
        using (_keeper.Hold())
        {
            return words.TryTakeIdle(_keeper);
        }
    }

    private bool TryTake(uint found)
    {
        using (_keeper.Hold())
        {
            if (!_keeper.TryTake(words.WordPlace, found))
            {
                return false;
            }
        }

        if (new LockWord(found).HasDied)
        {
            // A thread of the dead process may still run inside for a moment.
            EndedProcess.Outlast();
        }

        return true;
    }

    private void Leave()
    {
        using (_keeper.Hold())
        {
            words.Leave(_keeper);
        }
    }

    /// <summary>One entry into the guard.</summary>
    public readonly ref struct Scope(Guard guard)
    {
        public void Dispose() => guard.Leave();
    }

    private sealed class Attempt(Guard guard, LockCore core, LockHeader form, MutexWords words)
        : WaitQueueAttempt(core, form, words.WaitQueue, NativeThread.Id)
    {
        protected override bool TryAdvanceAsFirst(out uint* sleepOn, out uint value)
        {
            sleepOn = words.WordPlace;
            while (true)
            {
                if (!words.MustSleep(out value))
                {
                    if (guard.TryTake(value))
                    {
                        return true;
                    }
                }
                else if (!IsLeftByOwner(sleepOn, value))
                {
                    return false;
                }
            }
        }
    }
}
