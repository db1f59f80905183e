namespace Fairlead.Rpc.Calls;

/// <summary>Counts the calls of each client that wait until they may run, and limits them.</summary>
/// <remarks>One lock. Calls that need not wait do not come here.</remarks>
/// <param name="most">How many calls of one client may wait.</param>
internal sealed class QueuedCalls(int most)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Peer, int> _counts = new(ReferenceEqualityComparer.Instance);

    private TaskCompletionSource? _emptied;

    /// <summary>How many calls of all clients wait.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _counts.Values.Sum();
            }
        }
    }

    /// <summary>Counts a call.</summary>
    /// <returns>False: the client has too many already.</returns>
    public bool TryEnter(Peer client)
    {
        lock (_lock)
        {
            int count = _counts.GetValueOrDefault(client);
            if (count == most)
            {
                return false;
            }

            _counts[client] = count + 1;
            return true;
        }
    }

    /// <summary>A call waits no longer.</summary>
    public void Leave(Peer client)
    {
        lock (_lock)
        {
            int count = _counts[client] - 1;
            if (count == 0)
            {
                _counts.Remove(client);
            }
            else
            {
                _counts[client] = count;
            }

            if (_counts.Count == 0)
            {
                _emptied?.TrySetResult();
            }
        }
    }

    /// <summary>Waits until no call waits. To be called once, when no more come.</summary>
    public Task EmptyAsync()
    {
        lock (_lock)
        {
            _emptied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _counts.Count == 0 ? Task.CompletedTask : _emptied.Task;
        }
    }
}
