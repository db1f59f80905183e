using Fairlead.Native;

namespace Fairlead.Registry;

/// <summary>Which file a name means at the moment. A name can be given to another file; this says whether it was.</summary>
internal readonly record struct FileIdentity(ulong Device, ulong Inode)
{
    /// <summary>Of what does not exist.</summary>
    public static FileIdentity None => default;

    /// <summary>Of what was looked at.</summary>
    public static FileIdentity Of(FileStatus status) => new(status.Device, status.Inode);

    /// <summary>Of what a path names now, without following a symbolic link at its end; <see cref="None"/> when there is nothing.</summary>
    public static FileIdentity At(string path) => NativeFile.Lstat(path) is { } status ? Of(status) : None;
}
