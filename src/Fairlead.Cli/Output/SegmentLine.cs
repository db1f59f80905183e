using System.Globalization;
using Fairlead.Memory;

namespace Fairlead.Cli.Output;

/// <summary>A System V segment as a line of JSON, and the source of table cells.</summary>
internal sealed record SegmentLine
{
    /// <summary>Absent if no program can find it any more: it is private, or has been removed.</summary>
    public string? Segment { get; init; }

    /// <summary>The number, as in <c>ipcs</c> and <c>ipcrm</c>.</summary>
    public required int Id { get; init; }

    public required long Size { get; init; }

    /// <summary>The permissions in octal.</summary>
    public required string Mode { get; init; }

    public required uint Owner { get; init; }

    public required uint Group { get; init; }

    public required uint Creator { get; init; }

    public required int CreatorPid { get; init; }

    public int? LastPid { get; init; }

    public required long Attached { get; init; }

    public DateTimeOffset? AttachedAt { get; init; }

    public DateTimeOffset? DetachedAt { get; init; }

    public required DateTimeOffset ChangedAt { get; init; }

    /// <summary>Whether it is removed, and exists only for the processes that have it attached.</summary>
    public required bool Removed { get; init; }

    public static SegmentLine Of(SystemVInfo segment) => new()
    {
        Segment = segment.Key == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"sysv://0x{segment.Key:x}"),
        Id = segment.Id,
        Size = segment.Size,
        Mode = Convert.ToString((int)segment.Mode, 8).PadLeft(3, '0'),
        Owner = segment.OwnerUserId,
        Group = segment.OwnerGroupId,
        Creator = segment.CreatorUserId,
        CreatorPid = segment.CreatorProcessId,
        LastPid = segment.LastProcessId,
        Attached = segment.AttachedCount,
        AttachedAt = segment.AttachedAt,
        DetachedAt = segment.DetachedAt,
        ChangedAt = segment.ChangedAt,
        Removed = segment.IsRemoved,
    };
}
