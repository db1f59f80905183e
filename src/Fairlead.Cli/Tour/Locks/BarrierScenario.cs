using System.Diagnostics;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Tour.Locks;

/// <summary>A barrier: no process continues before all have done their part. The time is that until all have.</summary>
internal sealed class BarrierScenario : LockScenario
{
    public override string Name => "barrier";

    public override string Title => "barrier, all at once";

    public override Task PlayAsync(Stage stage, string place, int seat) =>
        UseAsync(
            stage,
            place,
            NamedBarrier.Open(place, 1 + Joiners),
            (barrier, floor) =>
            {
                floor.Pass(most: 1 + Joiners);
                var start = Stopwatch.GetTimestamp();
                var phase = barrier.SignalAndWait(cancellationToken: stage.Aborted);
                stage.Measure(Stopwatch.GetElapsedTime(start));
                floor.Expect((phase + 1) * (1 + Joiners));
            });

    protected override void Remove(string name) => NamedBarrier.Remove(name);
}
