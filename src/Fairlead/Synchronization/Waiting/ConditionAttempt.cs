using Fairlead.Native.Memory;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// A wait for a condition, in three steps. The constructor joins the wait queue and leaves the mutex. The attempt sleeps until it is
/// notified or gives up. Then it enters the mutex again, however the sleep ended.
/// </summary>
internal sealed class ConditionAttempt : LockAttempt
{
    private readonly ConditionCore _core;
    private readonly MutexCore _mutex;
    private readonly RobustKeeper _keeper;
    private readonly EnterAttempt _back;
    private readonly bool _isInWaitQueue;
    private readonly uint _ticket;
    private readonly uint _overflow;
    private readonly int _missing;

    /// <param name="core">The core; the attempt keeps a reference to its memory until it ends.</param>
    /// <param name="mutex">The mutex of the condition; the same holds for its memory.</param>
    /// <param name="stay">The caller's entry into the mutex.</param>
    /// <param name="thread">The kernel's ID of the waiting thread; 0 for an asynchronous caller.</param>
    public ConditionAttempt(ConditionCore core, MutexCore mutex, Stay stay, int thread)
    {
        _core = core;
        _mutex = mutex;
        core.AddReference();
        try
        {
            // Everything that can fail comes first: from here on the way back into the mutex is certain.
            _back = new EnterAttempt(mutex, thread, stay.Hold);
            _keeper = RobustKeeper.Reserve();
            _isInWaitQueue = core.Words.TryJoin(_keeper, out _ticket);
        }
        catch
        {
            _keeper?.Free();
            _back?.Abandon();
            core.RemoveReference();
            throw;
        }

        ConditionWords words = core.Words;
        if (_isInWaitQueue)
        {
            core.SignIn(ref words.WaitQueue.Info(_ticket), _keeper, thread);
            _missing = words.CountMissing(_ticket);
        }
        else
        {
            _overflow = words.JoinOverflow();
        }

        if (!mutex.TryStepOut(stay.Hold, stay.Entry))
        {
            _back.Abandon();
            Leave();
            throw core.NotInside();
        }
    }

    /// <summary>
    /// Whether the wait was woken, with or without a notification, rather than given up. Valid when the mutex is entered again.
    /// </summary>
    public bool IsWoken { get; private set; }

    public override unsafe bool TryAdvance(out int* word, out int value)
    {
        if (_isInWaitQueue)
        {
            WatchThoseBefore();
        }

        word = (int*)(_isInWaitQueue ? _core.Words.Notified(_ticket) : _core.Words.Overflow);
        value = (int)_overflow;
        return IsWoken = IsWoken || IsDue();
    }

    /// <summary>
    /// Stops waiting. The queue slot is released when the mutex is entered again; a notification until then still counts.
    /// </summary>
    public override void Abandon()
    {
    }

    /// <summary>Enters the mutex again. Blocks.</summary>
    /// <param name="deadline">The latest time to enter.</param>
    /// <exception cref="FairleadException">
    /// LockLost: the time ran out, there is a deadlock, or the system has no thread left for the wait. A notification that this attempt got
    /// has been passed on.
    /// </exception>
    public void TakeBack(Deadline deadline)
    {
        bool isBack = false;
        FairleadException? cause = null;
        try
        {
            isBack = _back.Wait(deadline, CancellationToken.None);
        }
        catch (FairleadException error)
        {
            // A deadlock, or no thread to wait on. The caller must learn that the scope is outside.
            cause = error;
        }
        finally
        {
            End(isBack);
        }

        ThrowUnless(isBack, cause);
    }

    /// <summary>Enters the mutex again, without blocking a thread.</summary>
    /// <inheritdoc cref="TakeBack"/>
    public async ValueTask TakeBackAsync(Deadline deadline)
    {
        bool isBack = false;
        FairleadException? cause = null;
        try
        {
            isBack = await _back.WaitAsync(deadline, CancellationToken.None).ConfigureAwait(false);
        }
        catch (FairleadException error)
        {
            // A deadlock, or no thread to wait on. The caller must learn that the scope is outside.
            cause = error;
        }
        finally
        {
            End(isBack);
        }

        ThrowUnless(isBack, cause);
    }

    // Notified itself, or in the place of a notified waiter that has died.
    private unsafe bool IsDue() => _isInWaitQueue
        ? Volatile.Read(ref *_core.Words.Notified(_ticket)) != 0 || _core.Words.CountMissing(_ticket) != _missing
        : Volatile.Read(ref *_core.Words.Overflow) != _overflow;

    // If a process ended unnoticed, no waiter behind it would wake in its place. The living ones are watched from now on.
    private unsafe void WatchThoseBefore()
    {
        WaitQueue line = _core.Words.WaitQueue;
        uint living = 0;
        for (uint before = line.First; before != _ticket && !_core.Words.Header.IsMixed; before++)
        {
            // Neighbouring slots often belong to one process.
            LockWord found = line.WordOf(before);
            if (found.Owner == 0 || found.Owner == living)
            {
                continue;
            }

            if (KeeperWatch.IsGone(found.Owner))
            {
                MutexWords.Abandon(line.Word(before), found.Value);
            }
            else
            {
                living = found.Owner;
            }
        }
    }

    private void End(bool isBack)
    {
        IsWoken |= IsDue();
        if (!isBack && IsWoken && _isInWaitQueue)
        {
            // Pass the notification on: it woke no other waiter.
            _core.Words.NotifyWaitQueue();
        }

        Leave();
    }

    private void Leave()
    {
        if (_isInWaitQueue)
        {
            _core.Words.WaitQueue.Leave(_keeper, _ticket);
        }

        _keeper.Free();
        _core.RemoveReference();
    }

    private void ThrowUnless(bool isBack, FairleadException? cause)
    {
        if (!isBack)
        {
            throw new FairleadException(
                ErrorCode.LockLost,
                $"{_mutex.Description} could not be entered again after waiting for {_core.Description}"
                    + (cause is null ? "" : $": {cause.WhatHappened}"),
                "The scope has left the mutex: enter it again.",
                cause)
            {
                Peer = cause is null ? _mutex.Snapshot().Holder?.Peer : cause.Peer,
            };
        }
    }
}
