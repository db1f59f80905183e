namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// A mutex in this process's hands. Used again and again by those who enter one after the other. While somebody is inside only his scope
/// has a reference to it, so that a scope which is lost is found by the garbage collector.
/// </summary>
internal sealed class MutexHold
{
    private readonly MutexCore _core;

    // Of a recursive mutex alone.
    private readonly RankedLock _gate;

    // The stay, numbered; 0: nobody is inside. Of a recursive mutex: one of those of this stay, the others beside it.
    private long _entry;
    private long _lastEntry;
    private List<long>? _more;
    private bool _isInDoubt;

    // The stay that has stepped out, to wait for a condition; 0: none.
    private long _away;

    public MutexHold(MutexCore core)
    {
        _core = core;
        if (core.IsRecursive)
        {
            _gate = new RankedLock(LockRank.MutexHold);
            Weak = new WeakReference<MutexHold>(this);
        }
    }

    ~MutexHold()
    {
        if (_entry != 0)
        {
            _core.ReportLost();
        }
    }

    /// <summary>What it is a stay of.</summary>
    public MutexCore Core => _core;

    /// <summary>Of a recursive mutex.</summary>
    public WeakReference<MutexHold>? Weak { get; }

    /// <summary>The mutex has been entered.</summary>
    public Stay Begin(bool isInDoubt)
    {
        _isInDoubt = isInDoubt;
        long entry = _lastEntry + 1;
        _lastEntry = entry;
        Volatile.Write(ref _entry, entry);
        return new Stay(this, entry);
    }

    /// <summary>Inside the gate of the mutex's keeper: ends the stay, if it has not ended.</summary>
    public bool TryEnd(long entry)
    {
        if (_entry != entry)
        {
            return false;
        }

        _entry = 0;
        return true;
    }

    /// <summary>
    /// Inside the gate of the mutex's keeper: interrupts the stay, with all that belongs to it, until <see cref="StepIn"/>.
    /// </summary>
    public bool TryStepOut(long entry)
    {
        if (!IsInside(entry))
        {
            return false;
        }

        _away = _entry;
        Volatile.Write(ref _entry, 0);
        return true;
    }

    /// <summary>The mutex has been entered again.</summary>
    public Stay StepIn(bool isInDoubt)
    {
        _isInDoubt = isInDoubt;
        Volatile.Write(ref _entry, _away);
        return new Stay(this, _away);
    }

    public bool IsInDoubt(long entry) => IsInside(entry) && _isInDoubt;

    public void MarkConsistent(long entry)
    {
        if (!IsInside(entry) || !_core.TryMarkConsistent(this, entry))
        {
            throw Left();
        }

        _isInDoubt = false;
    }

    public Stay EnterAgain(long entry)
    {
        if (Weak is null)
        {
            throw new InvalidOperationException($"{_core.Description} is not recursive: open it with NamedMutexOptions.Recursive.");
        }

        using (_gate.Hold())
        {
            return IsInside(entry) ? Again() : throw Left();
        }
    }

    /// <summary>Of a recursive mutex, by the thread that is inside.</summary>
    public Stay Again()
    {
        using (_gate.Hold())
        {
            _more ??= [];
            _more.Add(++_lastEntry);
            return new Stay(this, _lastEntry);
        }
    }

    public void Leave(long entry)
    {
        if (Weak is null || IsLast(entry))
        {
            _core.Leave(this, entry);
        }
    }

    public bool IsInside(long entry)
    {
        if (Volatile.Read(ref _entry) == entry)
        {
            return true;
        }

        if (Weak is null)
        {
            return false;
        }

        using (_gate.Hold())
        {
            return _entry == entry || (_entry != 0 && _more?.Contains(entry) == true);
        }
    }

    private ObjectDisposedException Left() => new(_core.Description, "The scope has left the lock.");

    private bool IsLast(long entry)
    {
        using (_gate.Hold())
        {
            if (_entry != entry)
            {
                _ = _more?.Remove(entry);
                return false;
            }

            if (_more is not [.., var other])
            {
                return true;
            }

            // Another of this stay stands for it from now on.
            _more.RemoveAt(_more.Count - 1);
            _entry = other;
            return false;
        }
    }
}
