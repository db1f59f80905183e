namespace Fairlead.Synchronization.Waiting;

/// <summary>One entry that owns a slot.</summary>
/// <param name="Hold">The slot in this process; null: none.</param>
/// <param name="Entry">The number of the entry there; each owner has a different one.</param>
internal readonly record struct SlotStay(SlotHold? Hold, long Entry)
{
    public bool IsInDoubt => Hold?.IsInDoubt(Entry) ?? false;

    /// <summary>Leaves the slot. Harmless the second time, and without a slot.</summary>
    public void Leave() => Hold?.Leave(Entry);
}
