namespace Fairlead;

/// <summary>Runs the steps of closing and releasing: each one runs, whatever the previous ones threw.</summary>
internal static class Finishing
{
    /// <summary>Runs a step. Writes its exception to the event source (<see cref="FairleadEventSource.Contained"/>).</summary>
    /// <param name="what">The object that ends, for the event.</param>
    /// <param name="step">The step to run.</param>
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

    /// <summary>The same for a step that takes time.</summary>
    /// <param name="what">The object that ends, for the event.</param>
    /// <param name="step">The step to run.</param>
    public static async ValueTask DoAsync(string what, Func<ValueTask> step)
    {
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            FairleadEventSource.Log.Contained(what, exception.ToString());
        }
    }
}
