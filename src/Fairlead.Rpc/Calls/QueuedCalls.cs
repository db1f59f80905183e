namespace Fairlead.Rpc.Calls;

/// <summary>Counts the calls of each client that wait until they may run, and their bytes, and limits both.</summary>
/// <remarks>One lock. Calls that need not wait do not come here.</remarks>
/// <param name="mostCalls">How many calls of one client may wait.</param>
/// <param name="mostBytes">How many bytes these may have. One call alone may have more.</param>
internal sealed class QueuedCalls(int mostCalls, long mostBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Peer, Queued> _clients = new(ReferenceEqualityComparer.Instance);

    private TaskCompletionSource? _emptied;

    /// <summary>How many calls of all clients wait.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _clients.Values.Sum(static client => client.Calls);
            }
        }
    }

    /// <summary>Counts a call.</summary>
    /// <returns>Why it may not wait; null: it may, and <see cref="Leave"/> is called with the same length.</returns>
    public string? Enter(Peer client, int length)
    {
        lock (_lock)
        {
            Queued queued = _clients.GetValueOrDefault(client);
            if (queued.Calls == mostCalls)
            {
                return $"{mostCalls} calls of this client wait at the server, as many as it accepts";
            }

            if (queued.Calls > 0 && queued.Bytes + length > mostBytes)
            {
                return $"calls of this client with {queued.Bytes} bytes wait at the server, which accepts {mostBytes}";
            }

            _clients[client] = new Queued(queued.Calls + 1, queued.Bytes + length);
            return null;
        }
    }

    /// <summary>A call waits no longer.</summary>
    public void Leave(Peer client, int length)
    {
        lock (_lock)
        {
            Queued queued = _clients[client];
            if (queued.Calls == 1)
            {
                _clients.Remove(client);
            }
            else
            {
                _clients[client] = new Queued(queued.Calls - 1, queued.Bytes - length);
            }

            if (_clients.Count == 0)
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
            return _clients.Count == 0 ? Task.CompletedTask : _emptied.Task;
        }
    }

    private readonly record struct Queued(int Calls, long Bytes);
}
