using System.Diagnostics;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Tour.Locks;

/// <summary>A condition: the turn passes around, and each process waits for its turn. The time is that of the wait.</summary>
internal sealed class ConditionScenario : LockScenario
{
    public override string Name => "condition";

    public override string Title => "condition, in turns";

    public override async Task PlayAsync(Stage stage, string place, int seat)
    {
        using var mutex = NamedMutex.Open(MutexOf(place));
        await UseAsync(stage, place, NamedCondition.Open(place, mutex), (condition, floor) =>
        {
            var start = Stopwatch.GetTimestamp();
            using var scope = mutex.Enter(cancellationToken: stage.Aborted);
            condition.Wait(scope, () => floor.Counted % (1 + Joiners) == seat, cancellationToken: stage.Aborted);
            stage.Measure(Stopwatch.GetElapsedTime(start));
            floor.Pass(most: 1);
            condition.NotifyAll(scope);
        });
    }

    protected override void Remove(string name)
    {
        NamedCondition.Remove(name);
        NamedMutex.Remove(MutexOf(name));
    }

    private static string MutexOf(string name) => $"{name}-mutex";
}
