namespace Fairlead;

/// <summary>For ends and releases: each step is done, whatever those before it have thrown.</summary>
internal static class Finishing
{
    /// <summary>Does a step. What it throws is written to the event source (<see cref="FairleadEventSource.Contained"/>).</summary>
    /// <param name="what">What is ended, for the event.</param>
    /// <param name="step">What is done.</param>
    public static void Do(string what, Action step)
    {
        try
        {
            step();
        }
        catch (Exception exception)
        {
            FairleadEventSource.Log.Contained(what, exception.ToString());
        }
    }
}
