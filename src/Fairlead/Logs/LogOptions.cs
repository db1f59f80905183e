namespace Fairlead.Logs;

/// <summary>
/// How a log is opened. An option in the address wins over the same one here. Each process has its own, but for the size of the segments,
/// which the log keeps.
/// </summary>
public sealed record LogOptions
{
    /// <summary>
    /// Bytes of a segment, 64 KiB to 1 GiB, in whole pages; default 64 MiB. Counts for who makes the log. Allocated at once, and the
    /// longest record fits into one. In the address: <c>?segment=16MiB</c>.
    /// </summary>
    public long SegmentSize { get; init; } = Logs.Storage.LogLayout.DefaultSegment;

    /// <summary>
    /// When what this process appends is brought to the disk; default: when the system sees fit. In the address: <c>?sync=none</c>,
    /// <c>?sync=each</c>, or a time, <c>?sync=100ms</c>.
    /// </summary>
    public LogSync Sync { get; init; }

    /// <summary>With <see cref="LogSync.Interval"/>; default 1 second.</summary>
    public TimeSpan SyncInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Bytes of the segments together above which the oldest are removed when a new one is made; null, the default: any number. In the
    /// address: <c>?keep=1GiB</c>.
    /// </summary>
    public long? MaxSize { get; init; }

    /// <summary>
    /// Segments whose records are all older are removed when a new one is made; null, the default: kept. In the address: <c>?age=7d</c>.
    /// </summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>
    /// Whose unread records are kept all the same; default: those of named positions under which somebody follows now. In the address:
    /// <c>?protect=all-positions</c>.
    /// </summary>
    public LogProtection Protection { get; init; }

    /// <summary>Whether the log is made where there is none; default true. Else opening it is <see cref="ErrorCode.NotFound"/>.</summary>
    public bool Create { get; init; } = true;

    /// <summary>The clock of the records and of every timer.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>The options of an address, over these.</summary>
    internal LogOptions With(Address address)
    {
        long segment =
            address.Size("segment", Logs.Storage.LogLayout.SmallestSegment, Logs.Storage.LogLayout.LargestSegment) ?? SegmentSize;
        if (segment is < Logs.Storage.LogLayout.SmallestSegment or > Logs.Storage.LogLayout.LargestSegment)
        {
            throw new ArgumentOutOfRangeException(nameof(address), segment, "A segment has 64 KiB to 1 GiB.");
        }

        (LogSync sync, TimeSpan interval) = address.Option("sync") switch
        {
            null => (Sync, SyncInterval),
            "none" => (LogSync.None, SyncInterval),
            "each" => (LogSync.EachRecord, SyncInterval),
            _ => (LogSync.Interval, address.Duration("sync", allowInfinite: false)!.Value),
        };
        return this with
        {
            SegmentSize = (segment + Environment.SystemPageSize - 1) & -Environment.SystemPageSize,
            Sync = sync,
            SyncInterval = interval,
            MaxSize = address.Size("keep") ?? MaxSize,
            MaxAge = address.Duration("age") ?? MaxAge,
            Protection = address.Enum<LogProtection>("protect") ?? Protection,
        };
    }
}
