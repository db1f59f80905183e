using Fairlead.Native;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// A mutex inside a lock, held for some steps that must not come between those of others: where its owner dies, the next one takes it and
/// finds what he has left.
/// </summary>
/// <param name="core">Whose it is.</param>
/// <param name="form">Of the lock.</param>
/// <param name="words">The mutex, without a form of its own.</param>
internal sealed unsafe class Guard(LockCore core, Form form, MutexWords words)
{
    // One of this process has it at a time.
    private readonly RobustKeeper _keeper = RobustKeeper.Reserve();

    /// <summary>Enters. Blocks while others are inside, which is for some steps, or while one of them is stopped.</summary>
    /// <returns>Leaves when it is disposed, however the steps end: until then every user in every process waits.</returns>
    public Scope Enter()
    {
        if (!TryTakeIdle())
        {
            _ = new Attempt(this, core, form, words).Wait(Deadline.Infinite, CancellationToken.None);
        }

        return new Scope(this);
    }

    /// <summary>Nobody enters any more by this.</summary>
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
            // Somebody of the dead process may still be at it for a moment.
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

    /// <summary>The time inside.</summary>
    public readonly ref struct Scope(Guard guard)
    {
        public void Dispose() => guard.Leave();
    }

    private sealed class Attempt(Guard guard, LockCore core, Form form, MutexWords words)
        : LineAttempt(core, form, words.Line, NativeThread.Id)
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
