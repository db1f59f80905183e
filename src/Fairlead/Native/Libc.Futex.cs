using System.Runtime.InteropServices;

namespace Fairlead.Native;

// Sleeping on a word of memory. The C library has no function for it.
internal static unsafe partial class Libc
{
    public const int FUTEX_WAIT = 0;
    public const int FUTEX_WAKE = 1;
    public const int FUTEX_WAKE_OP = 5;

    /// <summary>
    /// The operation on the second word: <c>FUTEX_OP(FUTEX_OP_…, argument, FUTEX_OP_CMP_EQ, 0)</c>, without the argument.
    /// </summary>
    public const int FUTEX_OP_SET = 0;
    public const int FUTEX_OP_ADD = 1 << 28;
    public const int FUTEX_OP_OR = 2 << 28;
    public const int FUTEX_OP_ANDN = 3 << 28;

    /// <summary>The position of the argument, twelve bits with a sign.</summary>
    public const int FUTEX_OP_ARGUMENT = 12;

    public const int FUTEX_PRIVATE_FLAG = 128;

    private const nint CLOCK_MONOTONIC = 1;

    /// <summary>The same number on all architectures.</summary>
    private const nint FutexesNumber = 449;

    public const uint FUTEX_32 = 2;
    public const uint FUTEX_PRIVATE = 128;

    /// <summary>The most words for one wait.</summary>
    public const int FUTEX_WAITV_MAX = 128;

    private static readonly nint FutexNumber = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 202,
        Architecture.Arm64 or Architecture.RiscV64 or Architecture.LoongArch64 => 98,
        Architecture.Ppc64le => 221,
        Architecture.S390x => 238,
        _ => throw new PlatformNotSupportedException("The number of the futex call on this architecture is not known."),
    };

    public static nint Futex(int* word, int operation, int value, TimeSpec* timeout) =>
        SystemCall(FutexNumber, word, operation, value, timeout);

    /// <summary>For <see cref="FUTEX_WAKE_OP"/>.</summary>
    public static nint Futex(int* word, int operation, int value, int secondValue, int* secondWord, int thirdValue) =>
        SystemCall(FutexNumber, word, operation, value, secondValue, secondWord, thirdValue);

    /// <summary>
    /// Sleeps while all words have their values, until a time of the clock that began with the machine; null: no limit. Linux 5.16.
    /// </summary>
    public static nint Futexes(FutexWord* words, int count, TimeSpec* until = null) =>
        SystemCall(FutexesNumber, (int*)words, count, 0, (nint)until, (int*)CLOCK_MONOTONIC, 0);

    /// <summary><c>struct futex_waitv</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FutexWord
    {
        public ulong Value;
        public ulong Address;
        public uint Flags;
        public uint Reserved;
    }

    [LibraryImport(Library, EntryPoint = "syscall")]
    private static partial nint SystemCall(nint number, int* word, nint operation, nint value, TimeSpec* timeout);

    [LibraryImport(Library, EntryPoint = "syscall")]
    private static partial nint SystemCall(
        nint number, int* word, nint operation, nint value, nint secondValue, int* secondWord, nint thirdValue);
}
