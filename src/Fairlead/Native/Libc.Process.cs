using System.Runtime.InteropServices;

namespace Fairlead.Native;

// Processes and users.
internal static unsafe partial class Libc
{
    public const int SC_CLK_TCK = 2;
    public const int SC_OPEN_MAX = 4;

    [LibraryImport(Library, EntryPoint = "geteuid")]
    public static partial uint EffectiveUserId();

    /// <summary>Signal 0 sends nothing, and checks whether the process exists.</summary>
    [LibraryImport(Library, EntryPoint = "kill")]
    public static partial int Kill(int processId, int signal);

    [LibraryImport(Library, EntryPoint = "sysconf")]
    public static partial nint SystemConfiguration(int name);
}
