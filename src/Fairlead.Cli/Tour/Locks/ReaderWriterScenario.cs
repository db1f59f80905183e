using System.Diagnostics;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Tour.Locks;

/// <summary>A reader-writer lock: every fourth time each process writes, alone; otherwise it reads, with others.</summary>
internal sealed class ReaderWriterScenario : LockScenario
{
    private const int WritesEach = 4;

    public override string Name => "reader-writer";

    public override string Title => "readers, or one writer";

    public override Task PlayAsync(Stage stage, string place, int seat)
    {
        var turn = seat;
        return UseAsync(stage, place, NamedReaderWriterLock.Open(place), (both, floor) =>
        {
            var start = Stopwatch.GetTimestamp();
            if (++turn % WritesEach == 0)
            {
                using var scope = both.EnterWrite(cancellationToken: stage.Aborted);
                stage.Measure(Stopwatch.GetElapsedTime(start));
                floor.Pass(most: 1);
            }
            else
            {
                using var scope = both.EnterRead(cancellationToken: stage.Aborted);
                stage.Measure(Stopwatch.GetElapsedTime(start));
                floor.Pass(most: 1 + Joiners);
            }
        });
    }

    protected override void Remove(string name) => NamedReaderWriterLock.Remove(name);
}
