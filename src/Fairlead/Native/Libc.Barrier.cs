using System.Runtime.InteropServices;

namespace Fairlead.Native;

// Barriers in other processes. The C library has no function for it.
internal static partial class Libc
{
    public const int MEMBARRIER_CMD_QUERY = 0;
    public const int MEMBARRIER_CMD_GLOBAL = 1;
    public const int MEMBARRIER_CMD_GLOBAL_EXPEDITED = 2;
    public const int MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED = 4;

    private static readonly nint BarrierNumber = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 324,
        Architecture.Arm64 or Architecture.RiscV64 or Architecture.LoongArch64 => 283,
        Architecture.Ppc64le => 365,
        Architecture.S390x => 356,
        _ => throw new PlatformNotSupportedException("The number of the membarrier call on this architecture is not known."),
    };

    /// <summary>Below zero on failure.</summary>
    public static nint Barrier(int command) => BarrierCall(BarrierNumber, command, 0, 0);

    [LibraryImport(Library, EntryPoint = "syscall")]
    private static partial nint BarrierCall(nint number, nint command, nint flags, nint processor);
}
