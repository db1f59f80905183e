using Fairlead.Conformance.Faults;

namespace Fairlead.Tests.Faults;

/// <summary>The system's clock, one call of which throws: the first, the second, and so on.</summary>
internal sealed class FailingClock(FaultPlan plan) : TimeProvider
{
    /// <inheritdoc/>
    public override long TimestampFrequency => System.TimestampFrequency;

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        plan.Step();
        return System.GetTimestamp();
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        plan.Step();
        return System.CreateTimer(callback, state, dueTime, period);
    }
}
