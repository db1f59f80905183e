using Fairlead.Native;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// One who waits for a condition. Three steps: he joins those who wait, and leaves the mutex (in the constructor); he sleeps until he is
/// notified, or does not want to any longer; he takes the mutex back, however that has ended.
/// </summary>
internal sealed class ConditionAttempt : LockAttempt
{
    private readonly ConditionCore _core;
    private readonly MutexCore _mutex;
    private readonly RobustKeeper _keeper;
    private readonly EnterAttempt _back;
    private readonly bool _isInLine;
    private readonly uint _ticket;
    private readonly uint _crowd;
    private readonly int _missing;

    /// <param name="core">Keeps its memory until this has ended.</param>
    /// <param name="mutex">The same.</param>
    /// <param name="stay">Inside the mutex.</param>
    /// <param name="thread">The kernel's number of the thread that waits; 0: none.</param>
    public ConditionAttempt(ConditionCore core, MutexCore mutex, Stay stay, int thread)
    {
        _core = core;
        _mutex = mutex;
        core.Hold();
        try
        {
            // All that can fail comes first: from then on the way back is sure.
            _back = new EnterAttempt(mutex, thread, stay.Hold);
            _keeper = RobustKeeper.Reserve();
        }
        catch
        {
            _back?.Abandon();
            core.LetGo();
            throw;
        }

        ConditionWords words = core.Words;
        _isInLine = words.TryJoin(_keeper, out _ticket);
        if (_isInLine)
        {
            core.SignIn(ref words.Line.Info(_ticket), _keeper, thread);
            _missing = words.CountMissing(_ticket);
        }
        else
        {
            _crowd = words.JoinCrowd();
        }

        if (!mutex.TryStepOut(stay.Hold, stay.Entry))
        {
            _back.Abandon();
            Leave();
            throw core.NotInside();
        }
    }

    /// <summary>Whether it has been woken, with or without cause, and not only given up. When the mutex has been taken back.</summary>
    public bool IsWoken { get; private set; }

    public override unsafe bool TryAdvance(out int* word, out int value)
    {
        if (_isInLine)
        {
            WatchThoseBefore();
        }

        word = (int*)(_isInLine ? _core.Words.Notified(_ticket) : _core.Words.Crowd);
        value = (int)_crowd;
        return IsWoken = IsWoken || IsDue();
    }

    /// <summary>Waits no longer. The place is left when the mutex has been taken back: who is notified meanwhile has been.</summary>
    public override void Abandon()
    {
    }

    /// <summary>Enters the mutex again. Blocks.</summary>
    /// <param name="deadline">By when.</param>
    /// <exception cref="FairleadException">LockLost: not in time, or it would be for ever. Who was notified has passed it on.</exception>
    public void TakeBack(Deadline deadline)
    {
        bool isBack = false;
        FairleadException? cause = null;
        try
        {
            isBack = _back.Wait(deadline, CancellationToken.None);
        }
        catch (FairleadException error) when (error.Code == ErrorCode.Deadlock)
        {
            cause = error;
        }
        finally
        {
            End(isBack);
        }

        ThrowUnless(isBack, cause);
    }

    /// <summary>Enters the mutex again, without a thread.</summary>
    /// <inheritdoc cref="TakeBack"/>
    public async ValueTask TakeBackAsync(Deadline deadline)
    {
        bool isBack = false;
        FairleadException? cause = null;
        try
        {
            isBack = await _back.WaitAsync(deadline, CancellationToken.None).ConfigureAwait(false);
        }
        catch (FairleadException error) when (error.Code == ErrorCode.Deadlock)
        {
            cause = error;
        }
        finally
        {
            End(isBack);
        }

        ThrowUnless(isBack, cause);
    }

    // Notified, or in the place of one who was and has died.
    private unsafe bool IsDue() => _isInLine
        ? Volatile.Read(ref *_core.Words.Notified(_ticket)) != 0 || _core.Words.CountMissing(_ticket) != _missing
        : Volatile.Read(ref *_core.Words.Crowd) != _crowd;

    // Where a process has ended unnoticed, nobody behind it would wake in its stead; the others are watched from now on.
    private unsafe void WatchThoseBefore()
    {
        Line line = _core.Words.Line;
        uint living = 0;
        for (uint before = line.First; before != _ticket && !_core.Words.Form.IsMixed; before++)
        {
            // Neighbours are often of one process.
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
        if (!isBack && IsWoken && _isInLine)
        {
            // Nobody else would be woken for it.
            _core.Words.NotifyLine();
        }

        Leave();
    }

    private void Leave()
    {
        if (_isInLine)
        {
            _core.Words.Line.Leave(_keeper, _ticket);
        }

        _keeper.Free();
        _core.LetGo();
    }

    private void ThrowUnless(bool isBack, FairleadException? cause)
    {
        if (!isBack)
        {
            throw new FairleadException(
                ErrorCode.LockLost,
                $"{_mutex.Description} could not be entered again after waiting for {_core.Description}"
                    + (cause is null ? "" : $": {cause.WhatHappened}"),
                "The scope is no longer inside: enter the mutex again.",
                cause)
            {
                Peer = cause is null ? _mutex.Snapshot().Holder?.Peer : cause.Peer,
            };
        }
    }
}
