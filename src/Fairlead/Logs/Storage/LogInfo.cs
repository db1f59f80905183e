namespace Fairlead.Logs;

/// <summary>The content of a log, as counted by <see cref="MappedLog.Info"/>.</summary>
public sealed record LogInfo
{
    /// <summary>The folder of the log.</summary>
    public required string Path { get; init; }

    /// <summary>The size of a segment in bytes.</summary>
    public long SegmentSize { get; init; }

    /// <summary>The number of segments.</summary>
    public int Segments { get; init; }

    /// <summary>The bytes that the segments occupy on disk.</summary>
    public long Size { get; init; }

    /// <summary>The number of the oldest record, or of the first one that will be appended.</summary>
    public long First { get; init; }

    /// <summary>The number of the next record.</summary>
    public long Next { get; init; }

    /// <summary>The number of complete records.</summary>
    public long Records { get; init; }

    /// <summary>The total length of their bodies in bytes.</summary>
    public long Bytes { get; init; }

    /// <summary>Records that their appenders did not finish. Readers skip these numbers.</summary>
    public long Voided { get; init; }

    /// <summary>Records that were being written, or whose dead appenders no process has noticed yet.</summary>
    public long Unfinished { get; init; }

    /// <summary>All records before this number are on disk.</summary>
    public long Synced { get; init; }

    /// <summary>When the oldest record was appended; null if there is none.</summary>
    public DateTimeOffset? FirstTime { get; init; }

    /// <summary>When the newest record was appended; null if there is none.</summary>
    public DateTimeOffset? LastTime { get; init; }

    /// <summary>The named positions.</summary>
    public IReadOnlyList<LogPositionInfo> Positions { get; init; } = [];

    /// <summary>The damaged places; empty if there are none.</summary>
    public IReadOnlyList<LogDamage> Damages { get; init; } = [];
}
