namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>The two forms of opening an endpoint, each made from the other.</summary>
internal static class Opening
{
    /// <summary>Runs a bind as the asynchronous form. Binding does not wait, so the task is complete when this returns.</summary>
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

    /// <summary>Blocks until an asynchronous connect has completed.</summary>
    /// <remarks>Connecting happens once in a connection's life, and needs no thread that this wait could hold up.</remarks>
    public static T Wait<T>(ValueTask<T> connect) => connect.IsCompleted ? connect.Result : connect.AsTask().GetAwaiter().GetResult();
}
