using Fairlead.Logs.Storage;

namespace Fairlead.Logs;

/// <summary>
/// An append-only log in memory-mapped files: any number of processes append to it, any number follow it, each from where it likes. It
/// outlives its processes, and a crash of the machine up to the last <see cref="Sync"/>. Appending and reading make no system call for each
/// record; an appender that is killed at any moment stops nobody.
/// </summary>
/// <remarks>
/// After Kafka's partitioned log and Aeron's log buffers, on one machine. Any number of threads may use it. A log is a folder with segments
/// of one size, allocated when they are made, so that a full disk is an error of <see cref="Append"/> and nothing else. Its files must not
/// be cut while somebody has the log open: a touch of what is gone ends the process.
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

    /// <summary>As it was opened.</summary>
    public Address Address { get; }

    /// <summary>The folder in which it lies.</summary>
    public string Path => _store.Folder;

    /// <summary>
    /// Appends a record. Blocks for the disk only where each record is to be synchronized, or the next segment has to be made.
    /// </summary>
    /// <param name="record">Copied before this returns. May be empty.</param>
    /// <returns>Its number.</returns>
    /// <exception cref="FairleadException">
    /// TooLarge: it does not fit into a segment. Full: the disk has no room for the next one; it says how much is needed and how much is
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

    /// <summary>Appends a record. Completes at once, unless each record is to be synchronized: then when it is on the disk.</summary>
    /// <inheritdoc cref="Append" path="/param|/returns|/exception"/>
    public ValueTask<long> AppendAsync(ReadOnlySpan<byte> record)
    {
        long sequence = AppendOnly(record, out long segment, out RecordPlace end);
        return _options.Sync == LogSync.EachRecord
            ? new ValueTask<long>(SyncedAsync(sequence, segment, end))
            : ValueTask.FromResult(sequence);
    }

    /// <summary>
    /// Brings everything that has been appended before, by whomever, to the disk. Blocks for the disk, and for those who are just writing a
    /// record.
    /// </summary>
    /// <exception cref="FairleadException">Unavailable: the disk refuses. Corrupt: the log is damaged.</exception>
    /// <exception cref="ObjectDisposedException">The log has been disposed.</exception>
    public void Sync()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        using LogStore used = _store.Share();
        _isUnsynced = false;
        _synchronizer.Sync();
    }

    /// <summary>The same on another thread.</summary>
    /// <inheritdoc cref="Sync" path="/exception"/>
    public Task SyncAsync() => Task.Run(Sync);

    /// <summary>Follows the log: reads from there on, and waits for what is appended.</summary>
    /// <param name="from">Where it begins; default: the oldest record.</param>
    /// <returns>To be disposed on its own; lives on when this is disposed.</returns>
    /// <exception cref="ObjectDisposedException">The log has been disposed.</exception>
    public LogFollower Follow(LogStart from = default) => Follow(position: null, from);

    /// <summary>
    /// Follows the log under a name: begins where <see cref="LogFollower.Commit"/> was last called under this name, by whichever process.
    /// </summary>
    /// <param name="position">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>; one follower at a time.</param>
    /// <param name="from">Where it begins when nothing has been committed under the name.</param>
    /// <returns>To be disposed on its own; lives on when this is disposed.</returns>
    /// <exception cref="FairleadException">AlreadyExists: somebody follows under this name; it says who.</exception>
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

    /// <summary>The records that there are now, from there on. Ends behind the last one, and does not wait for more.</summary>
    /// <param name="from">Where it begins; default: the oldest record.</param>
    /// <returns>Leases, each good until the next.</returns>
    /// <exception cref="FairleadException">
    /// Corrupt, where it comes to something damaged: with the number from which on one can go on.
    /// </exception>
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

    /// <summary>Reads the whole log and tells what is in it and what is damaged. Takes as long as reading it does.</summary>
    /// <exception cref="ObjectDisposedException">The log has been disposed.</exception>
    public LogInfo Info()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        using LogStore used = _store.Share();
        return LogSurvey.Of(_store);
    }

    /// <summary>Closes the log for this process; what was to be synchronized is, which may block for the disk. Followers live on.</summary>
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
    /// Makes sure that there is room for a record of this length, so that appending it now fails by nothing but a race for the last room.
    /// False while another process makes the next segment.
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
    /// Completes when <see cref="TryMakeRoom"/> has found room. Blocks no thread while another process makes the next segment.
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
    /// Appends a record as <see cref="Append"/> does; false, and nothing is appended, while another process makes the next segment. Where
    /// each record is to be synchronized it blocks for the disk all the same.
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

    // What went wrong beside, since.
    private void ThrowFailure()
    {
        if (_failure is { } failure)
        {
            _failure = null;
            throw failure;
        }
    }

    /// <summary>The segment of the record. Under the gate.</summary>
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

    // By the timer. What goes wrong is told to the next who appends.
    void IAlarmed.OnAlarm()
    {
        if (!_isUnsynced || _isDisposed)
        {
            return;
        }

        try
        {
            _isUnsynced = false;
            _synchronizer.Sync();
        }
        catch (FairleadException error)
        {
            (_failure, _isUnsynced) = (error, true);
        }
        catch (ObjectDisposedException) when (_isDisposed)
        {
            // Disposed meanwhile, which synchronizes by itself.
        }
    }
}
