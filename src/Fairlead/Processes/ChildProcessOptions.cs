using System.Runtime.InteropServices;

namespace Fairlead.Processes;

/// <summary>What a child is to be besides its program and arguments.</summary>
public sealed record ChildProcessOptions
{
    /// <summary>A channel to this process, which the child finds at <see cref="Inherited.Address"/>. Default: none.</summary>
    public ChannelKind Channel { get; init; }

    /// <summary>Changes to this process's environment; null takes a variable away.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>The child gets none of this process's environment, but <see cref="Environment"/> alone.</summary>
    public bool ClearEnvironment { get; init; }

    /// <summary>Where it runs; null: where this process does.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Its process group; default: this process's.</summary>
    public ProcessGroup Group { get; init; }

    /// <summary>
    /// Others may join its group (<see cref="ProcessGroup.Join"/>) until <see cref="ChildProcess.ReleaseGroup"/>, even if it ends before: a
    /// group is gone with its last process, so the kernel's note of this one stays, and its end is reported only then.
    /// </summary>
    public bool HoldsGroup { get; init; }

    /// <summary>
    /// Its group has the terminal of this process from its first instruction on: Ctrl-C and Ctrl-Z go there. The shell that starts it takes
    /// it back by <see cref="ControllingTerminal.Foreground"/>.
    /// </summary>
    public bool TakesTerminal { get; init; }

    /// <summary>What it reads.</summary>
    public Redirection StandardInput { get; init; } = Redirection.Inherit;

    /// <summary>Where its output goes.</summary>
    public Redirection StandardOutput { get; init; } = Redirection.Inherit;

    /// <summary>Where its errors go.</summary>
    public Redirection StandardError { get; init; } = Redirection.Inherit;

    /// <summary>Other open things that it is given, by the numbers that they have there, from 3. They stay the caller's.</summary>
    public IReadOnlyDictionary<int, SafeHandle> Descriptors { get; init; } = new Dictionary<int, SafeHandle>();

    /// <summary>
    /// The kernel kills it (SIGKILL) when this process ends, however that happens. Its own children are not tied. Not for programs that run
    /// as another user (set-user-id).
    /// </summary>
    public bool TiedToParent { get; init; }

    /// <summary>Stops and continuations are reported too: <see cref="ChildProcess.ChangesAsync"/>.</summary>
    public bool ReportsStops { get; init; }

    /// <summary>
    /// Signals that are blocked in it from the beginning: a .NET program that is started so can receive them with their values.
    /// </summary>
    public IReadOnlyCollection<Signal> BlockedSignals { get; init; } = [];

    /// <summary>Signals that it ignores from the beginning. Those that this process ignores it ignores as well, but SIGPIPE.</summary>
    public IReadOnlyCollection<Signal> IgnoredSignals { get; init; } = [];

    /// <summary>Signals that do in it what they do by default although this process ignores them.</summary>
    public IReadOnlyCollection<Signal> DefaultSignals { get; init; } = [];
}
