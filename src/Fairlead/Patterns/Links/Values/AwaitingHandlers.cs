namespace Fairlead.Patterns.Links.Values;

/// <summary>The handlers of a blocking run that have not completed immediately.</summary>
/// <remarks>Owns their number, under its own lock. One thread adds and waits; the handlers end on any thread.</remarks>
/// <param name="most">How many may await at the same time.</param>
internal sealed class AwaitingHandlers(int most)
{
    private readonly object _gate = new();
    private int _count;
    private Exception? _failure;

    /// <summary>Adds a handler, and blocks until the next may begin.</summary>
    public void Add(ValueTask handled)
    {
        lock (_gate)
        {
            _count++;
        }

        _ = FinishAsync(handled);
        Wait(most - 1);
    }

    /// <summary>Blocks until all have ended.</summary>
    /// <returns>Why the answer of one could not be sent; null: none failed.</returns>
    public Exception? End()
    {
        Wait(0);
        return _failure;
    }

    private void Wait(int count)
    {
        lock (_gate)
        {
            while (_count > count)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    private async Task FinishAsync(ValueTask handled)
    {
        Exception? failure = null;
        try
        {
            await handled.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        lock (_gate)
        {
            _failure ??= failure;
            _count--;
            Monitor.Pulse(_gate);
        }
    }
}
