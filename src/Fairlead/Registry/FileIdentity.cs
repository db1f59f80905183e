using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Registry;

/// <summary>The identity of a file. A name can come to refer to another file; comparing identities shows that.</summary>
internal readonly record struct FileIdentity(ulong Device, ulong Inode)
{
    /// <summary>The identity of a file that does not exist.</summary>
    public static FileIdentity None => default;

    /// <summary>Returns the identity in a file's status.</summary>
    public static FileIdentity Of(FileStatus status) => new(status.Device, status.Inode);

    /// <summary>
    /// Returns the identity of the file at a path, not following a final symbolic link; <see cref="None"/> if there is none.
    /// </summary>
    public static FileIdentity At(string path) => NativeFile.Lstat(path) is { } status ? Of(status) : None;
}
