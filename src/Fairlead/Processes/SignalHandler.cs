namespace Fairlead.Processes;

/// <summary>Calls a function for each signal, one call after the other.</summary>
internal sealed class SignalHandler : IDisposable
{
    private readonly SignalListener _listener;

    public SignalHandler(Signal signal, Action<SignalInfo> handler)
    {
        // Dispose releases it.
        _listener = new([signal], CancellationToken.None);
        PoolWork.Queue("a signal handler", static state => Listen(state._listener, state.handler), (_listener, handler));
    }

    public void Dispose() => _listener.End();

    // No caller awaits it: an exception of the handler ends the process.
    private static async void Listen(SignalListener listener, Action<SignalInfo> handler)
    {
        while (await NextAsync(listener).ConfigureAwait(false))
        {
            handler(listener.Current);
        }
    }

    private static async ValueTask<bool> NextAsync(SignalListener listener)
    {
        try
        {
            return await listener.MoveNextAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Disposed: the enumeration ends.
            return false;
        }
    }
}
