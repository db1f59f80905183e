using System.Runtime.InteropServices;

namespace Fairlead.Native;

// Sleeping on a word of memory. The C library has no function for it.
internal static unsafe partial class Libc
{
    public const int FUTEX_WAIT = 0;
    public const int FUTEX_WAKE = 1;

    private static readonly nint FutexNumber = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 202,
        Architecture.Arm64 or Architecture.RiscV64 or Architecture.LoongArch64 => 98,
        Architecture.Ppc64le => 221,
        Architecture.S390x => 238,
        _ => throw new PlatformNotSupportedException("The number of the futex call on this architecture is not known."),
    };

    public static nint Futex(int* word, int operation, int value, TimeSpec* timeout) => SystemCall(FutexNumber, word, operation, value, timeout);

    [LibraryImport(Library, EntryPoint = "syscall")]
    private static partial nint SystemCall(nint number, int* word, nint operation, nint value, TimeSpec* timeout);
}
