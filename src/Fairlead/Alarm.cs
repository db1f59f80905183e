namespace Fairlead;

/// <summary>Creates timers and contains their exceptions.</summary>
/// <remarks>
/// The clock may be the user's, and the callback may run on any thread. An exception ends with the callback, and reaches neither the thread
/// nor the process.
/// </remarks>
internal static class Alarm
{
    /// <summary>Creates a timer like <c>TimeProvider.CreateTimer</c>, which only this class calls.</summary>
    public static ITimer Create(TimeProvider time, IAlarmed owner, TimeSpan due, TimeSpan period)
    {
        // The timer must not keep the execution context of its first caller.
        using AsyncFlowControl? withoutContext = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
#pragma warning disable RS0030 // Here alone.
        return time.CreateTimer(static state => Ring((IAlarmed)state!), owner, due, period);
#pragma warning restore RS0030
    }

    private static void Ring(IAlarmed owner)
    {
        try
        {
            owner.OnAlarm();
        }
        catch (Exception exception)
        {
            Contain(owner, exception);
        }
    }

    private static void Contain(IAlarmed owner, Exception exception)
    {
        FairleadEventSource.Log.Contained("a timer", exception.ToString());
        Finishing.Do("a timer", () => owner.OnAlarmFailed(exception));
    }
}

/// <summary>The owner of an <see cref="Alarm"/>.</summary>
internal interface IAlarmed
{
    /// <summary>Runs when the time has come, without a lock. May run once more after the timer has been disposed.</summary>
    void OnAlarm();

    /// <summary>Runs when <see cref="OnAlarm"/> has thrown. Reports the error to those that wait for the timer's work.</summary>
    void OnAlarmFailed(Exception exception)
    {
    }
}
