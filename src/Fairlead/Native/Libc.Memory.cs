using System.Runtime.InteropServices;

namespace Fairlead.Native;

// Mappings.
internal static unsafe partial class Libc
{
    public const int PROT_NONE = 0;
    public const int PROT_READ = 1;
    public const int PROT_WRITE = 2;
    public const int MAP_SHARED = 1;
    public const int MAP_PRIVATE = 2;
    public const int MAP_FIXED = 0x10;
    public const int MAP_ANONYMOUS = 0x20;

    /// <summary>Since Linux 5.14.</summary>
    public const int MADV_POPULATE_WRITE = 23;

    public static int MAP_NORESERVE => RuntimeInformation.ProcessArchitecture == Architecture.Ppc64le ? 0x40 : 0x4000;

    public const uint MFD_CLOEXEC = 1;
    public const uint MFD_ALLOW_SEALING = 2;
    public const int F_ADD_SEALS = 1033;
    public const int F_GET_SEALS = 1034;
    public const int F_SEAL_SEAL = 1;
    public const int F_SEAL_SHRINK = 2;
    public const int F_SEAL_GROW = 4;
    public const int F_SEAL_FUTURE_WRITE = 16;

    /// <summary>The file system of memory files, but not of huge pages.</summary>
    public const long TMPFS_MAGIC = 0x01021994;

    /// <summary>The result of <see cref="Map"/> on failure.</summary>
    public const nint MAP_FAILED = -1;

    [LibraryImport(Library, EntryPoint = "mmap")]
    public static partial nint Map(nint hint, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport(Library, EntryPoint = "munmap")]
    public static partial int Unmap(nint address, nuint length);

    [LibraryImport(Library, EntryPoint = "madvise")]
    public static partial int Advise(nint address, nuint length, int advice);

    [LibraryImport(Library, EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int CreateMemoryFile(string name, uint flags);

    [LibraryImport(Library, EntryPoint = "fstatfs")]
    public static partial int FileSystemStatus(int descriptor, FileSystem* status);

    /// <summary><c>struct statfs</c>: only its first field is used, and it is not longer on any architecture.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    public struct FileSystem
    {
        public long Type;
    }
}
