using System.Globalization;
using Fairlead.Native;

namespace Fairlead.Processes;

/// <summary>
/// The terminal that this process was started from. One process group at a time has its foreground: it alone reads, and Ctrl-C and Ctrl-Z
/// go to it. A shell hands the foreground to a job and takes it back.
/// </summary>
public sealed class ControllingTerminal : IDisposable
{
    private readonly Descriptor _terminal;

    private ControllingTerminal(Descriptor terminal) => _terminal = terminal;

    /// <summary>
    /// The number of the process group that has the foreground. Setting it blocks no one and stops no one, this process included, in the
    /// foreground or not.
    /// </summary>
    /// <exception cref="FairleadException">
    /// Getting: Unavailable, the terminal has hung up. Setting: PermissionDenied, no such group in this session.
    /// </exception>
    public int Foreground
    {
        get
        {
            int group = Libc.TerminalForeground(_terminal.Number);
            return group >= 0 ? group : throw ErrnoMap.Failure("the terminal does not tell who has its foreground", Libc.LastError);
        }

        set
        {
            Errno error = SetForeground(_terminal, value);
            if (error != Errno.None)
            {
                throw ErrnoMap.Failure(
                    string.Create(CultureInfo.InvariantCulture, $"the process group {value} cannot have the terminal"), error);
            }
        }
    }

    /// <summary>The process group of this process.</summary>
    public static int OwnGroup => Libc.ProcessGroupOf(0);

    /// <summary>Opens it; null where this process has none: a service, a test, a pipeline of a script without one.</summary>
    public static ControllingTerminal? TryOpen() => Open() is { } terminal ? new ControllingTerminal(terminal) : null;

    /// <summary>
    /// How it is set up now (echo, lines, special keys), to be given back when a job that may have changed that has left the foreground.
    /// </summary>
    /// <exception cref="FairleadException">Unavailable: the terminal has hung up.</exception>
    public TerminalModes SaveModes() => TerminalModes.Of(_terminal);

    /// <summary>Sets it up as it was, when what was written to it has been shown.</summary>
    /// <exception cref="FairleadException">Unavailable: the terminal has hung up.</exception>
    public void RestoreModes(TerminalModes modes)
    {
        ArgumentNullException.ThrowIfNull(modes);
        modes.Apply(_terminal);
    }

    /// <inheritdoc/>
    public void Dispose() => _terminal.Dispose();

    /// <summary>The number of a child's standard stream that is the terminal, which the child needs to take it.</summary>
    internal static int NumberForChild(IReadOnlyList<(Descriptor Source, int Target)> given)
    {
        for (int number = 0; number <= 2; number++)
        {
            int source = number;
            foreach ((Descriptor descriptor, int target) in given)
            {
                source = target == number ? descriptor.Number : source;
            }

            if (Libc.IsTerminal(source) == 1)
            {
                return number;
            }
        }

        throw new FairleadException(
            ErrorCode.NotSupported,
            "the child has no terminal that it could take",
            "Leave one of its standard streams to the terminal, or TakesTerminal away.");
    }

    /// <summary>By the parent of a child that could not do it itself.</summary>
    internal static void HandOver(int group)
    {
        using Descriptor? terminal = Open();
        if (terminal is not null && SetForeground(terminal, group) == Errno.None)
        {
            // It may have read too early, and been stopped for it.
            _ = Libc.Kill(-group, Signal.Continue.Number);
        }
    }

    private static Descriptor? Open() => NativeFile.Open("/dev/tty", OpenFlags.ReadWrite, out _);

    private static Errno SetForeground(Descriptor terminal, int group) =>
        // Out of the background the kernel answers with SIGTTOU, unless the thread that asks has blocked it.
        SignalMask.While(
            Signal.TerminalOutput.Number, () => Libc.SetTerminalForeground(terminal.Number, group) == 0 ? Errno.None : Libc.LastError);
}
