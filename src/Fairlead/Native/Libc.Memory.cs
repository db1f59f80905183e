using System.Runtime.InteropServices;

namespace Fairlead.Native;

// Mappings.
internal static unsafe partial class Libc
{
    public const int PROT_READ = 1;
    public const int PROT_WRITE = 2;
    public const int MAP_SHARED = 1;
    public const int MAP_ANONYMOUS = 0x20;

    /// <summary>What <see cref="Map"/> returns when it fails.</summary>
    public const nint MAP_FAILED = -1;

    [LibraryImport(Library, EntryPoint = "mmap")]
    public static partial nint Map(nint hint, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport(Library, EntryPoint = "munmap")]
    public static partial int Unmap(nint address, nuint length);
}
