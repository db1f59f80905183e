namespace Fairlead.Patterns.Links;

/// <summary>The two forms of opening an endpoint, made of the other one.</summary>
internal static class Opening
{
    /// <summary>Binding does not wait for anybody: the asynchronous form is done when it returns.</summary>
    public static ValueTask<T> Run<T>(Func<T> bind, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<T>(cancellationToken);
        }

        try
        {
            return new ValueTask<T>(bind());
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return ValueTask.FromException<T>(exception);
        }
    }

    /// <summary>
    /// Connecting happens once in a connection's life: the blocking form waits for the asynchronous one, which needs no thread that this
    /// one could hold up.
    /// </summary>
    public static T Wait<T>(ValueTask<T> connect) => connect.IsCompleted ? connect.Result : connect.AsTask().GetAwaiter().GetResult();
}
