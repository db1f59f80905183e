using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Native;

namespace Fairlead.Processes;

/// <summary>A signal by its Linux number: <c>Signal.Terminate</c>, <c>Signal.RealTime(3)</c>, <c>Signal.Parse("HUP")</c>.</summary>
/// <remarks>The default value 0 is not a signal: sending it only checks that the process exists.</remarks>
public readonly record struct Signal
{
    private const int Last = 64;

    private static readonly string[] Names =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT",
        "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    private Signal(int number) => Number = number;

    /// <summary>The kernel's number.</summary>
    public int Number { get; }

    /// <summary>The name, for instance <c>SIGTERM</c> or <c>SIGRTMIN+3</c>.</summary>
    public string Name => Number == 0 ? "no signal"
        : Number < Names.Length ? $"SIG{Names[Number]}"
        : Number == FirstRealTime ? "SIGRTMIN"
        : Number > FirstRealTime ? string.Create(CultureInfo.InvariantCulture, $"SIGRTMIN+{Number - FirstRealTime}")
        : string.Create(CultureInfo.InvariantCulture, $"signal {Number}");

    /// <summary>Whether the kernel queues the signal with its value rather than only marking it pending: SIGRTMIN and above.</summary>
    public bool IsRealTime => Number >= FirstRealTime;

    /// <summary>Whether a process can neither catch, ignore nor block it: SIGKILL and SIGSTOP.</summary>
    public bool IsUncatchable => this == Kill || this == Stop;

    /// <summary>SIGHUP: the terminal is gone, or a request to reread the configuration.</summary>
    public static Signal Hangup => new(1);

    /// <summary>SIGINT: Ctrl-C.</summary>
    public static Signal Interrupt => new(2);

    /// <summary>SIGQUIT: Ctrl-\, with a core dump.</summary>
    public static Signal Quit => new(3);

    /// <summary>SIGABRT: the process has aborted itself.</summary>
    public static Signal Abort => new(6);

    /// <summary>SIGKILL: ends a process unconditionally.</summary>
    public static Signal Kill => new(9);

    /// <summary>SIGUSR1: for the program's own use.</summary>
    public static Signal User1 => new(10);

    /// <summary>SIGSEGV: an invalid memory access.</summary>
    public static Signal SegmentationFault => new(11);

    /// <summary>SIGUSR2: for the program's own use.</summary>
    public static Signal User2 => new(12);

    /// <summary>SIGPIPE: a write to a pipe without a reader.</summary>
    public static Signal Pipe => new(13);

    /// <summary>SIGALRM: the alarm clock.</summary>
    public static Signal Alarm => new(14);

    /// <summary>SIGTERM: a request to end.</summary>
    public static Signal Terminate => new(15);

    /// <summary>SIGCHLD: a child has ended, stopped or continued.</summary>
    public static Signal Child => new(17);

    /// <summary>SIGCONT: continues a stopped process.</summary>
    public static Signal Continue => new(18);

    /// <summary>SIGSTOP: stops a process unconditionally.</summary>
    public static Signal Stop => new(19);

    /// <summary>SIGTSTP: Ctrl-Z.</summary>
    public static Signal TerminalStop => new(20);

    /// <summary>SIGTTIN: a background process read from the terminal.</summary>
    public static Signal TerminalInput => new(21);

    /// <summary>SIGTTOU: a background process wrote to the terminal or changed its modes.</summary>
    public static Signal TerminalOutput => new(22);

    /// <summary>SIGWINCH: the terminal window has changed its size.</summary>
    public static Signal WindowChange => new(28);

    /// <summary>All signals of this machine, by their numbers. The C library reserves some numbers between SIGSYS and SIGRTMIN.</summary>
    public static IReadOnlyList<Signal> All =>
        [.. Enumerable.Range(1, Names.Length - 1).Concat(Enumerable.Range(FirstRealTime, Last - FirstRealTime + 1)).Select(FromNumber)];

    // The C library reserves the first ones, and therefore decides the number.
    private static int FirstRealTime => Libc.FirstRealTimeSignal();

    /// <summary>Returns the real-time signal SIGRTMIN plus an offset.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The offset is too large; there are about 30.</exception>
    public static Signal RealTime(int offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Last - FirstRealTime);
        return new Signal(FirstRealTime + offset);
    }

    /// <summary>Returns the signal with a number from 0 to 64.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such signal.</exception>
    public static Signal FromNumber(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, Last);
        return new Signal(number);
    }

    /// <summary>Returns the signal that the base library names, or whose number was cast to its type.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such signal.</exception>
    internal static Signal Of(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => Hangup,
        PosixSignal.SIGINT => Interrupt,
        PosixSignal.SIGQUIT => Quit,
        PosixSignal.SIGTERM => Terminate,
        PosixSignal.SIGCHLD => Child,
        PosixSignal.SIGCONT => Continue,
        PosixSignal.SIGWINCH => WindowChange,
        PosixSignal.SIGTTIN => TerminalInput,
        PosixSignal.SIGTTOU => TerminalOutput,
        PosixSignal.SIGTSTP => TerminalStop,
        _ => FromNumber((int)signal),
    };

    /// <summary>Parses <c>TERM</c>, <c>SIGTERM</c>, <c>15</c> or <c>RTMIN+3</c>, in upper or lower case.</summary>
    /// <exception cref="ArgumentException">There is no such signal.</exception>
    public static Signal Parse(string text) =>
        TryParse(text, out Signal signal)
            ? signal
            : throw new ArgumentException($"'{text}' is not a signal. Write TERM, SIGTERM, 15 or RTMIN+3.", nameof(text));

    /// <summary>Parses a signal like <see cref="Parse"/>; false if there is no such signal.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Signal signal)
    {
        signal = default;
        string name = (text ?? "").Trim().ToUpperInvariant();
        name = name.StartsWith("SIG", StringComparison.Ordinal) ? name[3..] : name;
        if (name.StartsWith("RTMIN", StringComparison.Ordinal))
        {
            int offset = 0;
            bool isOffset = name.Length == 5
                || (name[5] == '+' && int.TryParse(name.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out offset));
            isOffset &= offset <= Last - FirstRealTime;
            signal = isOffset ? RealTime(offset) : default;
            return isOffset;
        }

        int number = Array.IndexOf(Names, name);
        if (number <= 0 && !(int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number is >= 0 and <= Last))
        {
            return false;
        }

        signal = new Signal(number);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
