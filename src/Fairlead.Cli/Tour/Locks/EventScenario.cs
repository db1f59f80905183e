using System.Diagnostics;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Tour.Locks;

/// <summary>An automatic event: each time it is set, one waiter continues, does its part, and sets it for the next.</summary>
internal sealed class EventScenario : LockScenario
{
    public override string Name => "event";

    public override string Title => "event, one each time";

    public override Task PlayAsync(Stage stage, string place, int seat)
    {
        var opened = NamedEvent.Open(place, EventResetMode.AutoReset);
        if (seat == 0)
        {
            opened.Set();
        }

        return UseAsync(stage, place, opened, (one, floor) =>
        {
            var start = Stopwatch.GetTimestamp();
            one.Wait(cancellationToken: stage.Aborted);
            stage.Measure(Stopwatch.GetElapsedTime(start));
            floor.Pass(most: 1);
            one.Set();
        });
    }

    protected override void Remove(string name) => NamedEvent.Remove(name);
}
