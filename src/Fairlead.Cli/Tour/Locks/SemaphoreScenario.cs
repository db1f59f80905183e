using System.Diagnostics;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Tour.Locks;

/// <summary>A semaphore: a limited number inside at the same time.</summary>
internal sealed class SemaphoreScenario : LockScenario
{
    private const int Permits = 2;

    public override string Name => "semaphore";

    public override string Title => $"semaphore, {Permits} inside";

    public override Task PlayAsync(Stage stage, string place, int seat) =>
        UseAsync(
            stage,
            place,
            NamedSemaphore.Open(place, Permits),
            (semaphore, floor) =>
            {
                var start = Stopwatch.GetTimestamp();
                using var scope = semaphore.Enter(cancellationToken: stage.Aborted);
                stage.Measure(Stopwatch.GetElapsedTime(start));
                floor.Pass(Permits);
            });

    protected override void Remove(string name) => NamedSemaphore.Remove(name);
}
