using System.Runtime.InteropServices;

namespace Fairlead.Native;

// Signals with a value, signals by a descriptor, and the alarm clock.
internal static unsafe partial class Libc
{
    public const nint SIG_DFL = 0;
    public const nint SIG_IGN = 1;
    public const int SIG_UNBLOCK = 1;

    public const int SFD_NONBLOCK = 0x800;
    public const int SFD_CLOEXEC = 0x80000;

    public const int SI_USER = 0;
    public const int SI_QUEUE = -1;
    public const int SI_TKILL = -6;

    public const int ITIMER_REAL = 0;

    /// <summary>Like <see cref="ProcessSignal(int, int)"/>, with information for the receiver.</summary>
    public static int ProcessSignal(int descriptor, int signal, SignalInformation* information) =>
        (int)Call(PidfdSendSignalNumber, descriptor, signal, (nint)information, 0);

    [LibraryImport(Library, EntryPoint = "sigqueue")]
    public static partial int SignalQueue(int processId, int signal, SignalValue value);

    [LibraryImport(Library, EntryPoint = "signalfd")]
    public static partial int SignalDescriptor(int descriptor, SignalSet* set, int flags);

    [LibraryImport(Library, EntryPoint = "sigtimedwait")]
    public static partial int TakeSignal(SignalSet* set, SignalInformation* information, TimeSpec* patience);

    [LibraryImport(Library, EntryPoint = "setitimer")]
    public static partial int SetTimer(int which, IntervalTimer* value, IntervalTimer* old);

    [LibraryImport(Library, EntryPoint = "gettid")]
    public static partial int ThreadId();

    [LibraryImport(Library, EntryPoint = "getuid")]
    public static partial uint RealUserId();

    /// <summary><c>union sigval</c>, of which the number is used.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 8)]
    public struct SignalValue
    {
        public int Number;
    }

    /// <summary><c>siginfo_t</c> of a signal with a value, in a 64-bit process.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    public struct SignalInformation
    {
        [FieldOffset(0)] public int Number;
        [FieldOffset(8)] public int Code;
        [FieldOffset(16)] public int ProcessId;
        [FieldOffset(20)] public uint UserId;
        [FieldOffset(24)] public SignalValue Value;
    }

    /// <summary><c>struct signalfd_siginfo</c>: the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    public struct ReceivedSignal
    {
        [FieldOffset(0)] public int Number;
        [FieldOffset(8)] public int Code;
        [FieldOffset(12)] public int ProcessId;
        [FieldOffset(16)] public uint UserId;
        [FieldOffset(44)] public int Value;
    }

    /// <summary><c>struct itimerval</c>: the period, and the time until the next expiry, each in seconds and microseconds.</summary>
    public struct IntervalTimer
    {
        public long PeriodSeconds;
        public long PeriodMicroseconds;
        public long Seconds;
        public long Microseconds;
    }
}
