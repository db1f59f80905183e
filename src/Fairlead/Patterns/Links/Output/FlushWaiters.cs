using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links.Output;

/// <summary>The callers that wait until the kernel has the output buffered before them.</summary>
/// <remarks>Under the link's send lock. Waiters are woken on the pool, because the lock must not be held then.</remarks>
internal sealed class FlushWaiters
{
    private readonly List<FlushOperation> _waiting = [];

    /// <summary>Whether there are waiters.</summary>
    public bool Any => _waiting.Count > 0;

    /// <summary>Adds a waiter for as many bytes as its <see cref="FlushOperation.Rest"/> says.</summary>
    public void Add(FlushOperation operation) => _waiting.Add(operation);

    /// <summary>Removes a waiter; harmless if it does not wait.</summary>
    public void Remove(FlushOperation operation) => _waiting.Remove(operation);

    /// <summary>Notes that the kernel has taken this many bytes.</summary>
    public void Written(long bytes)
    {
        for (int i = _waiting.Count - 1; i >= 0; i--)
        {
            FlushOperation operation = _waiting[i];
            operation.Rest -= bytes;
            if (operation.Rest <= 0)
            {
                _waiting.RemoveAt(i);
                Signal(operation, operation.TryComplete(true));
            }
        }
    }

    /// <summary>Ends all waiters, because the kernel will not take the rest.</summary>
    public void End(Exception why)
    {
        while (_waiting is [.., var operation])
        {
            _waiting.RemoveAt(_waiting.Count - 1);
            Signal(operation, operation.TryFail(why));
        }
    }

    private static void Signal(FlushOperation operation, bool isOurs)
    {
        if (isOurs)
        {
            PoolWork.Queue("a caller that flushes", static ended => ended.Signal(inline: false), operation);
        }
    }
}
