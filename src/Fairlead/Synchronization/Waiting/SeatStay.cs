namespace Fairlead.Synchronization.Waiting;

/// <summary>One entry that owns a seat.</summary>
/// <param name="Hold">The seat in this process; null: none.</param>
/// <param name="Entry">The number of the entry there; each owner has a different one.</param>
internal readonly record struct SeatStay(SeatHold? Hold, long Entry)
{
    public bool IsInDoubt => Hold?.IsInDoubt(Entry) ?? false;

    /// <summary>Leaves the seat. Harmless the second time, and without a seat.</summary>
    public void Leave() => Hold?.Leave(Entry);
}
