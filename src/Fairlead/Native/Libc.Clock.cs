using System.Runtime.InteropServices;

namespace Fairlead.Native;

// The time.
internal static unsafe partial class Libc
{
    public const int CLOCK_REALTIME_COARSE = 5;

    /// <summary>Read without entering the kernel, so without telling the runtime.</summary>
    [LibraryImport(Library, EntryPoint = "clock_gettime")]
    [SuppressGCTransition]
    public static partial int ClockTime(int clock, TimeSpec* time);
}
