using System.Runtime.InteropServices;

namespace Fairlead.Native;

/// <summary>
/// The C library and nothing else: names, numbers and layouts as in its headers. Callers keep the descriptor open during the call
/// (<see cref="Descriptor.TryEnter"/>) and read <see cref="LastError"/> immediately afterwards.
/// </summary>
/// <remarks>
/// Linux with 64-bit pointers. Layouts and numbers are those of the generic ABI; a comment beside the constant states where an architecture
/// that .NET runs on differs. No import uses <c>SetLastError</c>: its generated code clears errno first, and copies it to a thread-static
/// afterwards, even on success. Its one advantage (the runtime keeps errno across the return from native code) holds for
/// <see cref="LastError"/> too.
/// </remarks>
internal static unsafe partial class Libc
{
    private const string Library = "libc";

    /// <summary>The errno of the preceding call, valid only if that failed, and before any other call.</summary>
    public static Errno LastError => (Errno)Marshal.GetLastSystemError();
}
