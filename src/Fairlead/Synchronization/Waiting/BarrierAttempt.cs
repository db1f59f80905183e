using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// One who has arrived at a barrier and waits for the others. All sleep on its bell together, and stand in the line only to be seen.
/// </summary>
/// <param name="core">Keeps its memory until this has ended; and its seat.</param>
/// <param name="thread">The kernel's number of the thread that waits; 0: none.</param>
internal sealed unsafe class BarrierAttempt(BarrierCore core, int thread) : LineAttempt(core, core.Words.Form, core.Words.Line, thread)
{
    private bool _isCalling;
    private bool _hasArrived;
    private BarrierState _arrived;

    /// <summary>What has become of it, when it has ended.</summary>
    public BarrierOutcome Outcome { get; private set; }

    /// <summary>Of which phase it was.</summary>
    public long Phase => _arrived.Phase;

    /// <summary>Where it was taken back: how many had arrived, with this one.</summary>
    public int Arrived { get; private set; }

    /// <summary>Where it is broken: by the death of which process.</summary>
    public int Dead { get; private set; }

    protected override bool KeepsOrder => false;

    /// <summary>Arrives. First, and once; <see cref="LockAttempt.Abandon"/> follows where it fails.</summary>
    /// <returns>
    /// Whether all have, by this: then nothing need be waited for, and it is to be ended by <see cref="LockAttempt.Abandon"/>, too.
    /// </returns>
    public bool Arrive()
    {
        core.BeginCall();
        _isCalling = true;
        bool isLast = core.Arrive(out _arrived);
        _hasArrived = true;
        Outcome = isLast ? BarrierOutcome.Completed : BarrierOutcome.Pending;
        return isLast;
    }

    /// <summary>Takes it back, unless it is too late.</summary>
    public override void Abandon()
    {
        if (_hasArrived && Outcome == BarrierOutcome.Pending)
        {
            Outcome = core.Words.TakeBack(_arrived, out BarrierState found);
            Arrived = found.Arrived;
            Dead = core.Words.Dead;
        }

        base.Abandon();
    }

    protected override bool TryAdvanceAsFirst(out uint* sleepOn, out uint value)
    {
        // In this order: who becomes a party after the first has rung by then, and who dies after the second is watched.
        sleepOn = core.Words.Bell;
        value = Volatile.Read(ref *sleepOn);
        Outcome = core.Words.State.Of(_arrived);
        if (Outcome == BarrierOutcome.Pending)
        {
            core.WatchAll();
            _ = core.LookWhole(out BarrierState found);
            Outcome = found.Of(_arrived);
        }

        Dead = core.Words.Dead;
        return Outcome != BarrierOutcome.Pending;
    }

    protected override void LetGo()
    {
        if (_isCalling)
        {
            core.EndCall();
        }

        base.LetGo();
    }
}
