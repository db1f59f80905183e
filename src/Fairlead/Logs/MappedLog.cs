using Fairlead.Logs.Storage;

namespace Fairlead.Logs;

/// <summary>
/// An append-only log in memory-mapped files. Any number of processes append to it, and any number follow it, each from its own position.
/// It survives the end of its processes, and a crash of the machine up to the last <see cref="Sync"/>. Appending and reading make no system
/// call per record. An appender that is killed at any moment blocks no other process.
/// </summary>
/// <remarks>
/// After Kafka's partitioned log and Aeron's log buffers, on one machine. Any number of threads may use it. A log is a folder of segments
/// of one size, which are allocated when they are created: a full disk is an error of <see cref="Append"/> and nothing else. Do not
/// truncate its files while a process has the log open: a touch of the missing part ends that process.
/// </remarks>
public sealed partial class MappedLog : IAlarmed, IDisposable
{
    private readonly RankedLock _gate = new(LockRank.MappedLog);
    private readonly LogStore _store;
    private readonly LogAppender _appender;
    private readonly LogSynchronizer _synchronizer;
    private readonly LogOptions _options;
    private readonly ITimer? _timer;
    private volatile bool _isDisposed;
    private volatile bool _isUnsynced;
    private volatile FairleadException? _failure;

    private MappedLog(Address address, LogStore store, LogOptions options)
    {
        Address = address;
        _store = store;
        _options = options;
        _appender = new LogAppender(store, options.TimeProvider);
        _synchronizer = new LogSynchronizer(store);
        if (options.Sync == LogSync.Interval)
        {
            _timer = Alarm.Create(options.TimeProvider, this, options.SyncInterval, options.SyncInterval);
        }
    }

    /// <summary>The address of the log.</summary>
    public Address Address { get; }

    /// <summary>The folder of the log.</summary>
    public string Path => _store.Folder;

    /// <summary>Appends a record. Blocks for the disk only if each record is synchronized or the next segment must be created.</summary>
    /// <param name="record">The content, copied before the call returns. May be empty.</param>
    /// <returns>The number of the record.</returns>
    /// <exception cref="FairleadException">
    /// TooLarge: it does not fit into a segment. Full: the disk has no space for the next segment; the message says how much is needed and
    /// free, and nothing has changed. Corrupt: the log is damaged at its end.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The log has been disposed.</exception>
    public long Append(ReadOnlySpan<byte> record)
    {
        long sequence = AppendOnly(record, out long segment, out RecordPlace end);
        if (_options.Sync == LogSync.EachRecord)
        {
            _synchronizer.Sync(segment, end);
        }

        return sequence;
    }

    /// <summary>Appends a record. Completes immediately or, if each record is synchronized, when it is on disk.</summary>
    /// <inheritdoc cref="Append" path="/param|/returns|/exception"/>
    public ValueTask<long> AppendAsync(ReadOnlySpan<byte> record)
    {
        long sequence = AppendOnly(record, out long segment, out RecordPlace end);
        return _options.Sync == LogSync.EachRecord
            ? new ValueTask<long>(SyncedAsync(sequence, segment, end))
            : ValueTask.FromResult(sequence);
    }

    /// <summary>
    /// Writes everything that any process has appended so far to disk. Blocks for the disk, and for appenders in the middle of a record.
    /// </summary>
    /// <exception cref="FairleadException">Unavailable: the disk reports an error. Corrupt: the log is damaged.</exception>
    /// <exception cref="ObjectDisposedException">The log has been disposed.</exception>
    public void Sync()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        using LogStore used = _store.Share();
        SyncNow();
    }

    /// <summary>Does the same as <see cref="Sync"/> on another thread.</summary>
    /// <inheritdoc cref="Sync" path="/exception"/>
    public Task SyncAsync() => Task.Run(Sync);

    /// <summary>Follows the log: reads from a given start on, and waits for new records.</summary>
    /// <param name="from">The start; default: the oldest record.</param>
    /// <returns>The follower, to be disposed separately; it outlives this object.</returns>
    /// <exception cref="ObjectDisposedException">The log has been disposed.</exception>
    public LogFollower Follow(LogStart from = default) => Follow(position: null, from);

    /// <summary>
    /// Follows the log under a name: begins where any process last called <see cref="LogFollower.Commit"/> under that name.
    /// </summary>
    /// <param name="position">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>; one follower at a time.</param>
    /// <param name="from">The start if the name has no saved position.</param>
    /// <returns>The follower, to be disposed separately; it outlives this object.</returns>
    /// <exception cref="FairleadException">AlreadyExists: another process follows under this name; the message says which.</exception>
    /// <exception cref="ObjectDisposedException">The log has been disposed.</exception>
    public LogFollower Follow(string? position, LogStart from = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (position is not null)
        {
            LogPosition.RequireName(position);
        }

        return LogFollower.Open(_store.Share(), position, from);
    }

    /// <summary>Returns the records that exist now, from a given start on. Ends after the last one, and does not wait for more.</summary>
    /// <param name="from">The start; default: the oldest record.</param>
    /// <returns>Leases, each valid until the next one is requested.</returns>
    /// <exception cref="FairleadException">Corrupt, when it reaches damage; the message gives the number to continue from.</exception>
    /// <exception cref="ObjectDisposedException">The log has been disposed.</exception>
    public IEnumerable<LogRecord> Replay(LogStart from = default)
    {
        long end;
        using (LogStore used = _store.Share())
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            using LogCursor last = LogSeek.End(_store);
            end = last.Next;
        }

        return Records();

        IEnumerable<LogRecord> Records()
        {
            using LogFollower follower = Follow(from);
            while (follower.TryReadBefore(end, out LogRecord record))
            {
                yield return record;
            }
        }
    }

    /// <summary>Reads the whole log, and reports its content and damage. Takes as long as reading it.</summary>
    /// <exception cref="ObjectDisposedException">The log has been disposed.</exception>
    public LogInfo Info()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        using LogStore used = _store.Share();
        return LogSurvey.Of(_store);
    }

    /// <summary>
    /// Closes the log in this process, after a pending synchronization, which may block for the disk. Followers stay open.
    /// </summary>
    public void Dispose()
    {
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }

        _timer?.Dispose();
        try
        {
            if (_options.Sync == LogSync.Interval && _isUnsynced)
            {
                _synchronizer.Sync();
            }
        }
        finally
        {
            _appender.Dispose();
            _store.Dispose();
        }
    }

    /// <summary>Returns a description for people.</summary>
    public override string ToString() => _store.Who;

    /// <summary>
    /// Ensures space for a record of this length: appending it now fails only if it loses a race for the last space. False while another
    /// process creates the next segment.
    /// </summary>
    /// <exception cref="FairleadException">TooLarge, Full.</exception>
    internal bool TryMakeRoom(int length)
    {
        using (_gate.Hold())
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _appender.TryMakeRoom(length);
        }
    }

    /// <summary>
    /// Completes when <see cref="TryMakeRoom"/> has found space. Blocks no thread while another process creates the next segment.
    /// </summary>
    /// <exception cref="FairleadException">TooLarge, Full.</exception>
    /// <exception cref="ObjectDisposedException">The log has been disposed.</exception>
    internal async Task MakeRoomAsync(int length, CancellationToken cancellationToken)
    {
        TimeSpan pause = LogStore.FirstPause;
        while (!TryMakeRoom(length))
        {
            await Task.Delay(pause, TimeProvider.System, cancellationToken).ConfigureAwait(false);
            pause = LogStore.NextPause(pause);
        }
    }

    /// <summary>
    /// Appends a record like <see cref="Append"/>. False, with nothing appended, while another process creates the next segment. If each
    /// record is synchronized, it still blocks for the disk.
    /// </summary>
    internal bool TryAppend(ReadOnlySpan<byte> record)
    {
        ThrowFailure();
        long segment;
        RecordPlace end;
        using (_gate.Hold())
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (!_appender.TryAppend(record, out _, out end))
            {
                return false;
            }

            segment = NoteAppended();
        }

        if (_options.Sync == LogSync.EachRecord)
        {
            _synchronizer.Sync(segment, end);
        }

        return true;
    }

    private long AppendOnly(ReadOnlySpan<byte> record, out long segment, out RecordPlace end)
    {
        ThrowFailure();
        using (_gate.Hold())
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            long sequence = _appender.Append(record, out end);
            segment = NoteAppended();
            return sequence;
        }
    }

    // Reports an earlier failure of the timer.
    private void ThrowFailure()
    {
        if (_failure is { } failure)
        {
            _failure = null;
            throw failure;
        }
    }

    /// <summary>Notes an append, and returns the segment of the record. Under the gate.</summary>
    private long NoteAppended()
    {
        if (!_isUnsynced)
        {
            _isUnsynced = true;
        }

        return _appender.Segment!.Ordinal;
    }

    private async Task<long> SyncedAsync(long sequence, long segment, RecordPlace end)
    {
        await Task.Run(() => _synchronizer.Sync(segment, end)).ConfigureAwait(false);
        return sequence;
    }

    // After a failure, the timer and Dispose try again.
    private void SyncNow()
    {
        _isUnsynced = false;
        try
        {
            _synchronizer.Sync();
        }
        catch
        {
            _isUnsynced = true;
            throw;
        }
    }

    // Called by the timer. The next append reports a failure.
    void IAlarmed.OnAlarm()
    {
        if (!_isUnsynced || _isDisposed)
        {
            return;
        }

        try
        {
            SyncNow();
        }
        catch (FairleadException error)
        {
            _failure = error;
        }
        catch (ObjectDisposedException) when (_isDisposed)
        {
            // Disposed meanwhile, which synchronizes itself.
        }
    }
}
