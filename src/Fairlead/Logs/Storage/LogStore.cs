using System.Globalization;
using Fairlead.Native.Files;
using Fairlead.Registry;

namespace Fairlead.Logs.Storage;

/// <summary>An open log: its folder, its control file, and the way from one segment to the next.</summary>
internal sealed class LogStore : IDisposable
{
    /// <summary>The first pause before trying again a lock that another process holds.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(16);

    // Another process may be reading everything that was appended before a crash of the machine.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly LogRetention _retention;
    private readonly RankedLock _segments = new(LockRank.LogStore);
    private int _users = 1;
    private readonly TimeProvider _time;
    private readonly Lazy<ulong> _participant = new(static () =>
        ulong.Parse(Registry.Participant.Current(RuntimeDirectory.Current()).Id, NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private LogStore(string folder, LogControl control, LogRetention retention, TimeProvider time)
    {
        Folder = folder;
        Control = control;
        Waiters = new LogWaiters(control);
        _retention = retention;
        _time = time;
    }

    public string Folder { get; }

    public LogControl Control { get; }

    /// <summary>The waiters without a thread of their own.</summary>
    public LogWaiters Waiters { get; }

    /// <summary>Its description in errors.</summary>
    public string Who => $"the log {PlainText.OneLine(Folder)}";

    /// <summary>This process, as records name it.</summary>
    public ulong Participant => _participant.Value;

    /// <summary>Opens a log, or creates it; the first process to open it repairs it first.</summary>
    /// <param name="folder">Its folder, absolute.</param>
    /// <param name="segmentSize">The size of the first segment; later ones have the size of the one before.</param>
    /// <param name="mayMake">If false, a missing log is NotFound.</param>
    /// <param name="retention">The rules for removing segments when one is full.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Cancels the wait for another process that repairs the log.</param>
    public static LogStore Open(
        string folder,
        long segmentSize,
        bool mayMake,
        LogRetention retention,
        TimeProvider time,
        CancellationToken cancellationToken = default)
    {
        Deadline deadline = Deadline.After(Patience);
        TimeSpan pause = FirstPause;
        while (true)
        {
            LogControl control;
            bool isNew;
            try
            {
                LogFolder.Prepare(folder, mayMake);
                control =
                    LogControl.Open(folder, mayMake || LogFolder.Ordinals(folder).Count > 0, out isNew)
                    ?? throw LogFolder.NotFound(folder);
            }
            catch (FairleadException removed) when (
                removed.Code == ErrorCode.NotFound && mayMake && LogFolder.HasParent(folder) && !deadline.Passed)
            {
                // Another process removes the log, and has removed the folder that was prepared here.
                continue;
            }

            LogStore store = new(folder, control, retention, time);
            try
            {
                bool isAlone = control.TryBeAlone();
                if ((isAlone || control.TryShare()) && control.IsNamed)
                {
                    if (isAlone)
                    {
                        new LogRecovery(store, isNew ? null : control.Boot == BootIdentity.Current).Mend(mayMake ? segmentSize : null);
                        control.Boot = BootIdentity.Current;
                        _ = control.TryShare();
                    }

                    LogStore opened = store;
                    store = null!;
                    return opened;
                }
            }
            finally
            {
                store?.Dispose();
            }

            if (deadline.Passed)
            {
                throw new FairleadException(
                    ErrorCode.Unavailable,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"another process has kept the log {PlainText.OneLine(folder)} locked for {Patience.TotalSeconds} seconds"),
                    $"Find that process: lsof {folder}/{LogLayout.ControlName}");
            }

            // The kernel has no lock of this kind with a timeout.
            Task.Delay(pause, TimeProvider.System, CancellationToken.None).Wait(cancellationToken);
            pause = NextPause(pause);
        }
    }

    /// <summary>Returns the next pause. Locks of this kind send no notification when they become free.</summary>
    public static TimeSpan NextPause(TimeSpan pause) => pause < LongestPause ? pause * 2 : LongestPause;

    /// <summary>Opens the segment that records are appended to, or one shortly before it.</summary>
    /// <param name="isWritable">Whether to map it for writing.</param>
    /// <param name="baseNumber">The number of its first record.</param>
    public LogSegment OpenLast(bool isWritable, out long baseNumber)
    {
        while (true)
        {
            IReadOnlyList<long> ordinals = LogFolder.Ordinals(Folder);
            for (int i = ordinals.Count - 1; i >= 0; i--)
            {
                if (TryOpen(ordinals[i], isWritable) is { } segment)
                {
                    // A segment without a number has been created ahead of its use.
                    if ((baseNumber = segment.Base) != 0)
                    {
                        return segment;
                    }

                    segment.Dispose();
                }
            }

            if (ordinals.Count == 0 || ordinals[0] == LogFolder.First(Folder))
            {
                throw new FairleadException(
                    ErrorCode.Corrupt,
                    $"{Who} has no segment with records",
                    "A program has removed them. When all processes have closed the log, the next to open it starts anew.");
            }
        }
    }

    /// <summary>Opens the segment after one that has ended.</summary>
    /// <param name="segment">The ended segment; the caller owns it.</param>
    /// <param name="number">The number of the first record there, as it follows from this segment.</param>
    /// <param name="isWritable">Whether to map it for writing; the segment then has its number afterwards.</param>
    public LogSegment Next(LogSegment segment, long number, bool isWritable)
    {
        if (TryOpen(segment.Ordinal + 1, isWritable) is { } next)
        {
            if (isWritable && next.Base == 0)
            {
                next.Base = number;
            }

            return next;
        }

        // Removed for its age: a slow reader continues with the oldest segment, a slow appender at the end. Retention removes the oldest
        // first: if this segment or an older one is still there, another program has removed the next one.
        LogSegment other = isWritable ? OpenLast(isWritable, out _) : OpenFirst();
        if (other.Ordinal > segment.Ordinal)
        {
            return other;
        }

        other.Dispose();
        throw Missing(segment, number);
    }

    /// <summary>Opens the oldest segment.</summary>
    public LogSegment OpenFirst()
    {
        while (true)
        {
            IReadOnlyList<long> ordinals = LogFolder.Ordinals(Folder);
            if (ordinals.Count == 0)
            {
                throw new FairleadException(
                    ErrorCode.Corrupt,
                    $"{Who} has no segments",
                    "A program has removed them. When all processes have closed the log, the next to open it starts anew.");
            }

            // Null: it was removed just now.
            if (TryOpen(ordinals[0], isWritable: false) is { } first)
            {
                return first;
            }
        }
    }

    /// <summary>Opens a segment; null if it does not exist.</summary>
    public LogSegment? TryOpen(long ordinal, bool isWritable) => LogSegment.TryOpen(PathOf(ordinal), ordinal, isWritable);

    /// <summary>
    /// Ensures that there is a segment after this one. Waits without a limit while another process has the lock for that.
    /// </summary>
    /// <exception cref="FairleadException">Full: not enough space. Nothing has changed then.</exception>
    public void MakeNext(LogSegment segment)
    {
        TimeSpan pause = FirstPause;
        while (!TryMakeNext(segment))
        {
            Task.Delay(pause, TimeProvider.System).Wait();
            pause = NextPause(pause);
        }
    }

    /// <summary>
    /// Ensures that there is a segment after this one; false while another process has the lock for that. That process creates the segment,
    /// or dies and frees the lock: call again. The process that creates a segment also removes expired ones.
    /// </summary>
    /// <exception cref="FairleadException">Full: not enough space. Nothing has changed then.</exception>
    public bool TryMakeNext(LogSegment segment)
    {
        string path = PathOf(segment.Ordinal + 1);

        // The file lock belongs to the whole process. This lock is held during disk access, but never while a thread waits for another
        // process.
        using (_segments.Hold())
        {
            while (IsMissing())
            {
                if (!Control.TryTakeSegments())
                {
                    return false;
                }

                try
                {
                    // Once more under the lock: meanwhile others may have created it, filled it, and removed it for its age.
                    if (IsMissing())
                    {
                        _retention.Apply(this, _time.GetUtcNow());
                        _ = LogSegment.TryMake(path, segment.Ordinal + 1, segment.Size, baseNumber: 0);
                    }
                }
                finally
                {
                    Control.LeaveSegments();
                }
            }
        }

        return true;

        bool IsMissing() => NativeFile.Lstat(path) is null && segment.ReadWord(segment.Tail.Offset).State != RecordState.End;
    }

    public string PathOf(long ordinal) => $"{Folder}/{LogSegment.NameOf(ordinal)}";

    /// <summary>Creates the error for content that no appender wrote.</summary>
    public FairleadException Damaged(LogSegment segment, RecordPlace place, long sequence)
    {
        string who = string.Create(
            CultureInfo.InvariantCulture,
            $"{Who} is damaged: record {sequence}, at byte {place.Offset} of {LogSegment.NameOf(segment.Ordinal)}, is not as it was written"
        );
        long? next = Behind(segment, place);
        return new FairleadException(
            ErrorCode.Corrupt,
            who,
            next is null
                ? "No record after it can be found. To see how much of the log is intact: fairlead log info"
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"Read on from {next} (?from={next}). To see how much of the log is intact: fairlead log info"));
    }

    /// <summary>Creates the error for a segment that another program has removed.</summary>
    /// <param name="segment">The ended segment before it.</param>
    /// <param name="number">The number of the first lost record.</param>
    private FairleadException Missing(LogSegment segment, long number)
    {
        string who = $"{Who} is damaged: {LogSegment.NameOf(segment.Ordinal + 1)} is missing";
        foreach (long ordinal in LogFolder.Ordinals(Folder).Where(found => found > segment.Ordinal))
        {
            using LogSegment? later = TryOpen(ordinal, isWritable: false);
            if (later?.Base is > 0 and var first)
            {
                return new FairleadException(
                    ErrorCode.Corrupt,
                    who,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"A program has removed it, and records {number} to {first - 1} are lost. To continue after them: ?from={first}"));
            }
        }

        return new FairleadException(
            ErrorCode.Corrupt,
            who,
            string.Create(
                CultureInfo.InvariantCulture,
                $"A program has removed it, and the records from {number} on are lost. Close the log in all processes: the next to open it "
                    + $"continues after them."));
    }

    // The next place that the index, or the next segment, leads to.
    private long? Behind(LogSegment segment, RecordPlace place)
    {
        for (int entry = segment.EntryOf(place) + 1; entry < LogLayout.IndexEntries; entry++)
        {
            if (segment.ReadIndex(entry) is { } noted
                && noted.Offset > place.Offset
                && RecordCheck.Look(segment, noted, segment.Base + noted.Index, out _) == RecordView.Record)
            {
                return segment.Base + noted.Index;
            }
        }

        using LogSegment? next = TryOpen(segment.Ordinal + 1, isWritable: false);
        return next?.Base is > 0 and var number ? number : null;
    }

    /// <summary>Adds a user; <see cref="Dispose"/> removes it.</summary>
    /// <exception cref="ObjectDisposedException">The last user is gone.</exception>
    public LogStore Share()
    {
        int users = Volatile.Read(ref _users);
        while (true)
        {
            ObjectDisposedException.ThrowIf(users == 0, typeof(LogStore));
            int seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
            {
                return this;
            }

            users = seen;
        }
    }

    /// <summary>Removes a user; the last one releases the lock.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Waiters.Dispose();
            Control.Dispose();
        }
    }
}
