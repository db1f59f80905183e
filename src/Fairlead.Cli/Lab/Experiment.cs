namespace Fairlead.Cli.Lab;

/// <summary>
/// An experiment of the lab: a question of the course, answered by real processes. One object describes one experiment and has no state.
/// The tool plays <see cref="PlayAsync"/>, and starts itself again for each role.
/// </summary>
internal abstract class Experiment
{
    /// <summary>The name on the command line, and of its page in docs/lab.</summary>
    public abstract string Name { get; }

    /// <summary>The question that it answers.</summary>
    public abstract string Question { get; }

    /// <summary>What to watch while it runs.</summary>
    public abstract string Watch { get; }

    /// <summary>The roles that processes play.</summary>
    public virtual IReadOnlyList<Role> Roles => [];

    /// <summary>Starts the processes, leads them through the experiment, and checks its claims.</summary>
    public abstract Task PlayAsync(Director director);
}
