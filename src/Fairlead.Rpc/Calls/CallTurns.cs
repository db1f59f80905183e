namespace Fairlead.Rpc.Calls;

/// <summary>Lets calls run one after the other, in the order of their arrival: those of each connection, or all.</summary>
/// <remarks>Owns the queues. A queue exists while it has a call. One lock, never held while other code runs.</remarks>
/// <param name="isForAll">Whether the calls of all connections wait in one queue.</param>
internal sealed class CallTurns(bool isForAll)
{
    private readonly Lock _lock = new();

    // Connections do not share a peer object, though two of one process have equal ones.
    private readonly Dictionary<object, LinkedList<CallTurn>> _queues = new(ReferenceEqualityComparer.Instance);

    /// <summary>Takes the last position in the queue of a caller.</summary>
    /// <returns>The position. Leave it when the call has ended, or is not to run.</returns>
    public CallTurn Enter(Peer caller)
    {
        object key = isForAll ? this : caller;
        CallTurn turn = new(this, key);
        lock (_lock)
        {
            if (!_queues.TryGetValue(key, out LinkedList<CallTurn>? queue))
            {
                _queues[key] = queue = [];
                turn.Come();
            }

            queue.AddLast(turn.Node);
        }

        return turn;
    }

    /// <summary>Frees a position. If it was the first, the turn of the next one has come.</summary>
    internal void Leave(CallTurn turn)
    {
        CallTurn? next;
        lock (_lock)
        {
            LinkedList<CallTurn> queue = _queues[turn.Key];
            next = queue.First == turn.Node ? turn.Node.Next?.Value : null;
            queue.Remove(turn.Node);
            if (queue.Count == 0)
            {
                _queues.Remove(turn.Key);
            }
        }

        next?.Come();
    }
}

/// <summary>The position of a call among those that run one after the other.</summary>
internal sealed class CallTurn
{
    private readonly CallTurns _turns;
    private readonly TaskCompletionSource _come = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal CallTurn(CallTurns turns, object key)
    {
        (_turns, Key) = (turns, key);
        Node = new LinkedListNode<CallTurn>(this);
    }

    /// <summary>Whether the call may run.</summary>
    public bool HasCome => _come.Task.IsCompleted;

    internal object Key { get; }

    internal LinkedListNode<CallTurn> Node { get; }

    /// <summary>Waits until the call may run.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _come.Task.WaitAsync(cancellationToken);

    /// <summary>Lets the next call run. Call it once.</summary>
    public void Leave() => _turns.Leave(this);

    internal void Come() => _come.TrySetResult();
}
