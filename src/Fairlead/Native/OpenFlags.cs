namespace Fairlead.Native;

/// <summary>How a file is opened. Our own bits: the kernel's differ between architectures.</summary>
[Flags]
internal enum OpenFlags
{
    ReadOnly = 0,
    WriteOnly = 1,
    ReadWrite = 2,

    /// <summary>Make it when it is missing, with the mode given, less the umask.</summary>
    Create = 4,

    /// <summary>With <see cref="Create"/>: fail with EEXIST when anything, even a dangling link, has the name.</summary>
    Exclusive = 8,
    Truncate = 0x10,

    /// <summary>Each write goes to the end.</summary>
    Append = 0x20,

    /// <summary>Only a directory will do, else ENOTDIR.</summary>
    Directory = 0x40,

    /// <summary>A symbolic link as the last part of the path is ELOOP.</summary>
    NoFollow = 0x80,

    /// <summary>
    /// Only the place, for <c>/proc/self/fd/N</c> and status: neither reading nor writing, and no permission of the file needed.
    /// </summary>
    Path = 0x100,

    /// <summary>A file without a name in the directory given.</summary>
    Unnamed = 0x200,

    /// <summary>Of a FIFO: waits until its other end is opened too, and reads and writes wait likewise.</summary>
    Blocking = 0x400,
}
