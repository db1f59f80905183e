namespace Fairlead.Cli.Tour;

/// <summary>The named locks on the tour, each used by several processes at the same time.</summary>
internal sealed record TourLocks() : TourGround("locks")
{
    public override IEnumerable<TourPlay> Plays(string name, string? broker) => Scenarios.Locks.Select(scenario =>
    {
        var place = $"{name}-{scenario.Name}";
        return new TourPlay(new TourRow(Name, scenario, 1 + scenario.Joiners), place, () => scenario.Clear(place));
    });
}
