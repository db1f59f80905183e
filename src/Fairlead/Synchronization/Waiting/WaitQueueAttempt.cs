using Fairlead.Native.Memory;
using Fairlead.Native.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// A waiter in a wait queue. It joins the queue, sleeps on the slot of the waiter before it, and as the first one tries to take what all
/// wait for.
/// </summary>
internal abstract unsafe class WaitQueueAttempt : LockAttempt
{
    private readonly LockCore _core;
    private readonly WaitQueue _waitQueue;
    private readonly LockHeader _header;
    private readonly RobustKeeper _keeper;
    private bool _isInWaitQueue;

    /// <param name="core">The core; the attempt keeps a reference to its memory until it ends.</param>
    /// <param name="form">The header of the lock.</param>
    /// <param name="line">The wait queue of the lock.</param>
    /// <param name="thread">The kernel's ID of the waiting thread; 0 for an asynchronous caller.</param>
    protected WaitQueueAttempt(LockCore core, LockHeader form, WaitQueue line, int thread)
    {
        _core = core;
        _header = form;
        _waitQueue = line;
        Thread = thread;
        core.AddReference();
        try
        {
            _keeper = RobustKeeper.Reserve();
        }
        catch
        {
            core.RemoveReference();
            throw;
        }
    }

    /// <summary>The kernel's ID of the waiting thread; 0 for an asynchronous caller.</summary>
    protected int Thread { get; }

    /// <summary>The ticket of its slot in the wait queue.</summary>
    protected uint Ticket { get; private set; }

    /// <summary>
    /// Whether waiters are served one after the other. If not, each of them acts as the first, and joins the wait queue only to be visible,
    /// if there is a free slot.
    /// </summary>
    protected virtual bool KeepsOrder => true;

    /// <inheritdoc/>
    public sealed override TimeSpan LongestSleep => _header.IsMixed ? KeeperWatch.MixedSleep : Timeout.InfiniteTimeSpan;

    /// <summary>Whether this waiter is in the queue with no waiter before it.</summary>
    protected bool IsFirst => _isInWaitQueue && !_waitQueue.TryFindBefore(Ticket, out _);

    public sealed override bool TryAdvance(out int* word, out int value)
    {
        while (true)
        {
            uint* sleepOn;
            uint asLongAs;
            if (!_isInWaitQueue && !Join(out uint full) && KeepsOrder)
            {
                // Not in the queue, and so not in the kernel's chain of wake-ups: pass on what arrives.
                if (!_waitQueue.PrepareSleep(full, out asLongAs))
                {
                    continue;
                }

                sleepOn = _waitQueue.Word(full);
            }
            else if (KeepsOrder && _waitQueue.TryFindBefore(Ticket, out uint before))
            {
                if (!_waitQueue.PrepareSleep(before, out asLongAs))
                {
                    continue;
                }

                sleepOn = _waitQueue.Word(before);
            }
            else if (TryAdvanceAsFirst(out sleepOn, out asLongAs))
            {
                LeaveAndEnd();
                word = null;
                value = 0;
                return true;
            }
            else
            {
                word = (int*)sleepOn;
                value = (int)asLongAs;
                return false;
            }

            if (IsLeftByOwner(sleepOn, asLongAs))
            {
                continue;
            }

            word = (int*)sleepOn;
            value = (int)asLongAs;
            return false;
        }
    }

    /// <summary>
    /// Passes a wake-up on. Several waiters that found the queue full may sleep on one slot, and if its owner dies the kernel wakes one of
    /// them.
    /// </summary>
    public sealed override void PassOn(int* word)
    {
        if (KeepsOrder && !_isInWaitQueue && new LockWord((uint)Volatile.Read(ref *word)).HasDied)
        {
            Futex.Wake(ref *word, int.MaxValue);
        }
    }

    /// <summary>Gives up. Leaving the slot wakes the next waiter, if this one was woken.</summary>
    public override void Abandon() => LeaveAndEnd();

    /// <summary>Takes what the waiter waits for. Called on the first waiter.</summary>
    /// <param name="sleepOn">
    /// If false: the word that changes when it may be taken. Only the first waiter sleeps on it, or all sleepers are woken.
    /// </param>
    /// <param name="value">The value of the word to sleep on.</param>
    /// <returns>Whether the waiter has taken it.</returns>
    protected abstract bool TryAdvanceAsFirst(out uint* sleepOn, out uint value);

    /// <summary>Called when the waiter has joined the queue.</summary>
    protected virtual void OnJoined()
    {
    }

    /// <summary>Releases the waiter's reference to the memory. Overridden where the result of the wait needs it.</summary>
    protected virtual void RemoveReference() => _core.RemoveReference();

    /// <summary>Marks a word to sleep on whose owner has ended without the kernel's mark; returns whether it did.</summary>
    protected bool IsLeftByOwner(uint* word, uint value)
    {
        if (_header.IsMixed || !KeeperWatch.IsGone(new LockWord(value).Owner))
        {
            return false;
        }

        MutexWords.Abandon(word, value);
        return true;
    }

    private bool Join(out uint full)
    {
        if (!_waitQueue.TryJoin(_keeper, out uint ticket))
        {
            full = ticket;
            return false;
        }

        full = 0;
        Ticket = ticket;
        _isInWaitQueue = true;
        _core.SignIn(ref _waitQueue.Info(ticket), _keeper, Thread);
        OnJoined();
        return true;
    }

    private void LeaveAndEnd()
    {
        if (_isInWaitQueue)
        {
            _waitQueue.Leave(_keeper, Ticket);
            _isInWaitQueue = false;
        }

        _keeper.Free();
        RemoveReference();
    }
}
