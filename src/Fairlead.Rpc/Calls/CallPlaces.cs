using System.Runtime.InteropServices;

namespace Fairlead.Rpc.Calls;

/// <summary>
/// Limits how many calls run at the same time, of all clients and of each. The others wait in the order of their arrival, and are passed
/// over while their client has as many places as one client may have.
/// </summary>
/// <remarks>
/// Owns the count of places that each client has, and the queues of their calls. One lock, never held while other code runs.
/// </remarks>
/// <param name="count">The number of places. One client has three quarters of them at most, and leaves the rest to others.</param>
/// <param name="clients">Which connections belong to one client.</param>
internal sealed class CallPlaces(int count, IEqualityComparer<Peer> clients)
{
    private readonly int _mostOfClient = ClientShares.MostOfOne(count);
    private readonly Lock _lock = new();
    private readonly Dictionary<Peer, int> _taken = new(clients);
    private readonly Dictionary<Peer, ClientQueue> _queues = new(clients);

    // The queues of the clients that may have further places, by the arrival of their first calls.
    private readonly SortedDictionary<long, ClientQueue> _turns = [];
    private int _allTaken;
    private long _arrivals;

    /// <summary>Takes a place, or the last position in the queue of a client.</summary>
    /// <param name="client">A connection of the client. <see cref="Leave"/> gets the same.</param>
    /// <returns>Null: the call has a place. Otherwise its position, which <see cref="CallPosition.WaitAsync"/> awaits.</returns>
    public CallPosition? Enter(Peer client)
    {
        lock (_lock)
        {
            ref int taken = ref CollectionsMarshal.GetValueRefOrAddDefault(_taken, client, out _);
            if (_allTaken < count && taken < _mostOfClient)
            {
                taken++;
                _allTaken++;
                return null;
            }

            if (taken == 0)
            {
                _taken.Remove(client);
            }

            if (!_queues.TryGetValue(client, out ClientQueue? queue))
            {
                _queues[client] = queue = new ClientQueue(client);
            }

            CallPosition position = new(this, queue, ++_arrivals);
            queue.Calls.AddLast(position.Node);
            Settle(queue);
            return position;
        }
    }

    /// <summary>Frees a place, or leaves it to a call that waits.</summary>
    public void Leave(Peer client)
    {
        CallPosition? next;
        lock (_lock)
        {
            _allTaken--;
            ref int taken = ref CollectionsMarshal.GetValueRefOrNullRef(_taken, client);
            if (--taken == 0)
            {
                _taken.Remove(client);
            }

            if (_queues.TryGetValue(client, out ClientQueue? queue))
            {
                Settle(queue);
            }

            next = TakeNext();
        }

        next?.Come();
    }

    /// <summary>Takes a call out of its queue, or frees the place that it has got meanwhile.</summary>
    internal void GiveUp(CallPosition position)
    {
        lock (_lock)
        {
            if (position.Node.List is not null)
            {
                position.Queue.Calls.Remove(position.Node);
                Settle(position.Queue);
                return;
            }
        }

        Leave(position.Queue.Client);
    }

    // Under the lock, as the next.
    private CallPosition? TakeNext()
    {
        if (_turns.Count == 0)
        {
            return null;
        }

        ClientQueue queue = _turns.First().Value;
        CallPosition next = queue.Calls.First!.Value;
        queue.Calls.RemoveFirst();
        CollectionsMarshal.GetValueRefOrAddDefault(_taken, queue.Client, out _)++;
        _allTaken++;
        Settle(queue);
        return next;
    }

    private void Settle(ClientQueue queue)
    {
        _turns.Remove(queue.Turn);
        if (queue.Calls.First is not { Value: var first })
        {
            _queues.Remove(queue.Client);
        }
        else if (_taken.GetValueOrDefault(queue.Client) < _mostOfClient)
        {
            _turns[queue.Turn = first.Arrival] = queue;
        }
    }
}

/// <summary>The calls of a client that wait for places. Under the lock of <see cref="CallPlaces"/>.</summary>
internal sealed class ClientQueue(Peer client)
{
    public Peer Client => client;

    public LinkedList<CallPosition> Calls { get; } = [];

    /// <summary>The arrival of the call for which it stood in line last.</summary>
    public long Turn { get; set; }
}

/// <summary>The position of a call among those of its client that wait for places.</summary>
internal sealed class CallPosition
{
    private readonly CallPlaces _places;
    private readonly TaskCompletionSource _come = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal CallPosition(CallPlaces places, ClientQueue queue, long arrival)
    {
        (_places, Queue, Arrival) = (places, queue, arrival);
        Node = new LinkedListNode<CallPosition>(this);
    }

    internal ClientQueue Queue { get; }

    internal long Arrival { get; }

    internal LinkedListNode<CallPosition> Node { get; }

    /// <summary>Waits for the place.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled: the call has no place, and is not in the queue.</exception>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _come.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            GiveUp();
            throw;
        }
    }

    /// <summary>Takes the call out of the queue, or frees its place. Instead of waiting.</summary>
    public void GiveUp() => _places.GiveUp(this);

    internal void Come() => _come.TrySetResult();
}
