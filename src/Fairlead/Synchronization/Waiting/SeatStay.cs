namespace Fairlead.Synchronization.Waiting;

/// <summary>The time on a seat.</summary>
/// <param name="Hold">Of the seat in this process; null: there is none.</param>
/// <param name="Entry">Its number there: another one's is another time.</param>
internal readonly record struct SeatStay(SeatHold? Hold, long Entry)
{
    public bool IsInDoubt => Hold?.IsInDoubt(Entry) ?? false;

    /// <summary>Leaves the seat. Harmless the second time, and where there is none.</summary>
    public void Leave() => Hold?.Leave(Entry);
}
