namespace Fairlead.Patterns.Waiting;

/// <summary>Tells that another item of the set has not been ready for a time: a timer that begins anew whenever that item is
/// ready.</summary>
/// <remarks>It belongs to the other item, has its attachment, and leaves the set with it.</remarks>
internal sealed class SilenceItem(WaitCore set, ulong token, TimeSpan longest, TimeProvider time)
    : TimerItem(set, token, longest, longest, time)
{
    /// <summary>The other item is ready. Called by the waiting thread.</summary>
    /// <param name="ready">What for. That there is capacity says nothing of the other end.</param>
    public void Hear(Readiness ready)
    {
        if ((ready & ~Readiness.Writable) != Readiness.None)
        {
            Restart();
        }
    }

    public override Readiness Take(out int count) => base.Take(out count) == Readiness.None ? Readiness.None : Readiness.Overdue;
}
