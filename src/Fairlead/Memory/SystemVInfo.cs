using Fairlead.Native;

namespace Fairlead.Memory;

/// <summary>What the kernel knows of a System V segment, whoever's it is.</summary>
public sealed record SystemVInfo
{
    // SHM_DEST: removed, and there until its last user has let go of it.
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

    /// <summary>By which it is found; 0: by none, it is private or has been removed.</summary>
    public int Key { get; }

    /// <summary>The kernel's number of it, as <c>ipcs -m</c> and <c>ipcrm -m</c> have it.</summary>
    public int Id { get; }

    /// <summary>In bytes, as it was made.</summary>
    public long Size { get; }

    /// <summary>Who may attach it.</summary>
    public UnixFileMode Mode { get; }

    /// <summary>The user whose it is, who may remove it.</summary>
    public uint OwnerUserId { get; }

    /// <summary>The group whose it is.</summary>
    public uint OwnerGroupId { get; }

    /// <summary>The user who made it, who may remove it, too.</summary>
    public uint CreatorUserId { get; }

    /// <summary>The group of who made it.</summary>
    public uint CreatorGroupId { get; }

    /// <summary>The process that made it. It may have ended, and its number be another's.</summary>
    public int CreatorProcessId { get; }

    /// <summary>The process that attached or detached it last; null: none has yet.</summary>
    public int? LastProcessId { get; }

    /// <summary>How many times it is attached now, by all processes.</summary>
    public long AttachedCount { get; }

    /// <summary>When it was attached last; null: never.</summary>
    public DateTimeOffset? AttachedAt { get; }

    /// <summary>When it was detached last; null: never.</summary>
    public DateTimeOffset? DetachedAt { get; }

    /// <summary>When it was made, or its owner or mode was last changed.</summary>
    public DateTimeOffset ChangedAt { get; }

    /// <summary>Whether it has been removed, and is only there for those who have it attached.</summary>
    public bool IsRemoved { get; }

    private static DateTimeOffset? Time(long seconds) => seconds == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(seconds);
}
