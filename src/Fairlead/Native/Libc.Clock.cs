using System.Runtime.InteropServices;

namespace Fairlead.Native;

// The time.
internal static unsafe partial class Libc
{
    public const int CLOCK_REALTIME_COARSE = 5;

    /// <summary>Does not enter the kernel, so it needs no transition of the garbage collector.</summary>
    [LibraryImport(Library, EntryPoint = "clock_gettime")]
    [SuppressGCTransition]
    public static partial int ClockTime(int clock, TimeSpec* time);
}
