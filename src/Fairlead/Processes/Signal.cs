using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fairlead.Native;

namespace Fairlead.Processes;

/// <summary>
/// A signal, by its number: <c>Signal.Terminate</c>, <c>Signal.RealTime(3)</c>, <c>Signal.Parse("HUP")</c>. Every number is Linux's.
/// </summary>
/// <remarks>The default value, 0, is no signal: to send it is only to ask whether a process is there.</remarks>
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

    /// <summary>For instance <c>SIGTERM</c>, <c>SIGRTMIN+3</c>.</summary>
    public string Name => Number == 0 ? "no signal"
        : Number < Names.Length ? $"SIG{Names[Number]}"
        : Number == FirstRealTime ? "SIGRTMIN"
        : Number > FirstRealTime ? string.Create(CultureInfo.InvariantCulture, $"SIGRTMIN+{Number - FirstRealTime}")
        : string.Create(CultureInfo.InvariantCulture, $"signal {Number}");

    /// <summary>Whether it is queued with its value rather than merely noted: SIGRTMIN and those behind it.</summary>
    public bool IsRealTime => Number >= FirstRealTime;

    /// <summary>Whether it can be neither caught, nor ignored, nor blocked: SIGKILL and SIGSTOP.</summary>
    public bool IsUncatchable => this == Kill || this == Stop;

    /// <summary>SIGHUP: the terminal is gone, or reread your configuration.</summary>
    public static Signal Hangup => new(1);

    /// <summary>SIGINT: Ctrl-C.</summary>
    public static Signal Interrupt => new(2);

    /// <summary>SIGQUIT: Ctrl-\, with a core dump.</summary>
    public static Signal Quit => new(3);

    /// <summary>SIGABRT: the process has given itself up.</summary>
    public static Signal Abort => new(6);

    /// <summary>SIGKILL: ends a process, which cannot do anything about it.</summary>
    public static Signal Kill => new(9);

    /// <summary>SIGUSR1: means what the program says.</summary>
    public static Signal User1 => new(10);

    /// <summary>SIGSEGV: memory that is not there was used.</summary>
    public static Signal SegmentationFault => new(11);

    /// <summary>SIGUSR2: means what the program says.</summary>
    public static Signal User2 => new(12);

    /// <summary>SIGPIPE: written to a pipe that nobody reads.</summary>
    public static Signal Pipe => new(13);

    /// <summary>SIGALRM: the alarm clock.</summary>
    public static Signal Alarm => new(14);

    /// <summary>SIGTERM: please end.</summary>
    public static Signal Terminate => new(15);

    /// <summary>SIGCHLD: a child has ended, stopped or continued.</summary>
    public static Signal Child => new(17);

    /// <summary>SIGCONT: go on.</summary>
    public static Signal Continue => new(18);

    /// <summary>SIGSTOP: stops a process, which cannot do anything about it.</summary>
    public static Signal Stop => new(19);

    /// <summary>SIGTSTP: Ctrl-Z.</summary>
    public static Signal TerminalStop => new(20);

    /// <summary>SIGTTIN: read from the terminal out of the background.</summary>
    public static Signal TerminalInput => new(21);

    /// <summary>SIGTTOU: wrote to the terminal, or set it up, out of the background.</summary>
    public static Signal TerminalOutput => new(22);

    /// <summary>SIGWINCH: the window of the terminal has another size.</summary>
    public static Signal WindowChange => new(28);

    // The C library keeps the first ones for itself, so that the number is its to say.
    private static int FirstRealTime => Libc.FirstRealTimeSignal();

    /// <summary>The real-time signal of that distance from SIGRTMIN.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many: some 30.</exception>
    public static Signal RealTime(int offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Last - FirstRealTime);
        return new Signal(FirstRealTime + offset);
    }

    /// <summary>The signal of a number from 0 to 64.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such signal.</exception>
    public static Signal FromNumber(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, Last);
        return new Signal(number);
    }

    /// <summary>Reads <c>TERM</c>, <c>SIGTERM</c>, <c>15</c>, <c>RTMIN+3</c>, in either case.</summary>
    /// <exception cref="ArgumentException">There is no such signal.</exception>
    public static Signal Parse(string text) =>
        TryParse(text, out Signal signal)
            ? signal
            : throw new ArgumentException($"There is no signal '{text}'. Write TERM, SIGTERM, 15 or RTMIN+3.", nameof(text));

    /// <summary>Reads a signal as <see cref="Parse"/> does; false when there is none of that name.</summary>
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
