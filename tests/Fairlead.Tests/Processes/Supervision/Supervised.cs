using System.Threading.Channels;
using Fairlead.Processes;

namespace Fairlead.Tests.Processes.Supervision;

/// <summary>A supervisor with the record of its changes, in order, without the reports of being ready.</summary>
internal sealed class Supervised : IAsyncDisposable
{
    private readonly Channel<SupervisedChange> _changes = System.Threading.Channels.Channel.CreateUnbounded<SupervisedChange>();
    private readonly List<SupervisedChange> _seen = [];

    public Supervised(IEnumerable<SupervisedChild> children, RestartStrategy strategy = default, TimeProvider? time = null) =>
        Supervisor = ChildSupervisor.Start(
            children,
            new ChildSupervisorOptions
            {
                Strategy = strategy,
                Changed = change => _changes.Writer.TryWrite(change),
                Time = time ?? TimeProvider.System,
            });

    public ChildSupervisor Supervisor { get; }

    /// <summary>A child that runs until it is ended, and restarts without a noticeable pause.</summary>
    public static SupervisedChild Lasting(string name) => Quick(new SupervisedChild(name, "sleep", "1000"));

    /// <summary>A child that runs a script, and restarts without a noticeable pause.</summary>
    public static SupervisedChild Script(string name, string script) => Quick(new SupervisedChild(name, "sh", "-c", script));

    /// <summary>Waits for the next change of a kind. Those before it are in <see cref="Seen"/>.</summary>
    public async Task<T> NextAsync<T>(string child)
        where T : SupervisedChange
    {
        while (true)
        {
            SupervisedChange change = await _changes.Reader.ReadAsync();
            _seen.Add(change);
            if (change is T wanted && change.Child == child)
            {
                return wanted;
            }
        }
    }

    /// <summary>Kills the process of a child, which runs.</summary>
    public void Kill(string child) =>
        Kill(Supervisor.Children.First(state => state.Name == child).ProcessId!.Value);

    public static void Kill(int id) => Send(id, Signal.Kill);

    public static void Send(int id, Signal signal)
    {
        using ProcessHandle process = ProcessHandle.Open(id);
        process.Send(signal);
    }

    /// <summary>Returns what has been read of the changes since the last call: <c>Started a</c>.</summary>
    public string[] Seen()
    {
        string[] seen = [.. _seen.Where(static change => change is not SupervisedChange.Ready).Select(Text)];
        _seen.Clear();
        return seen;
    }

    /// <summary>Ends the supervisor, and reads the rest of the changes.</summary>
    public async Task EndAsync()
    {
        await Supervisor.DisposeAsync();
        while (_changes.Reader.TryRead(out SupervisedChange? change))
        {
            _seen.Add(change);
        }
    }

    public ValueTask DisposeAsync() => Supervisor.DisposeAsync();

    private static SupervisedChild Quick(SupervisedChild child) => child with
    {
        ShortestPause = TimeSpan.FromTicks(1),
        LongestPause = TimeSpan.FromTicks(1),
        ReadyAfter = Timeout.InfiniteTimeSpan,
    };

    private static string Text(SupervisedChange change) => $"{change.GetType().Name} {change.Child}";
}
