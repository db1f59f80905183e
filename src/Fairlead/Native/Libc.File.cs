using System.Runtime.InteropServices;

namespace Fairlead.Native;

// Descriptors, files and locks.
internal static unsafe partial class Libc
{
    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_TRUNC = 0x200;
    public const int O_APPEND = 0x400;
    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;
    public const int O_PATH = 0x200000;

    /// <summary>ARM and POWER use different numbers for these two.</summary>
    public static int O_DIRECTORY => HasArmOpenFlags ? 0x4000 : 0x10000;

    public static int O_NOFOLLOW => HasArmOpenFlags ? 0x8000 : 0x20000;

    public static int O_TMPFILE => 0x400000 | O_DIRECTORY;

    public const int AT_FDCWD = -100;
    public const int AT_SYMLINK_NOFOLLOW = 0x100;
    public const int AT_EMPTY_PATH = 0x1000;

    public const uint STATX_BASIC_STATS = 0x7ff;

    public const int LOCK_SH = 1;
    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;
    public const int LOCK_UN = 8;

    public const int F_GETFD = 1;
    public const int F_SETFD = 2;
    public const int FD_CLOEXEC = 1;
    public const int F_GETFL = 3;
    public const int F_SETFL = 4;
    public const int F_OFD_GETLK = 36;
    public const int F_OFD_SETLK = 37;
    public const int F_DUPFD_CLOEXEC = 1030;

    public const short F_RDLCK = 0;
    public const short F_WRLCK = 1;
    public const short F_UNLCK = 2;

    public const int IN_NONBLOCK = O_NONBLOCK;
    public const int IN_CLOEXEC = O_CLOEXEC;
    public const uint IN_CLOSE_WRITE = 8;
    public const uint IN_MOVED_FROM = 0x40;
    public const uint IN_MOVED_TO = 0x80;
    public const uint IN_CREATE = 0x100;
    public const uint IN_DELETE = 0x200;
    public const uint IN_DELETE_SELF = 0x400;
    public const uint IN_MOVE_SELF = 0x800;
    public const uint IN_ONLYDIR = 0x1000000;
    public const uint IN_MASK_ADD = 0x20000000;

    /// <summary>The size of <c>struct inotify_event</c> without its name.</summary>
    public const int ChangeHeader = 16;

    private static bool HasArmOpenFlags =>
        RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 or Architecture.Armv6 or Architecture.Ppc64le;

    [LibraryImport(Library, EntryPoint = "read")]
    public static partial nint Read(int descriptor, byte* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "write")]
    public static partial nint Write(int descriptor, byte* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "readv")]
    public static partial nint ReadVector(int descriptor, IoVector* vectors, int count);

    [LibraryImport(Library, EntryPoint = "writev")]
    public static partial nint WriteVector(int descriptor, IoVector* vectors, int count);

    [LibraryImport(Library, EntryPoint = "pread")]
    public static partial nint ReadAt(int descriptor, byte* buffer, nuint count, long offset);

    [LibraryImport(Library, EntryPoint = "pwrite")]
    public static partial nint WriteAt(int descriptor, byte* buffer, nuint count, long offset);

    [LibraryImport(Library, EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport(Library, EntryPoint = "openat", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int OpenAt(int directory, string path, int flags, uint mode);

    [LibraryImport(Library, EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Statx(int directory, string path, int flags, uint mask, StatxBuffer* result);

    [LibraryImport(Library, EntryPoint = "unlinkat", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int UnlinkAt(int directory, string path, int flags);

    [LibraryImport(Library, EntryPoint = "renameat", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RenameAt(int fromDirectory, string from, int toDirectory, string to);

    [LibraryImport(Library, EntryPoint = "linkat", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int LinkAt(int fromDirectory, string from, int toDirectory, string to, int flags);

    [LibraryImport(Library, EntryPoint = "mkdirat", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeDirectoryAt(int directory, string path, uint mode);

    [LibraryImport(Library, EntryPoint = "mkfifoat", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeFifoAt(int directory, string path, uint mode);

    [LibraryImport(Library, EntryPoint = "chmod", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeMode(string path, uint mode);

    [LibraryImport(Library, EntryPoint = "fchmod")]
    public static partial int ChangeMode(int descriptor, uint mode);

    [LibraryImport(Library, EntryPoint = "ftruncate")]
    public static partial int Truncate(int descriptor, long length);

    [LibraryImport(Library, EntryPoint = "fdatasync")]
    public static partial int SyncData(int descriptor);

    [LibraryImport(Library, EntryPoint = "fsync")]
    public static partial int Sync(int descriptor);

    /// <summary>Returns the error number itself and does not change errno.</summary>
    [LibraryImport(Library, EntryPoint = "posix_fallocate")]
    public static partial Errno Allocate(int descriptor, long offset, long length);

    [LibraryImport(Library, EntryPoint = "flock")]
    public static partial int FileLock(int descriptor, int operation);

    [LibraryImport(Library, EntryPoint = "inotify_init1")]
    public static partial int ChangesCreate(int flags);

    [LibraryImport(Library, EntryPoint = "inotify_add_watch", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangesAdd(int descriptor, string path, uint events);

    [LibraryImport(Library, EntryPoint = "inotify_rm_watch")]
    public static partial int ChangesRemove(int descriptor, int watch);

    // fcntl is variadic. On every 64-bit architecture that CoreCLR runs on, integers and pointers are passed to a variadic function as to
    // any other.
    [LibraryImport(Library, EntryPoint = "fcntl")]
    public static partial int Control(int descriptor, int command, nint argument);

    [LibraryImport(Library, EntryPoint = "fcntl")]
    public static partial int Control(int descriptor, int command, FileLockRange* argument);

    /// <summary><c>struct iovec</c>.</summary>
    public struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    /// <summary><c>struct flock</c> of a 64-bit process: 32 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FileLockRange
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int ProcessId;
    }

    /// <summary><c>struct statx</c>: 256 bytes on every architecture, which <c>struct stat</c> is not.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct StatxBuffer
    {
        [FieldOffset(0)] public uint Mask;
        [FieldOffset(16)] public uint LinkCount;
        [FieldOffset(20)] public uint UserId;
        [FieldOffset(24)] public uint GroupId;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(112)] public long ModifiedSeconds;
        [FieldOffset(120)] public uint ModifiedNanoseconds;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }
}
