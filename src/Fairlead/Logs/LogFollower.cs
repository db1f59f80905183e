using Fairlead.Logs.Storage;

namespace Fairlead.Logs;

/// <summary>
/// Reads a log from a given start, and waits for new records. <see cref="MappedLog.Follow(LogStart)"/> opens it. All followers see the same
/// records in the same order. While records keep coming it makes no system call.
/// </summary>
/// <remarks>
/// Any number of threads may use it; each record is handed to one of them. A record is valid until the next one is requested. So threads
/// that share a follower use a lock around reading and copying. The follower waits for a record in progress, because its place is before
/// later ones; it skips a record whose appender has died.
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

    /// <summary>The number of the next record, or of the next place for one.</summary>
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

    /// <summary>The number of records that were removed for their age before this follower reached them.</summary>
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

            // The position says where the follower stopped; it has missed what was removed since.
            long missed = position is { IsNew: false } ? Math.Max(0, cursor.Next - position.Next) : 0;
            if (position is { IsNew: true })
            {
                // From now on its unread records are kept, and it begins here again.
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
    /// <param name="record">The record, valid until the next one is requested.</param>
    /// <exception cref="FairleadException">
    /// Corrupt: no appender wrote what comes next. The message gives the number to continue from.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The follower has been disposed.</exception>
    public bool TryRead(out LogRecord record) => TryLook(out record, settle: true) == RecordView.Record;

    /// <summary>
    /// Saves the position: the next follower of its name begins after the record taken last. Takes one system call. It survives the end of
    /// the process. After a crash of the machine the last saved position may be lost; some records are then read again.
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
                    "This follower has no name to save its position under: pass one to Follow.")).Commit(_cursor.Next);
        }
    }

    /// <summary>Ends following, and cancels every wait. Does not save the position.</summary>
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

    // Takes records with a number below the given end, and waits for those in progress.
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
                // There was a record, or one is in progress. If there is nothing now, a program has overwritten it or the header.
                if (!_isDisposed && _cursor.Next < end && _cursor.Look(settle: false, out _) == RecordView.Nothing)
                {
                    throw _store.Damaged(_cursor.At.Segment, _cursor.At.Place, _cursor.Next);
                }
            }
        }

        return false;
    }

    /// <summary>Whether a record may have come, checked without a system call.</summary>
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
    /// Takes the next record with a reference to its segment: the segment stays mapped until the caller calls
    /// <see cref="LogSegment.Exit"/>, whatever it reads meanwhile.
    /// </summary>
    internal bool TryLease(out RecordLease record)
    {
        using (_gate.Hold())
        {
            bool has = TryLook(out LogRecord found, settle: true) == RecordView.Record && found.Lease.Segment.TryEnter();
            record = found.Lease;
            return has;
        }
    }

    /// <summary>Announces a sleeper; false if there is a record.</summary>
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

    /// <summary>Wakes the waiter when the doorbell changes its value.</summary>
    internal void Await(ILogWaiter waiter, int bell, bool isBusy) => _store.Waiters.Add(waiter, bell, isBusy);

    /// <summary>Removes a waiter.</summary>
    internal void Forget(ILogWaiter waiter) => _ = _store.Waiters.Remove(waiter);

    /// <summary>Saves a position, unless this is disposed: another follower may have the name by then.</summary>
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

                // A record that was in progress when the start was looked up may lie before the start.
                if (_hasBegun || view != RecordView.Record || (record.Sequence >= _from && !(record.Time < _since)))
                {
                    _hasBegun |= view == RecordView.Record;
                    return view;
                }
            }
        }
    }
}
