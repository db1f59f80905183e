using System.Diagnostics;
using System.Globalization;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Tour.Locks;

/// <summary>
/// Countdowns in sequence: each process counts when it has done its part, and continues at zero. The time is that until zero.
/// </summary>
internal sealed class CountdownScenario : LockScenario
{
    /// <summary>
    /// The process that brings a countdown to zero resets the previous one: all have left that, and none returns to it before it has
    /// counted down the next one.
    /// </summary>
    private const int Countdowns = 3;

    public override string Name => "countdown";

    public override string Title => "countdown, all at zero";

    public override async Task PlayAsync(Stage stage, string place, int seat)
    {
        using var second = NamedCountdown.Open(NameOf(place, 1), 1 + Joiners);
        using var third = NamedCountdown.Open(NameOf(place, 2), 1 + Joiners);
        var round = 0;
        await UseAsync(stage, place, NamedCountdown.Open(NameOf(place, 0), 1 + Joiners), (first, floor) =>
        {
            NamedCountdown[] all = [first, second, third];
            var now = all[round++ % Countdowns];
            floor.Pass(most: 1 + Joiners);
            var start = Stopwatch.GetTimestamp();
            if (now.Signal())
            {
                // The first time it is as it was created.
                all[(round + 1) % Countdowns].Reset();
            }

            now.Wait(cancellationToken: stage.Aborted);
            stage.Measure(Stopwatch.GetElapsedTime(start));
            floor.Expect((long)round * (1 + Joiners));
        });
    }

    protected override void Remove(string name)
    {
        for (var i = 0; i < Countdowns; i++)
        {
            NamedCountdown.Remove(NameOf(name, i));
        }
    }

    private static string NameOf(string place, int index) => string.Create(CultureInfo.InvariantCulture, $"{place}-{index}");
}
