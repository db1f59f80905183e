using System.Runtime.InteropServices;

namespace Fairlead.Native;

/// <summary>
/// The C library, and nothing but it: names, numbers and layouts as its headers have them. Who calls these keeps the
/// descriptor open meanwhile (<see cref="Descriptor.TryEnter"/>) and reads <see cref="LastError"/> at once.
/// </summary>
/// <remarks>
/// Linux with 64-bit pointers. Layouts and numbers are the generic ABI's; where an architecture that .NET runs on differs, the
/// difference stands beside the constant. No import uses <c>SetLastError</c>: its generated code clears errno first and copies it
/// to a thread-static afterwards, on success as well, and all it has in its favour (the runtime keeps errno across the return
/// from native code) holds for <see cref="LastError"/> too.
/// </remarks>
internal static unsafe partial class Libc
{
    private const string Library = "libc";

    /// <summary>The errno of the call just made, valid only after it has failed and before any other call.</summary>
    public static Errno LastError => (Errno)Marshal.GetLastSystemError();
}
