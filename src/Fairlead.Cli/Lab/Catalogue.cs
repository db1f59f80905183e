using Fairlead.Cli.Lab.Experiments;

namespace Fairlead.Cli.Lab;

/// <summary>All experiments, in teaching order.</summary>
internal static class Catalogue
{
    public static IReadOnlyList<Experiment> All { get; } =
    [
        new AsynchronousMessage(),
        new SynchronousMessage(),
        new AsynchronousRequest(),
        new SynchronousRequest(),
        new FullPipe(),
        new BrokenPipe(),
        new FifoOpen(),
        new MessageBoundaries(),
        new Datagrams(),
        new ByteOrder(),
        new StaleName(),
        new StoppedReceiver(),
        new SlowSubscriber(),
        new ServerDesigns(),
        new Zombie(),
        new Orphan(),
        new ProcessGroups(),
        new PendingSignals(),
        new MappedFiles(),
        new LostUpdate(),
        new DeadOwner(),
        new Deadlock(),
        new BoundedBuffer(),
    ];

    /// <summary>Returns an experiment by its name.</summary>
    /// <exception cref="ToolException">Usage: there is none of this name.</exception>
    public static Experiment Find(string name)
    {
        if (All.FirstOrDefault(one => one.Name == name) is { } found)
        {
            return found;
        }

        string like = string.Join(" or ", All.Select(static one => one.Name).Where(one => name.Split('-').Any(one.Contains)).Take(3));
        throw ToolException.Usage(
            like.Length > 0
                ? $"unknown experiment '{name}'; did you mean {like}?"
                : $"unknown experiment '{name}'. List the experiments with fairlead lab");
    }
}
