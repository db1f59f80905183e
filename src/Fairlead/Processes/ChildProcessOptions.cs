using System.Runtime.InteropServices;

namespace Fairlead.Processes;

/// <summary>The settings of a child besides its program and arguments.</summary>
public sealed record ChildProcessOptions
{
    /// <summary>The channel to this process, which the child finds at <see cref="Inherited.Address"/>. Default: none.</summary>
    public ChannelKind Channel { get; init; }

    /// <summary>Changes to the inherited environment; a null value removes a variable.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Whether the child gets only <see cref="Environment"/> and nothing of this process's environment.</summary>
    public bool ClearEnvironment { get; init; }

    /// <summary>The working directory of the child; null: the one of this process.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>The process group of the child; default: the one of this process.</summary>
    public ProcessGroup Group { get; init; }

    /// <summary>
    /// Whether other children may join its group (<see cref="ProcessGroup.Join"/>) until <see cref="ChildProcess.ReleaseGroup"/>, even
    /// after it has ended. A group disappears with its last process. So Fairlead leaves the ended child as a zombie, and reports its
    /// end only on release.
    /// </summary>
    public bool HoldsGroup { get; init; }

    /// <summary>
    /// Whether the rest of its group is killed (SIGKILL) when it ends: processes that it has started and left in the group.
    /// Needs <see cref="ProcessGroup.New"/> or <see cref="ProcessGroup.NewSession"/>.
    /// </summary>
    public bool EndsGroup { get; init; }

    /// <summary>
    /// Whether its group has the terminal of this process from its first instruction on: Ctrl-C and Ctrl-Z go there. The shell that starts
    /// it takes the terminal back by <see cref="ControllingTerminal.Foreground"/>.
    /// </summary>
    public bool TakesTerminal { get; init; }

    /// <summary>The source of its standard input.</summary>
    public Redirection StandardInput { get; init; } = Redirection.Inherit;

    /// <summary>The destination of its standard output.</summary>
    public Redirection StandardOutput { get; init; } = Redirection.Inherit;

    /// <summary>The destination of its standard error.</summary>
    public Redirection StandardError { get; init; } = Redirection.Inherit;

    /// <summary>Further open files for the child, by their numbers there, from 3. The caller keeps them.</summary>
    public IReadOnlyDictionary<int, SafeHandle> Descriptors { get; init; } = new Dictionary<int, SafeHandle>();

    /// <summary>
    /// Whether the kernel kills the child (SIGKILL) when this process ends in any way. Its own children are not tied. Not for programs that
    /// run as another user (set-user-id).
    /// </summary>
    public bool TiedToParent { get; init; }

    /// <summary>Limits of memory, processor time and open files; null: those of this process.</summary>
    public ChildLimits? Limits { get; init; }

    /// <summary>
    /// An open file to which the child writes its <see cref="ProcessIdentity"/> and a line feed before its program starts. The child shares
    /// the open file until then, and its program does not inherit it. So a lock of the open file (<c>flock</c>, or
    /// <see cref="FileShare.None"/>) ends only when the child is known or dead, even if this process is killed. The caller keeps
    /// the file.
    /// </summary>
    public SafeHandle? IdentityFile { get; init; }

    /// <summary>Whether <see cref="ChildProcess.ChangesAsync"/> reports stops and continuations too.</summary>
    public bool ReportsStops { get; init; }

    /// <summary>
    /// Signals that the child starts with blocked. A .NET program that starts this way can receive them with their values.
    /// </summary>
    public IReadOnlyCollection<Signal> BlockedSignals { get; init; } = [];

    /// <summary>Signals that the child starts with ignored. It also ignores those that this process ignores, except SIGPIPE.</summary>
    public IReadOnlyCollection<Signal> IgnoredSignals { get; init; } = [];

    /// <summary>Signals that have their default effect in the child although this process ignores them.</summary>
    public IReadOnlyCollection<Signal> DefaultSignals { get; init; } = [];
}
