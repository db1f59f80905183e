using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;

namespace Fairlead.Processes;

/// <summary>
/// The terminal that this process was started from. One process group at a time is in its foreground: only that group reads from it, and
/// Ctrl-C and Ctrl-Z go to it. A shell hands the foreground to a job and takes it back.
/// </summary>
public sealed class ControllingTerminal : IDisposable
{
    private readonly Descriptor _terminal;

    private ControllingTerminal(Descriptor terminal) => _terminal = terminal;

    /// <summary>
    /// The process group in the foreground. Setting it blocks and stops no process; this process may be in the foreground or not.
    /// </summary>
    /// <exception cref="FairleadException">
    /// Get: Unavailable, the terminal has hung up. Set: PermissionDenied, the session has no such group.
    /// </exception>
    public int Foreground
    {
        get
        {
            int group = Libc.TerminalForeground(_terminal.Number);
            return group >= 0 ? group : throw ErrnoMap.Failure("the foreground group of the terminal cannot be read", Libc.LastError);
        }

        set
        {
            Errno error = SetForeground(_terminal, value);
            if (error != Errno.None)
            {
                throw ErrnoMap.Failure(
                    string.Create(CultureInfo.InvariantCulture, $"the process group {value} cannot be put in the foreground"), error);
            }
        }
    }

    /// <summary>The process group of this process.</summary>
    public static int OwnGroup => Libc.ProcessGroupOf(0);

    /// <summary>Opens the terminal; null if this process has none: a service, a test, a pipeline of a script without one.</summary>
    public static ControllingTerminal? TryOpen() => Open() is { } terminal ? new ControllingTerminal(terminal) : null;

    /// <summary>
    /// Returns the current modes of the terminal (echo, lines, special keys). Restore them when a job that may have changed them has left
    /// the foreground.
    /// </summary>
    /// <exception cref="FairleadException">Unavailable: the terminal has hung up.</exception>
    public TerminalModes SaveModes() => TerminalModes.Of(_terminal);

    /// <summary>Restores saved modes, after pending output has been shown.</summary>
    /// <exception cref="FairleadException">Unavailable: the terminal has hung up.</exception>
    public void RestoreModes(TerminalModes modes)
    {
        ArgumentNullException.ThrowIfNull(modes);
        modes.Apply(_terminal);
    }

    /// <inheritdoc/>
    public void Dispose() => _terminal.Dispose();

    /// <summary>Returns the number of a child's standard stream that is the terminal; the child takes the terminal through it.</summary>
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
            "the child has no terminal to take",
            "Leave one of its standard streams on the terminal, or do not set TakesTerminal.");
    }

    /// <summary>Hands the terminal to a child that could not take it itself. Called by its parent.</summary>
    internal static void HandOver(int group)
    {
        using Descriptor? terminal = Open();
        if (terminal is not null && SetForeground(terminal, group) == Errno.None)
        {
            // The child may have read too early and been stopped for it.
            _ = Libc.Kill(-group, Signal.Continue.Number);
        }
    }

    private static Descriptor? Open() => NativeFile.Open("/dev/tty", OpenFlags.ReadWrite, out _);

    private static Errno SetForeground(Descriptor terminal, int group) =>
        // The kernel answers a background process with SIGTTOU, unless the calling thread blocks that signal.
        SignalMask.While(
            Signal.TerminalOutput.Number, () => Libc.SetTerminalForeground(terminal.Number, group) == 0 ? Errno.None : Libc.LastError);
}
