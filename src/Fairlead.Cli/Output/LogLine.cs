using Fairlead.Logs;

namespace Fairlead.Cli.Output;

/// <summary>The content of a log as a line of JSON.</summary>
internal sealed record LogLine
{
    public required string Path { get; init; }

    public required long Records { get; init; }

    public required long Bytes { get; init; }

    public required long First { get; init; }

    public required long Next { get; init; }

    public required long Voided { get; init; }

    public required long Unfinished { get; init; }

    /// <summary>All records before this number are on disk.</summary>
    public required long Synced { get; init; }

    public required int Segments { get; init; }

    public required long SegmentSize { get; init; }

    public DateTimeOffset? FirstTime { get; init; }

    public DateTimeOffset? LastTime { get; init; }

    public required PositionLine[] Positions { get; init; }

    public required LogDamage[] Damages { get; init; }

    public static LogLine Of(LogInfo info) =>
        new()
        {
            Path = info.Path,
            Records = info.Records,
            Bytes = info.Bytes,
            First = info.First,
            Next = info.Next,
            Voided = info.Voided,
            Unfinished = info.Unfinished,
            Synced = info.Synced,
            Segments = info.Segments,
            SegmentSize = info.SegmentSize,
            FirstTime = info.FirstTime,
            LastTime = info.LastTime,
            Positions =
            [
                .. info.Positions.Select(static position => new PositionLine(
                    position.Name, position.Next, position.Behind, position.IsHeld, position.HeldBy?.ProcessId)),
            ],
            Damages = [.. info.Damages],
        };

    /// <summary>A named position.</summary>
    internal sealed record PositionLine(string Name, long Next, long Behind, bool Held, int? Pid);
}
