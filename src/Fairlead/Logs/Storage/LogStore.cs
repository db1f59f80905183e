using System.Globalization;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Logs.Storage;

/// <summary>One log, opened: its folder, its control file, and the way from one segment to the next.</summary>
internal sealed class LogStore : IDisposable
{
    /// <summary>The first pause before a lock of another process is tried again.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(16);

    // Somebody may be reading all that was appended before the machine went down.
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

    /// <summary>Those who wait without a thread of their own.</summary>
    public LogWaiters Waiters { get; }

    /// <summary>How it is named in errors.</summary>
    public string Who => $"the log {PlainText.OneLine(Folder)}";

    /// <summary>This process, as records name it.</summary>
    public ulong Participant => _participant.Value;

    /// <summary>Opens a log, or makes it; who is the first to have it open looks after it before.</summary>
    /// <param name="folder">Its folder, absolute.</param>
    /// <param name="segmentSize">Of the first segment; later ones are as large as the one before.</param>
    /// <param name="mayMake">False: NotFound where there is none.</param>
    /// <param name="retention">What is removed when a segment is full.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait for another process that looks after it.</param>
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
            LogFolder.Prepare(folder, mayMake);
            LogControl control =
                LogControl.Open(folder, mayMake || LogFolder.Ordinals(folder).Count > 0, out bool isNew)
                ?? throw LogFolder.NotFound(folder);
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
                        $"somebody has had the log {PlainText.OneLine(folder)} for himself for {Patience.TotalSeconds} seconds"),
                    $"See who it is: lsof {folder}/{LogLayout.ControlName}");
            }

            // The kernel has no lock of this kind that waits with a limit.
            Task.Delay(pause, TimeProvider.System, CancellationToken.None).Wait(cancellationToken);
            pause = NextPause(pause);
        }
    }

    /// <summary>The pause behind one: locks of this kind tell nobody when they are free.</summary>
    public static TimeSpan NextPause(TimeSpan pause) => pause < LongestPause ? pause * 2 : LongestPause;

    /// <summary>The segment to which records are appended, or one shortly before it.</summary>
    /// <param name="isWritable">Whether it is mapped for writing.</param>
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
                    // One with no number has been made ahead of its use.
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
                    $"{Who} has no segment with records in it",
                    "Somebody has removed them. When all have closed the log, the next who opens it begins anew.");
            }
        }
    }

    /// <summary>The segment behind one that has ended.</summary>
    /// <param name="segment">Stays its owner's.</param>
    /// <param name="number">The number of the first record there, as it follows from this one.</param>
    /// <param name="isWritable">Whether it is mapped for writing; then it has its number afterwards.</param>
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

        // Removed, being old: a slow reader goes on with the oldest that there is, a slow appender at the end.
        return isWritable ? OpenLast(isWritable, out _) : OpenFirst();
    }

    /// <summary>The oldest segment that there is.</summary>
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
                    "Somebody has removed them. When all have closed the log, the next who opens it begins anew.");
            }

            // Null: removed just now.
            if (TryOpen(ordinals[0], isWritable: false) is { } first)
            {
                return first;
            }
        }
    }

    /// <summary>Null when it is not there.</summary>
    public LogSegment? TryOpen(long ordinal, bool isWritable) => LogSegment.TryOpen(PathOf(ordinal), ordinal, isWritable);

    /// <summary>
    /// Makes sure that there is a segment behind this one. Waits while another process has the lock for it, without a limit.
    /// </summary>
    /// <exception cref="FairleadException">Full: there is no room. Nothing has changed then.</exception>
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
    /// Makes sure that there is a segment behind this one; false while another process has the lock for it. That process makes the segment,
    /// or dies, which frees the lock: ask again. The process that makes a segment also removes what need not be kept.
    /// </summary>
    /// <exception cref="FairleadException">Full: there is no room. Nothing has changed then.</exception>
    public bool TryMakeNext(LogSegment segment)
    {
        string path = PathOf(segment.Ordinal + 1);

        // The lock of the file is the whole process's. This one is held while the disk works, and never while a thread waits for another
        // process.
        using (_segments.Hold())
        {
            while (NativeFile.Lstat(path) is null && segment.ReadWord(segment.Tail.Offset).State != RecordState.End)
            {
                if (!Control.TryTakeSegments())
                {
                    return false;
                }

                try
                {
                    _retention.Apply(this, _time.GetUtcNow());
                    _ = LogSegment.TryMake(path, segment.Ordinal + 1, segment.Size, baseNumber: 0);
                }
                finally
                {
                    Control.LeaveSegments();
                }
            }
        }

        return true;
    }

    public string PathOf(long ordinal) => $"{Folder}/{LogSegment.NameOf(ordinal)}";

    /// <summary>What is read there has been written by no appender.</summary>
    public FairleadException Damaged(LogSegment segment, RecordPlace place, long sequence)
    {
        string who = string.Create(
            CultureInfo.InvariantCulture,
            $"{Who} is damaged: record {sequence}, at byte {place.Offset} of {LogSegment.NameOf(segment.Ordinal)}, is not what was written"
        );
        long? next = Behind(segment, place);
        return new FairleadException(
            ErrorCode.Corrupt,
            who,
            next is null
                ? "Nothing behind it can be found. How much of the log is whole: fairlead log info"
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"What lies behind it can be read from {next} on (?from={next}). How much of the log is whole: fairlead log info"));
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

    /// <summary>One more who uses it; the release is <see cref="Dispose"/>.</summary>
    /// <exception cref="ObjectDisposedException">The last one has gone.</exception>
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

    /// <summary>With its last user it gives back the lock.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Waiters.Dispose();
            Control.Dispose();
        }
    }
}
