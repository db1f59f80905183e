using System.Runtime.InteropServices;

namespace Fairlead.Native;

// Processes by descriptor, and the status of children. If the C library has no function for a call, the call is new, and its number is the
// same on every architecture.
internal static unsafe partial class Libc
{
    public const int P_ALL = 0;
    public const int P_PID = 1;
    public const int P_PIDFD = 3;

    /// <summary>Linux 6.9; EINVAL before.</summary>
    public const nint PIDFD_THREAD = 0x80;

    public const int WNOHANG = 1;
    public const int WSTOPPED = 2;
    public const int WEXITED = 4;
    public const int WCONTINUED = 8;
    public const int WNOWAIT = 0x0100_0000;

    public const int CLD_EXITED = 1;
    public const int CLD_KILLED = 2;
    public const int CLD_DUMPED = 3;
    public const int CLD_STOPPED = 5;
    public const int CLD_CONTINUED = 6;

    public const int SIGCHLD = 17;
    public const int SIGTTOU = 22;
    public const int SIG_BLOCK = 0;
    public const int SIG_SETMASK = 2;

    private const nint PidfdSendSignalNumber = 424;
    private const nint PidfdOpenNumber = 434;

    /// <summary>Opens a descriptor of a process, or with <see cref="PIDFD_THREAD"/> of a thread; below zero on failure.</summary>
    /// <remarks>Closed on exec.</remarks>
    public static int ProcessOpen(int id, nint flags = 0) => (int)Call(PidfdOpenNumber, id, flags, 0, 0);

    /// <summary>Like <c>kill</c>, for exactly the process that the descriptor was opened for.</summary>
    public static int ProcessSignal(int descriptor, int signal) => (int)Call(PidfdSendSignalNumber, descriptor, signal, 0, 0);

    [LibraryImport(Library, EntryPoint = "waitid")]
    public static partial int WaitId(int kind, int id, ChildInformation* information, int options);

    /// <summary>Space for <c>struct sigaction</c>, which has 152 bytes in both C libraries and begins with the handler.</summary>
    public const int SignalActionRoom = 512;

    [LibraryImport(Library, EntryPoint = "sigaction")]
    public static partial int SignalAction(int signal, byte* action, byte* old);

    [LibraryImport(Library, EntryPoint = "signal")]
    public static partial nint SetSignal(int signal, nint handler);

    [LibraryImport(Library, EntryPoint = "pipe2")]
    public static partial int Pipe(int* descriptors, int flags);

    [LibraryImport(Library, EntryPoint = "getpgid")]
    public static partial int ProcessGroupOf(int processId);

    [LibraryImport(Library, EntryPoint = "getppid")]
    public static partial int ParentProcessId();

    [LibraryImport(Library, EntryPoint = "__libc_current_sigrtmin")]
    public static partial int FirstRealTimeSignal();

    [LibraryImport(Library, EntryPoint = "pthread_sigmask")]
    public static partial Errno ThreadSignalMask(int how, SignalSet* set, SignalSet* old);

    [LibraryImport(Library, EntryPoint = "tcgetpgrp")]
    public static partial int TerminalForeground(int descriptor);

    [LibraryImport(Library, EntryPoint = "tcsetpgrp")]
    public static partial int SetTerminalForeground(int descriptor, int group);

    [LibraryImport(Library, EntryPoint = "tcgetattr")]
    public static partial int TerminalModes(int descriptor, byte* modes);

    [LibraryImport(Library, EntryPoint = "tcsetattr")]
    public static partial int SetTerminalModes(int descriptor, int when, byte* modes);

    [LibraryImport(Library, EntryPoint = "cfmakeraw")]
    public static partial void MakeRaw(byte* modes);

    [LibraryImport(Library, EntryPoint = "isatty")]
    public static partial int IsTerminal(int descriptor);

    [LibraryImport(Library, EntryPoint = "syscall")]
    private static partial nint Call(nint number, nint first, nint second, nint third, nint fourth);

    /// <summary><c>siginfo_t</c> of a child, in a 64-bit process: 128 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    public struct ChildInformation
    {
        [FieldOffset(8)] public int Code;
        [FieldOffset(16)] public int ProcessId;
        [FieldOffset(20)] public uint UserId;
        [FieldOffset(24)] public int Status;
    }
}
