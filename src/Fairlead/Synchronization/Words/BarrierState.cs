namespace Fairlead.Synchronization.Words;

/// <summary>
/// A barrier at one moment, and what each step makes of it: all that is decided is decided by one exchange of these eight bytes. Values
/// only: nothing here touches memory.
/// <code>
///   bits 0–9     how many have arrived in this phase; never all of them
///   bit 10       broken: a party has died
///   bits 11–18   how often it has been reset, modulo 256
///   bits 19–63   how many phases have been completed
/// </code>
/// </summary>
internal readonly record struct BarrierState(ulong Value)
{
    private const ulong ArrivedBits = BarrierLayout.MostParties - 1;
    private const ulong BrokenBit = 1 << 10;
    private const int ResetsShift = 11;
    private const ulong ResetsBits = 255 << ResetsShift;
    private const int PhaseShift = 19;

    /// <summary>How many have arrived in this phase.</summary>
    public int Arrived => (int)(Value & ArrivedBits);

    public bool IsBroken => (Value & BrokenBit) != 0;

    /// <summary>The number of this phase: so many have been completed.</summary>
    public long Phase => (long)(Value >> PhaseShift);

    /// <summary>One more has arrived.</summary>
    public BarrierState WithArrival => new(Value + 1);

    /// <summary>One who had arrived has thought better of it.</summary>
    public BarrierState WithoutArrival => new(Value - 1);

    /// <summary>All have arrived.</summary>
    public BarrierState Completed => new((Value & ResetsBits) | ((ulong)(Phase + 1) << PhaseShift));

    /// <summary>A party has died: nobody has arrived.</summary>
    public BarrierState Broken => new((Value & ~ArrivedBits) | BrokenBit);

    /// <summary>The same phase begins once more.</summary>
    public BarrierState Reset => new((Value & ~(ArrivedBits | BrokenBit | ResetsBits)) | ((Value + (1 << ResetsShift)) & ResetsBits));

    /// <summary>
    /// What has become of one who had arrived, and has kept his seat. No phase is completed without him: so if the phase is another, it was
    /// completed, whatever has come after; and if it is the same, and was reset, it was broken before.
    /// </summary>
    /// <param name="arrived">When he had.</param>
    public BarrierOutcome Of(BarrierState arrived) =>
        Phase != arrived.Phase ? BarrierOutcome.Completed
        : IsBroken || ((Value ^ arrived.Value) & ResetsBits) != 0 ? BarrierOutcome.Broken
        : BarrierOutcome.Pending;
}

/// <summary>What has become of an arrival.</summary>
internal enum BarrierOutcome
{
    /// <summary>Not all have arrived yet.</summary>
    Pending,

    /// <summary>All have arrived.</summary>
    Completed,

    /// <summary>A party has died.</summary>
    Broken,

    /// <summary>It was taken back.</summary>
    TakenBack,
}
