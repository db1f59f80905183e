namespace Fairlead.Logs;

/// <summary>
/// The settings of an open log. An option in the address overrides the same setting here. Each process has its own settings, except the
/// segment size, which the log stores.
/// </summary>
public sealed record LogOptions
{
    /// <summary>
    /// The size of a segment in bytes, 64 KiB to 1 GiB, rounded up to whole pages; default 64 MiB. It takes effect when the log is created.
    /// A segment is allocated immediately, and must hold the longest record. In the address: <c>?segment=16MiB</c>.
    /// </summary>
    public long SegmentSize { get; init; } = Logs.Storage.LogLayout.DefaultSegment;

    /// <summary>
    /// When this process writes its records to disk; default: when the system chooses. In the address: <c>?sync=none</c>,
    /// <c>?sync=each</c>, or an interval, <c>?sync=100ms</c>.
    /// </summary>
    public LogSync Sync { get; init; }

    /// <summary>The interval for <see cref="LogSync.Interval"/>; default 1 second.</summary>
    public TimeSpan SyncInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The total size of all segments in bytes; creating a segment removes the oldest ones above it. Null, the default: no limit. In the
    /// address: <c>?keep=1GiB</c>.
    /// </summary>
    public long? MaxSize { get; init; }

    /// <summary>
    /// The age of records; creating a segment removes segments whose records are all older. Null, the default: no limit. In the address:
    /// <c>?age=7d</c>.
    /// </summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>
    /// The positions whose unread records are kept regardless; default: named positions with a current follower. In the address:
    /// <c>?protect=all-positions</c>.
    /// </summary>
    public LogProtection Protection { get; init; }

    /// <summary>
    /// Whether to create a log that does not exist; default true. If false, opening it fails with <see cref="ErrorCode.NotFound"/>.
    /// </summary>
    public bool Create { get; init; } = true;

    /// <summary>The clock for the times of records and for timers.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Returns these settings, overridden by the options of an address.</summary>
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
