namespace Fairlead;

/// <summary>
/// Runs steps whose exceptions no caller can get, and contains these: the steps of closing and releasing, each of which runs, whatever the
/// previous ones threw; work on other threads; listeners.
/// </summary>
internal static class Finishing
{
    /// <summary>Runs a step. Writes its exception to the event source (<see cref="FairleadEventSource.Contained"/>).</summary>
    /// <param name="what">The object that the step belongs to, for the event.</param>
    /// <param name="step">The step to run.</param>
    public static void Do(string what, Action step) => Do(what, static step => step(), step);

    /// <summary>The same for a step that captures nothing.</summary>
    /// <param name="what">The object that the step belongs to, for the event.</param>
    /// <param name="step">The step to run.</param>
    /// <param name="state">Its argument.</param>
    public static void Do<T>(string what, Action<T> step, T state)
    {
        try
        {
            step(state);
        }
        catch (Exception exception)
        {
            FairleadEventSource.Log.Contained(what, TextOf(exception));
        }
    }

    /// <summary>The same for a step that takes time.</summary>
    /// <param name="what">The object that the step belongs to, for the event.</param>
    /// <param name="step">The step to run.</param>
    public static async ValueTask DoAsync(string what, Func<ValueTask> step)
    {
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            FairleadEventSource.Log.Contained(what, TextOf(exception));
        }
    }

    /// <summary>Returns the text of an exception, or only its type: the text of a user's exception is the user's code, and may
    /// throw.</summary>
    public static string TextOf(Exception exception)
    {
        try
        {
            return exception.ToString();
        }
        catch (Exception)
        {
            return exception.GetType().ToString();
        }
    }
}
