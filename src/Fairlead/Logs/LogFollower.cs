using Fairlead.Logs.Storage;

namespace Fairlead.Logs;

/// <summary>
/// Reads a log from somewhere on, and waits for what is appended. Opened by <see cref="MappedLog.Follow(LogStart)"/>. All followers see the
/// same records in the same order. While records keep coming it makes no system call.
/// </summary>
/// <remarks>
/// Any number of threads may use it; each record goes to one of them. A record is good until the next one is asked for, so with several
/// threads each copies what it needs before it asks again, under a lock of theirs. A record that is being written is waited for, since its
/// place is before those behind it; one whose appender has died is passed over.
/// </remarks>
public sealed partial class LogFollower : IDisposable
{
    private readonly RankedLock _gate = new(LockRank.LogFollower);
    private readonly LogStore _store;
    private readonly LogCursor _cursor;
    private readonly LogPosition? _position;
    private readonly long _from;
    private readonly DateTimeOffset? _since;
    private bool _hasBegun;
    private bool _isDisposed;

    private LogFollower(LogStore store, LogCursor cursor, LogPosition? position, long from, DateTimeOffset? since)
    {
        _store = store;
        _cursor = cursor;
        _position = position;
        _from = from;
        _since = since;
    }

    /// <summary>The name of its position, or <see langword="null"/>.</summary>
    public string? Position => _position?.Name;

    /// <summary>The number of the record that comes next; of those that are there, and not left out.</summary>
    public long Next
    {
        get
        {
            using (_gate.Hold())
            {
                return _cursor.Next;
            }
        }
    }

    /// <summary>Records that had been removed, being old, before this follower came to them.</summary>
    public long Missed
    {
        get
        {
            using (_gate.Hold())
            {
                return _cursor.Missed + MissedBefore;
            }
        }
    }

    private long MissedBefore { get; init; }

    internal static LogFollower Open(LogStore store, string? name, LogStart from)
    {
        LogPosition? position = null;
        try
        {
            position = name is null ? null : LogPosition.Open(store.Folder, name);
            if (position is { IsNew: false })
            {
                from = LogStart.At(position.Next);
            }

            LogCursor cursor = from.Number is { } number ? LogSeek.Sequence(store, number)
                : from.Since is { } time ? LogSeek.Time(store, time)
                : from.IsEnd ? LogSeek.End(store)
                : LogSeek.Start(store);

            // Where a name stood, and what was to be read from there on, is known; what has been removed since is missed.
            long missed = position is { IsNew: false } ? Math.Max(0, cursor.Next - position.Next) : 0;
            if (position is { IsNew: true })
            {
                // From now on its records are kept, and it begins here again.
                position.Commit(cursor.Next);
            }

            return new LogFollower(store, cursor, position, from.Number ?? 0, from.Since)
            {
                MissedBefore = IsOldest(store, cursor) ? missed : 0,
            };
        }
        catch
        {
            position?.Dispose();
            store.Dispose();
            throw;
        }
    }

    /// <summary>Takes the next record, if there is one.</summary>
    /// <param name="record">Good until the next one is asked for.</param>
    /// <exception cref="FairleadException">
    /// Corrupt: what comes next was written by no appender; with the number from which on one can go on.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The follower has been disposed.</exception>
    public bool TryRead(out LogRecord record) => TryLook(out record, settle: true) == RecordView.Record;

    /// <summary>
    /// Keeps the position: who follows under its name next begins behind the record that was taken last. A system call. Survives the end of
    /// the process, and a crash of the machine as far as the system has written it; then some records come once more.
    /// </summary>
    /// <exception cref="InvalidOperationException">This follower has no name.</exception>
    /// <exception cref="FairleadException">The file of the position cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The follower has been disposed.</exception>
    public void Commit()
    {
        using (_gate.Hold())
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            (
                _position
                ?? throw new InvalidOperationException(
                    "This follower has no name under which its position could be kept: give one to Follow.")).Commit(_cursor.Next);
        }
    }

    /// <summary>Ends following, and every wait. What was not committed is not kept.</summary>
    public void Dispose()
    {
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            _store.Control.Ring();
            _cursor.Dispose();
            _position?.Dispose();
        }

        _store.Dispose();
    }

    // Next records of a number below the end that was seen; waits for those that are being written.
    internal bool TryReadBefore(long end, out LogRecord record)
    {
        record = default;
        while (Next < end)
        {
            if (TryRead(out record, LogWaiters.BusyPause))
            {
                return record.Sequence < end;
            }

            using (_gate.Hold())
            {
                // Something was there, or is being written; where there is nothing, somebody has overwritten it, or what told of it.
                if (!_isDisposed && _cursor.Next < end && _cursor.Look(settle: false, out _) == RecordView.Nothing)
                {
                    throw _store.Damaged(_cursor.At.Segment, _cursor.At.Place, _cursor.Next);
                }
            }
        }

        return false;
    }

    /// <summary>Whether something may have come, without a system call.</summary>
    internal bool HasNext
    {
        get
        {
            using (_gate.Hold())
            {
                return !_isDisposed && _cursor.HasNext;
            }
        }
    }

    /// <summary>
    /// The next record with its segment entered: mapped until who took it calls <see cref="LogSegment.Exit"/>, whatever is read meanwhile.
    /// </summary>
    internal bool TryLend(out RecordLease record)
    {
        using (_gate.Hold())
        {
            bool has = TryLook(out LogRecord found, settle: true) == RecordView.Record && found.Lease.Segment.TryEnter();
            record = found.Lease;
            return has;
        }
    }

    /// <summary>Announces that somebody is about to sleep; false when there is something.</summary>
    internal bool TryAnnounce(out int bell, out bool isBusy)
    {
        using (_gate.Hold())
        {
            (bell, isBusy) = (0, false);
            if (_isDisposed)
            {
                return false;
            }

            bell = _store.Control.Announce();
            isBusy = _cursor.IsBusy;
            return !_cursor.HasNext;
        }
    }

    /// <summary>Wakes the waiter when the bell has another value.</summary>
    internal void Await(ILogWaiter waiter, int bell, bool isBusy) => _store.Waiters.Add(waiter, bell, isBusy);

    /// <summary>Wakes it no more.</summary>
    internal void Forget(ILogWaiter waiter) => _ = _store.Waiters.Remove(waiter);

    /// <summary>Keeps a position, unless this has been disposed, and the name is perhaps somebody else's.</summary>
    internal void TryCommit(long next)
    {
        using (_gate.Hold())
        {
            if (!_isDisposed)
            {
                _position?.Commit(next);
            }
        }
    }

    private static bool IsOldest(LogStore store, LogCursor cursor) =>
        cursor.At.Place == RecordPlace.First && LogFolder.First(store.Folder) == cursor.At.Segment.Ordinal;

    private RecordView TryLook(out LogRecord record, bool settle)
    {
        using (_gate.Hold())
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            while (true)
            {
                RecordView view = _cursor.Look(settle, out RecordWord word);
                record = view == RecordView.Record ? new LogRecord(_cursor.Take(word)) : default;

                // What was being written when the beginning was looked for may come before it all the same.
                if (_hasBegun || view != RecordView.Record || (record.Sequence >= _from && !(record.Time < _since)))
                {
                    _hasBegun |= view == RecordView.Record;
                    return view;
                }
            }
        }
    }
}
