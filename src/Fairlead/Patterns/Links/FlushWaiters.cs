namespace Fairlead.Patterns.Links;

/// <summary>Callers that wait until what lay before them in a link's memory is with the kernel.</summary>
/// <remarks>Under the link's send lock, under which nobody is woken: that is done on the pool.</remarks>
internal sealed class FlushWaiters
{
    private readonly List<FlushOperation> _waiting = [];

    /// <summary>Whether anybody waits.</summary>
    public bool Any => _waiting.Count > 0;

    /// <summary>One more, for so many bytes as its <see cref="FlushOperation.Rest"/> says.</summary>
    public void Add(FlushOperation operation) => _waiting.Add(operation);

    /// <summary>One that waits no more; harmless where it does not wait.</summary>
    public void Remove(FlushOperation operation) => _waiting.Remove(operation);

    /// <summary>The kernel has taken so many bytes.</summary>
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

    /// <summary>What the kernel has not taken it will not take any more.</summary>
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
            ThreadPool.UnsafeQueueUserWorkItem(static ended => ended.Signal(inline: false), operation, preferLocal: false);
        }
    }
}
