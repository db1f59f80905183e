using Fairlead.Native;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// One who waits in a line: on his way into it, or in it behind others, on whose places he sleeps; as the first he looks for what all wait
/// for.
/// </summary>
internal abstract unsafe class LineAttempt : LockAttempt
{
    private readonly LockCore _core;
    private readonly Line _line;
    private readonly Form _form;
    private readonly RobustKeeper _keeper;
    private bool _isInLine;

    /// <param name="core">Keeps its memory until this has ended.</param>
    /// <param name="form">Of the lock.</param>
    /// <param name="line">Of the lock.</param>
    /// <param name="thread">The kernel's number of the thread that waits; 0: none.</param>
    protected LineAttempt(LockCore core, Form form, Line line, int thread)
    {
        _core = core;
        _form = form;
        _line = line;
        Thread = thread;
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

    /// <summary>Who waits, as the kernel numbers threads; 0: none.</summary>
    protected int Thread { get; }

    /// <summary>Of the place in the line.</summary>
    protected uint Ticket { get; private set; }

    /// <summary>
    /// Whether one is served after the other. Else all are the first, and stand in the line to be seen, where there is room.
    /// </summary>
    protected virtual bool KeepsOrder => true;

    /// <summary>Whether this stands in the line and nobody before it.</summary>
    protected bool IsFirst => _isInLine && !_line.TryFindBefore(Ticket, out _);

    public sealed override bool TryAdvance(out int* word, out int value)
    {
        while (true)
        {
            uint* sleepOn;
            uint asLongAs;
            if (!_isInLine && !Join(out uint full) && KeepsOrder)
            {
                // Not in the line, and so unknown to the kernel's chain of wake-ups: what comes is passed on.
                if (!_line.PrepareSleep(full, out asLongAs))
                {
                    continue;
                }

                sleepOn = _line.Word(full);
            }
            else if (KeepsOrder && _line.TryFindBefore(Ticket, out uint before))
            {
                if (!_line.PrepareSleep(before, out asLongAs))
                {
                    continue;
                }

                sleepOn = _line.Word(before);
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
    /// Passes a wake-up on. Of those for whom the line had no room several may sleep on a place, and where its owner dies the kernel wakes
    /// one.
    /// </summary>
    public sealed override void PassOn(int* word)
    {
        if (KeepsOrder && !_isInLine && new LockWord((uint)Volatile.Read(ref *word)).HasDied)
        {
            Futex.Wake(ref *word, int.MaxValue);
        }
    }

    /// <summary>Gives it up. Whoever has woken this one has woken the next by that.</summary>
    public override void Abandon() => LeaveAndEnd();

    /// <summary>By who is the first: takes what he waits for.</summary>
    /// <param name="sleepOn">
    /// Else: the word that changes when it can be had. Nobody but the first sleeps on it, or all who do are woken.
    /// </param>
    /// <param name="value">As long as it has this value.</param>
    /// <returns>Whether it is his.</returns>
    protected abstract bool TryAdvanceAsFirst(out uint* sleepOn, out uint value);

    /// <summary>It stands in the line from now on.</summary>
    protected virtual void OnJoined()
    {
    }

    /// <summary>The memory is needed no longer by who waited. Overridden where what was got needs it.</summary>
    protected virtual void LetGo() => _core.LetGo();

    /// <summary>A word about to be slept on, whose owner has ended without the kernel's mark: marks it.</summary>
    protected bool IsLeftByOwner(uint* word, uint value)
    {
        if (_form.IsMixed || !KeeperWatch.IsGone(new LockWord(value).Owner))
        {
            return false;
        }

        MutexWords.Abandon(word, value);
        return true;
    }

    private bool Join(out uint full)
    {
        if (!_line.TryJoin(_keeper, out uint ticket))
        {
            full = ticket;
            return false;
        }

        full = 0;
        Ticket = ticket;
        _isInLine = true;
        _core.SignIn(ref _line.Info(ticket), _keeper, Thread);
        OnJoined();
        return true;
    }

    private void LeaveAndEnd()
    {
        if (_isInLine)
        {
            _line.Leave(_keeper, Ticket);
            _isInLine = false;
        }

        _keeper.Free();
        LetGo();
    }
}
