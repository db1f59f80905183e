using Fairlead.Native;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>One who wants to enter a mutex that is not idle: on his way into the line, or in it. Driven by one thread at a time, and ended by entering or by <see cref="Abandon"/>.</summary>
internal sealed unsafe class EnterAttempt
{
    /// <summary>Looks at a mutex that changes hands before who is first sleeps: about what a wake-up costs.</summary>
    private const int Looks = 1000;

    private static readonly bool HasOneProcessor = Environment.ProcessorCount == 1;

    private readonly MutexCore _core;
    private readonly int _thread;
    private readonly RobustKeeper _keeper;
    private uint _ticket;
    private bool _isInLine;

    /// <param name="core">Keeps its memory until this has ended.</param>
    /// <param name="thread">The kernel's number of the thread that waits; 0: none.</param>
    public EnterAttempt(MutexCore core, int thread)
    {
        _core = core;
        _thread = thread;
        core.Hold();
        try
        {
            _keeper = RobustKeeper.Reserve();
        }
        catch
        {
            core.LetGo();
            throw;
        }
    }

    private MutexWords Words => _core.Words;

    /// <summary>Goes on as far as is possible without waiting.</summary>
    /// <param name="word">Else: what to sleep on.</param>
    /// <param name="value">As long as it has this value.</param>
    /// <param name="stay">Entered.</param>
    public bool TryAdvance(out int* word, out int value, out Stay stay)
    {
        while (true)
        {
            uint* sleepOn;
            uint asLongAs;
            if (!_isInLine && !Join(out uint full))
            {
                // Not in the line, and so unknown to the kernel's chain of wake-ups: what comes is passed on.
                if (!Words.Line.PrepareSleep(full, out asLongAs))
                {
                    continue;
                }

                sleepOn = Words.Line.Word(full);
            }
            else if (!Words.MustSleep(_ticket, out sleepOn, out asLongAs))
            {
                if (_core.TryTake(asLongAs, _thread, out stay))
                {
                    LeaveLine();
                    End(isEntered: true);
                    word = null;
                    value = 0;
                    return true;
                }

                continue;
            }

            LockWord found = new(asLongAs);
            if (!Words.Form.IsMixed && KeeperWatch.IsGone(found.Owner))
            {
                MutexWords.Abandon(sleepOn, asLongAs);
                continue;
            }

            word = (int*)sleepOn;
            value = (int)asLongAs;
            stay = default;
            return false;
        }
    }

    /// <summary>The first of the line looks for a moment, without closing the mutex to others: one that is held shortly changes hands without a system call.</summary>
    public void LookOn()
    {
        if (HasOneProcessor || !_isInLine || !Words.IsFirst(_ticket))
        {
            return;
        }

        for (int i = 0; i < Looks && Words.Word is { Owner: not 0, HasSleeper: false }; i++)
        {
            Processor.Pause();
        }
    }

    /// <summary>Passes a wake-up on. Of those for whom the line had no room several may sleep on a place, and where its owner dies the kernel wakes one.</summary>
    public void PassOn(int* word)
    {
        if (!_isInLine && new LockWord((uint)Volatile.Read(ref *word)).HasDied)
        {
            Futex.Wake(ref *word, int.MaxValue);
        }
    }

    /// <summary>Gives it up. Nothing of it is left in shared memory afterwards. Whoever has woken this one has woken the next by that.</summary>
    public void Abandon()
    {
        if (_isInLine)
        {
            LeaveLine();
        }

        End(isEntered: false);
    }

    private bool Join(out uint full)
    {
        if (!Words.Line.TryJoin(_keeper, out uint ticket))
        {
            full = ticket;
            return false;
        }

        full = 0;
        _ticket = ticket;
        _isInLine = true;
        ref Standing standing = ref Words.Line.Info(ticket);
        standing.ParticipantId = _core.ParticipantId;
        standing.Thread = _thread;
        standing.Since = Clock.Nanoseconds();
        standing.Process = NativeProcess.Id;
        Volatile.Write(ref standing.Keeper, _keeper.Id);
        LookForDeadlock();
        return true;
    }

    private void LookForDeadlock()
    {
        if (_core.DetectsDeadlock && _thread != 0)
        {
            _core.ThrowIfDeadlock(_thread);
        }
    }

    private void LeaveLine()
    {
        Words.Line.Leave(_keeper, _ticket);
        _isInLine = false;
    }

    private void End(bool isEntered)
    {
        _keeper.Free();
        if (!isEntered || !_core.KeepsReference())
        {
            _core.LetGo();
        }
    }
}
