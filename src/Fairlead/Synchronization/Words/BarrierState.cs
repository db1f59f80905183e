namespace Fairlead.Synchronization.Words;

/// <summary>
/// The state of a barrier at one moment, and its transitions. One compare-and-swap of these eight bytes makes every decision. Plain values:
/// nothing here touches memory.
/// <code>
///   bits 0–9     arrivals in this phase; never all of them
///   bit 10       broken: a party has died
///   bits 11–18   the number of resets, modulo 256
///   bits 19–63   the number of completed phases
/// </code>
/// </summary>
internal readonly record struct BarrierState(ulong Value)
{
    private const ulong ArrivedBits = BarrierLayout.MostParties - 1;
    private const ulong BrokenBit = 1 << 10;
    private const int ResetsShift = 11;
    private const ulong ResetsBits = 255 << ResetsShift;
    private const int PhaseShift = 19;

    /// <summary>The number of arrivals in this phase.</summary>
    public int Arrived => (int)(Value & ArrivedBits);

    public bool IsBroken => (Value & BrokenBit) != 0;

    /// <summary>The number of this phase, which is the number of completed phases.</summary>
    public long Phase => (long)(Value >> PhaseShift);

    /// <summary>The state after one more arrival.</summary>
    public BarrierState WithArrival => new(Value + 1);

    /// <summary>The state after a party has withdrawn its arrival.</summary>
    public BarrierState WithoutArrival => new(Value - 1);

    /// <summary>The state after all have arrived.</summary>
    public BarrierState Completed => new((Value & ResetsBits) | ((ulong)(Phase + 1) << PhaseShift));

    /// <summary>The state after a party has died: no arrivals.</summary>
    public BarrierState Broken => new((Value & ~ArrivedBits) | BrokenBit);

    /// <summary>The state in which the same phase restarts.</summary>
    public BarrierState Reset => new((Value & ~(ArrivedBits | BrokenBit | ResetsBits)) | ((Value + (1 << ResetsShift)) & ResetsBits));

    /// <summary>
    /// Returns the outcome of an arrival whose party has kept its slot. No phase completes without that party. So if the phase has changed,
    /// it was completed, whatever came after. If the phase is the same and was reset, it was broken before.
    /// </summary>
    /// <param name="arrived">The state of its arrival.</param>
    public BarrierOutcome Of(BarrierState arrived) =>
        Phase != arrived.Phase ? BarrierOutcome.Completed
        : IsBroken || ((Value ^ arrived.Value) & ResetsBits) != 0 ? BarrierOutcome.Broken
        : BarrierOutcome.Pending;
}

/// <summary>The outcome of an arrival.</summary>
internal enum BarrierOutcome
{
    /// <summary>Not all parties have arrived yet.</summary>
    Pending,

    /// <summary>All parties have arrived.</summary>
    Completed,

    /// <summary>A party has died.</summary>
    Broken,

    /// <summary>The arrival was withdrawn.</summary>
    TakenBack,
}
