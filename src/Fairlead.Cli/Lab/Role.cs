using Fairlead.Processes;

namespace Fairlead.Cli.Lab;

/// <summary>A role of an experiment, which one process or several play.</summary>
/// <param name="Name">The name of the role.</param>
/// <param name="Play">Runs on one thread of the process.</param>
internal sealed record Role(string Name, Action<Actor> Play)
{
    /// <summary>The signals that are blocked when the process begins, so the kernel keeps them with their numbers.</summary>
    public IReadOnlyCollection<Signal> BlockedSignals { get; init; } = [];

    /// <summary>Returns a role with awaited calls.</summary>
    public static Role Async(string name, Func<Actor, Task> play) => new(name, actor => play(actor).GetAwaiter().GetResult());
}
