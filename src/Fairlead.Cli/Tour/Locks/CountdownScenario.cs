using System.Diagnostics;
using System.Globalization;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Tour.Locks;

/// <summary>
/// Countdowns, one after the other: each counts when he has done his part, and goes on at zero; the time is that until then.
/// </summary>
internal sealed class CountdownScenario : LockScenario
{
    /// <summary>
    /// Whoever brings one to zero begins the one before anew: all have left that, and nobody comes to it before he has counted down the one
    /// after.
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
                // The first time it is as it was made.
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
