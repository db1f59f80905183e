namespace Fairlead.Native;

/// <summary>The status of a file, as the kernel reports it.</summary>
internal sealed record FileStatus
{
    // The file type in the mode, <c>S_IFMT</c> and its values.
    private const uint KindMask = 0xf000;

    internal FileStatus(in Libc.StatxBuffer buffer)
    {
        Kind = (buffer.Mode & KindMask) switch
        {
            0x1000 => FileKind.Fifo,
            0x4000 => FileKind.Directory,
            0x8000 => FileKind.Regular,
            0xa000 => FileKind.Symlink,
            0xc000 => FileKind.Socket,
            _ => FileKind.Other,
        };
        Mode = buffer.Mode & ~KindMask;
        Uid = buffer.UserId;
        Gid = buffer.GroupId;
        Device = ((ulong)buffer.DeviceMajor << 32) | buffer.DeviceMinor;
        Inode = buffer.Inode;
        Size = (long)buffer.Size;
        LinkCount = buffer.LinkCount;
        Modified = (buffer.ModifiedSeconds, buffer.ModifiedNanoseconds);
    }

    public FileKind Kind { get; }

    /// <summary>The permission bits, including set-id and sticky: <c>07777</c> in octal.</summary>
    public uint Mode { get; }

    public uint Uid { get; }

    public uint Gid { get; }

    /// <summary>The file system of the file; only for comparison.</summary>
    public ulong Device { get; }

    public ulong Inode { get; }

    /// <summary>The size in bytes.</summary>
    public long Size { get; }

    /// <summary>The number of names; zero after the last one is removed.</summary>
    public uint LinkCount { get; }

    /// <summary>When the content was last changed; only for comparison.</summary>
    public (long Seconds, uint Nanoseconds) Modified { get; }

    /// <summary>Returns whether both describe one file, whatever has happened to its content and names.</summary>
    public bool IsSameFile(FileStatus other) => Device == other.Device && Inode == other.Inode;
}
