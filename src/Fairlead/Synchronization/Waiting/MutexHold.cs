namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// The entry of this process into a mutex. Successive owners reuse the object. While an owner is inside, only its scope refers to the
/// object, and the finalizer thus finds a scope that was never disposed.
/// </summary>
internal sealed class MutexHold
{
    private readonly MutexCore _core;

    // For a recursive mutex only.
    private readonly RankedLock _gate;

    // The number of the entry; 0: no owner is inside. For a recursive mutex: one of the nested entries, with the others in _more.
    private long _entry;
    private long _lastEntry;
    private List<long>? _more;
    private bool _isInDoubt;

    // The entry that has stepped out to wait for a condition; 0: none.
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

    /// <summary>The mutex of the entry.</summary>
    public MutexCore Core => _core;

    /// <summary>Set for a recursive mutex only.</summary>
    public WeakReference<MutexHold>? Weak { get; }

    /// <summary>Begins an entry when the mutex has been taken.</summary>
    public Stay Begin(bool isInDoubt)
    {
        _isInDoubt = isInDoubt;
        long entry = _lastEntry + 1;
        _lastEntry = entry;
        Volatile.Write(ref _entry, entry);
        return new Stay(this, entry);
    }

    /// <summary>Ends the entry, unless it has ended. Inside the gate of the mutex's owner thread.</summary>
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
    /// Interrupts the entry, with all nested ones, until <see cref="StepIn"/>. Inside the gate of the mutex's owner thread.
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

    /// <summary>Continues the interrupted entry when the mutex has been taken again.</summary>
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

    /// <summary>Adds a nested entry. Called by the thread inside a recursive mutex.</summary>
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

            // Another nested entry represents the owner from now on.
            _more.RemoveAt(_more.Count - 1);
            _entry = other;
            return false;
        }
    }
}
