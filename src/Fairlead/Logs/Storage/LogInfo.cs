namespace Fairlead.Logs;

/// <summary>What is in a log, as <see cref="MappedLog.Info"/> has counted it.</summary>
public sealed record LogInfo
{
    /// <summary>The folder.</summary>
    public required string Path { get; init; }

    /// <summary>Bytes of a segment.</summary>
    public long SegmentSize { get; init; }

    /// <summary>How many segments there are.</summary>
    public int Segments { get; init; }

    /// <summary>Bytes that they take on the disk.</summary>
    public long Size { get; init; }

    /// <summary>The number of the oldest record, or of the first that will be.</summary>
    public long First { get; init; }

    /// <summary>The number that the next record gets.</summary>
    public long Next { get; init; }

    /// <summary>Records that are whole.</summary>
    public long Records { get; init; }

    /// <summary>Bytes of their bodies.</summary>
    public long Bytes { get; init; }

    /// <summary>Records that their appenders did not finish: numbers that nobody will see.</summary>
    public long Voided { get; init; }

    /// <summary>Records that were being written, or whose appenders had died and nobody has come by since.</summary>
    public long Unfinished { get; init; }

    /// <summary>All records before this number are on the disk.</summary>
    public long Synced { get; init; }

    /// <summary>When the oldest record was appended; null where there is none.</summary>
    public DateTimeOffset? FirstTime { get; init; }

    /// <summary>When the newest record was appended; null where there is none.</summary>
    public DateTimeOffset? LastTime { get; init; }

    /// <summary>The named positions.</summary>
    public IReadOnlyList<LogPositionInfo> Positions { get; init; } = [];

    /// <summary>What is damaged; empty where nothing is.</summary>
    public IReadOnlyList<LogDamage> Damages { get; init; } = [];
}
