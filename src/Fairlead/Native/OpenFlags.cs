namespace Fairlead.Native;

/// <summary>How to open a file. These bits are Fairlead's own: the kernel's differ between architectures.</summary>
[Flags]
internal enum OpenFlags
{
    ReadOnly = 0,
    WriteOnly = 1,
    ReadWrite = 2,

    /// <summary>Create it if it does not exist, with the given mode less the umask.</summary>
    Create = 4,

    /// <summary>With <see cref="Create"/>: fail with EEXIST if anything, even a dangling link, has the name.</summary>
    Exclusive = 8,
    Truncate = 0x10,

    /// <summary>Each write goes to the end.</summary>
    Append = 0x20,

    /// <summary>Open only a directory; otherwise ENOTDIR.</summary>
    Directory = 0x40,

    /// <summary>Fail with ELOOP if the last part of the path is a symbolic link.</summary>
    NoFollow = 0x80,

    /// <summary>
    /// Open only the location, for <c>/proc/self/fd/N</c> and status: without reading, writing, or any permission of the file.
    /// </summary>
    Path = 0x100,

    /// <summary>An unnamed file in the given directory.</summary>
    Unnamed = 0x200,

    /// <summary>For a FIFO: wait until its other end is opened too; reads and writes block as well.</summary>
    Blocking = 0x400,
}
