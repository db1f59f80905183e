namespace Fairlead.Processes;

/// <summary>The description of a child that a <see cref="ChildSupervisor"/> starts, restarts and ends.</summary>
public sealed record SupervisedChild
{
    /// <summary>Describes a child.</summary>
    /// <param name="name">The name by which the supervisor knows it.</param>
    /// <param name="program">A name to look up in PATH, or a path.</param>
    /// <param name="arguments">The arguments, each exactly as the program gets it.</param>
    public SupervisedChild(string name, string program, params IReadOnlyList<string> arguments)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(program);
        ArgumentNullException.ThrowIfNull(arguments);
        Name = name;
        Program = program;
        Arguments = arguments;
    }

    /// <summary>The name by which the supervisor knows it.</summary>
    public string Name { get; }

    /// <summary>A name to look up in PATH, or a path.</summary>
    public string Program { get; }

    /// <summary>The arguments, each exactly as the program gets it.</summary>
    public IReadOnlyList<string> Arguments { get; }

    /// <summary>
    /// Channel, environment, directory, limits and the like. The supervisor gives it a group, ends the group with it
    /// (<see cref="ChildProcessOptions.EndsGroup"/>), and ties it. Its standard streams cannot be pipes.
    /// </summary>
    public ChildProcessOptions Process { get; init; } = new();

    /// <summary>When to start it again. Default: whenever it ends.</summary>
    public RestartPolicy Restart { get; init; }

    /// <summary>
    /// How often it may fail and be started again within <see cref="RestartPeriod"/>. The next failure is the last: the supervisor gives it
    /// up. Default: 5.
    /// </summary>
    public int RestartLimit { get; init; } = 5;

    /// <summary>The time in which <see cref="RestartLimit"/> counts. Default: 60 s.</summary>
    public TimeSpan RestartPeriod { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The pause before the first restart. It doubles with each further one, and each is random between half and one and a half of it.
    /// Default: 100 ms.
    /// </summary>
    public TimeSpan ShortestPause { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause before a restart. Default: 30 s.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long it must run to count as ready: <see cref="SupervisedChange.Ready"/> is reported, and the pauses begin anew. Default: 1 s.
    /// </summary>
    public TimeSpan ReadyAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The time between SIGTERM and SIGKILL when the supervisor ends it. Default: 5 s.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Throws for a description that no supervisor can follow.</summary>
    internal void Check()
    {
        Deadline.Check(Grace, nameof(Grace));
        Deadline.Check(ReadyAfter, nameof(ReadyAfter));
        ArgumentOutOfRangeException.ThrowIfNegative(RestartLimit);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RestartPeriod, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ShortestPause, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(LongestPause, ShortestPause);
        if (Process.StandardInput == Redirection.Pipe
            || Process.StandardOutput == Redirection.Pipe
            || Process.StandardError == Redirection.Pipe)
        {
            throw new ArgumentException(
                $"A standard stream of '{Name}' is a pipe, and each restart would make another one. Use Redirection.Append or To.");
        }

        if (Process.HoldsGroup || (Process.Group != ProcessGroup.Inherited && Process.Group.Id is not (0 or null)))
        {
            throw new ArgumentException($"The supervisor chooses the group of '{Name}': leave out HoldsGroup and ProcessGroup.Join.");
        }
    }
}
