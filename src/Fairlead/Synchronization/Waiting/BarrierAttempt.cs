using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// An arrival at a barrier that waits for the other parties. All of them sleep on one doorbell word; they join the wait queue only to be
/// visible.
/// </summary>
/// <param name="core">The core; the attempt keeps a reference to its memory, and to the slot of the party, until it ends.</param>
/// <param name="thread">The kernel's ID of the waiting thread; 0 for an asynchronous caller.</param>
internal sealed unsafe class BarrierAttempt(BarrierCore core, int thread)
    : WaitQueueAttempt(core, core.Words.Header, core.Words.WaitQueue, thread)
{
    private bool _isCalling;
    private bool _hasArrived;
    private BarrierState _arrived;

    /// <summary>The outcome, valid when the attempt has ended.</summary>
    public BarrierOutcome Outcome { get; private set; }

    /// <summary>The phase of the arrival.</summary>
    public long Phase => _arrived.Phase;

    /// <summary>If the arrival was withdrawn: how many had arrived, this one included.</summary>
    public int Arrived { get; private set; }

    /// <summary>If the barrier is broken: the process whose death broke it.</summary>
    public int Dead { get; private set; }

    protected override bool KeepsOrder => false;

    /// <summary>Arrives. Call it first, and once. If it throws, <see cref="LockAttempt.Abandon"/> must follow.</summary>
    /// <returns>
    /// Whether this was the last arrival. There is nothing to wait for then; end the attempt by <see cref="LockAttempt.Abandon"/>.
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

    /// <summary>Withdraws the arrival, unless it is too late for that.</summary>
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
        // This order matters: a process that becomes a party after the first step has rung by then; one that dies after the second is
        // watched.
        sleepOn = core.Words.Doorbell;
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

    protected override void RemoveReference()
    {
        if (_isCalling)
        {
            core.EndCall();
        }

        base.RemoveReference();
    }
}
