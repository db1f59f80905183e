using System.Diagnostics;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Tour.Locks;

/// <summary>A mutex: one process inside.</summary>
internal sealed class MutexScenario : LockScenario
{
    public override string Name => "mutex";

    public override string Title => "mutex, one inside";

    public override Task PlayAsync(Stage stage, string place, int seat) => UseAsync(stage, place, NamedMutex.Open(place), (mutex, floor) =>
    {
        var start = Stopwatch.GetTimestamp();
        using var scope = mutex.Enter(cancellationToken: stage.Aborted);
        stage.Measure(Stopwatch.GetElapsedTime(start));
        floor.Pass(most: 1);
    });

    protected override void Remove(string name) => NamedMutex.Remove(name);
}
