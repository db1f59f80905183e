using Fairlead.Native;

namespace Fairlead.Memory;

/// <summary>The kernel's data about a System V segment of any user.</summary>
public sealed record SystemVInfo
{
    // SHM_DEST: removed, but kept until its last user detaches.
    private const uint Removed = 0x200;
    private const uint Permissions = 0x1FF;

    internal SystemVInfo(in SystemVStatus status)
    {
        Key = status.Key;
        Id = status.Id;
        Size = status.Size;
        Mode = (UnixFileMode)(status.Mode & Permissions);
        IsRemoved = (status.Mode & Removed) != 0;
        OwnerUserId = status.User;
        OwnerGroupId = status.Group;
        CreatorUserId = status.CreatorUser;
        CreatorGroupId = status.CreatorGroup;
        CreatorProcessId = status.Creator;
        LastProcessId = status.Last == 0 ? null : status.Last;
        AttachedCount = status.Attached;
        AttachedAt = Time(status.AttachTime);
        DetachedAt = Time(status.DetachTime);
        ChangedAt = DateTimeOffset.FromUnixTimeSeconds(status.ChangeTime);
    }

    /// <summary>The key to find it by; 0: none, because it is private or removed.</summary>
    public int Key { get; }

    /// <summary>The kernel's number of the segment, as in <c>ipcs -m</c> and <c>ipcrm -m</c>.</summary>
    public int Id { get; }

    /// <summary>The size in bytes, as created.</summary>
    public long Size { get; }

    /// <summary>The users that may attach it.</summary>
    public UnixFileMode Mode { get; }

    /// <summary>The user that owns it and may remove it.</summary>
    public uint OwnerUserId { get; }

    /// <summary>The group that owns it.</summary>
    public uint OwnerGroupId { get; }

    /// <summary>The user that created it and may remove it too.</summary>
    public uint CreatorUserId { get; }

    /// <summary>The group of the creator.</summary>
    public uint CreatorGroupId { get; }

    /// <summary>The process that created it. It may have ended, and its number may belong to another.</summary>
    public int CreatorProcessId { get; }

    /// <summary>The process that attached or detached it last; null: none yet.</summary>
    public int? LastProcessId { get; }

    /// <summary>The current number of attachments of all processes.</summary>
    public long AttachedCount { get; }

    /// <summary>The time of the last attachment; null: never.</summary>
    public DateTimeOffset? AttachedAt { get; }

    /// <summary>The time of the last detachment; null: never.</summary>
    public DateTimeOffset? DetachedAt { get; }

    /// <summary>The time of its creation or of the last change of its owner or mode.</summary>
    public DateTimeOffset ChangedAt { get; }

    /// <summary>Whether it has been removed, and exists only for the processes that have it attached.</summary>
    public bool IsRemoved { get; }

    private static DateTimeOffset? Time(long seconds) => seconds == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(seconds);
}
