namespace Fairlead;

/// <summary>
/// Timers. Their clock may be the user's, and their thread is anybody's: what is thrown in one ends with it, and goes neither to the thread
/// nor to the process.
/// </summary>
internal static class Alarm
{
    /// <summary>Like <c>TimeProvider.CreateTimer</c>, which nobody else calls.</summary>
    public static ITimer Create(TimeProvider time, IAlarmed owner, TimeSpan due, TimeSpan period)
    {
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

/// <summary>What has an <see cref="Alarm"/>.</summary>
internal interface IAlarmed
{
    /// <summary>The time has come. No lock is held; perhaps once more when the timer has been disposed.</summary>
    void OnAlarm();

    /// <summary><see cref="OnAlarm"/> has thrown this: whoever waits for what it was to do, and will not come again, is told.</summary>
    void OnAlarmFailed(Exception exception)
    {
    }
}
