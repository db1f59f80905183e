namespace Fairlead.Patterns.Working;

/// <summary>What <see cref="WorkCounters"/> counts: how items come again, and how they end.</summary>
internal enum WorkCount
{
    Recovered,
    TriedAgain,
    Accepted,
    GivenUp,
    Dropped,
    TakenBack,
    GivenBack,
    Refused,
    LeftInStore,
}
