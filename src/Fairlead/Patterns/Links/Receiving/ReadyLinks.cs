using Fairlead.Framing;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Registry;

namespace Fairlead.Patterns.Links.Receiving;

/// <summary>
/// The links of an endpoint that have messages for its user, in the order in which they are served: clients in rounds, with few messages of
/// each in a round, and the links of a client in round robin, with several messages from each.
/// </summary>
/// <remarks>
/// <para>
/// The connections of a client (<see cref="Peer.ClientComparer"/>) have one turn in a round: more connections get no more. A client
/// that has messages again and has not used its turn goes before the others, so a client that waits for each answer is not delayed by one
/// that floods the endpoint. The messages of a lost link are served where they stand, before those of its successor.
/// </para>
/// <para>Under the endpoint's gate. Without it, the count is a hint.</para>
/// </remarks>
/// <param name="counters">The endpoint's counters of queued and taken messages.</param>
internal sealed class ReadyLinks(EndpointCounters counters)
{
    /// <summary>The messages in a row from one link while others of its client have messages, too.</summary>
    private const int MessagesPerTurn = 16;

    /// <summary>The messages of one client in a round; a long message counts as several.</summary>
    private const int MessagesPerRound = 4;

    /// <summary>The bytes for which a message counts as one more, as a shift.</summary>
    private const int BytesPerMessage = 14;

    private readonly Dictionary<Peer, ReadyClient> _known = new(Peer.ClientComparer);

    // The clients with messages. Those of this round stand before those of the next, except clients that hold back what they have.
    private RingQueue<ReadyClient> _clients;
    private long _round;
    private int _count;
    private int _lost;
    private int _depth;

    /// <summary>The number of links with messages.</summary>
    public int Count => _count;

    /// <summary>Queues the messages that have arrived at a link.</summary>
    public void Publish(LinkReceiver link)
    {
        _depth += link.ReceiveQueue.Publish();
        counters.SetQueueDepth(_depth);
        if (!link.IsReady && link.InboundCount > 0)
        {
            Add(link);
        }
    }

    /// <summary>Returns the first link that holds nothing back, or null if there is none.</summary>
    /// <param name="tells">Whether its message will be handed out: its sender may then be told first.</param>
    public LinkReceiver? Next(bool tells)
    {
        for (int i = 0; i < _clients.Count; i++)
        {
            ref RingQueue<LinkReceiver> ready = ref _clients[i].Ready;
            for (int j = 0; j < ready.Count; j++)
            {
                if (ready[j].MayHandOut(tells))
                {
                    return ready[j];
                }
            }
        }

        return null;
    }

    /// <summary>Takes the next message of this link.</summary>
    public MessageCore Take(LinkReceiver link)
    {
        Incoming incoming = link.Dequeue();
        Move(link, incoming.Header.Length);
        if (incoming.Header.Kind.IsData())
        {
            counters.AddReceived(incoming.Header.Length - incoming.Header.HeadLength);
        }

        counters.SetQueueDepth(--_depth);
        MessageCore message = MessageCore.Rent(link.InHand, incoming);
        if (incoming.Header.Kind is MessageKind.Deliver or MessageKind.Request)
        {
            link.AddActive(message);
        }

        return message;
    }

    /// <inheritdoc cref="ReceiveQueue.Drop"/>
    public int Drop(LinkReceiver link, uint? id, bool withDeliveries, out MessageKind last)
    {
        int count = link.ReceiveQueue.Drop(id, withDeliveries, out last);
        _depth -= count;
        counters.SetQueueDepth(_depth);
        if (link is { IsReady: true, InboundCount: 0 })
        {
            Remove(link);
        }

        return count;
    }

    /// <summary>Notes that a link is down. The messages that it still has stay.</summary>
    public void Leave(LinkReceiver link)
    {
        if (link.Client is { } client && --client.Links == 0 && _known.GetValueOrDefault(link.PeerLink.Peer) == client)
        {
            _known.Remove(link.PeerLink.Peer);
        }

        if (link is { IsReady: true, IsLost: false })
        {
            link.IsLost = true;
            _lost++;
        }
    }

    /// <summary>Releases the untaken messages.</summary>
    public void Release()
    {
        _count = 0;
        while (_clients.Count > 0)
        {
            ref RingQueue<LinkReceiver> ready = ref _clients.Dequeue().Ready;
            while (ready.Count > 0)
            {
                ready.Dequeue().ReceiveQueue.Release();
            }
        }
    }

    private void Add(LinkReceiver link)
    {
        link.IsReady = true;
        _count++;
        if (link.PeerLink.State == LinkState.Down)
        {
            link.IsLost = true;
            _lost++;
        }

        var client = (ReadyClient)(link.Client ??= ClientOf(link));
        client.Ready.Enqueue(link);
        if (client.Ready.Count > 1)
        {
            return;
        }

        if (client.Round < _round)
        {
            (client.Round, client.Used) = (_round, 0);
        }

        if (client.Round == _round && _lost == 0)
        {
            _clients.EnqueueFirst(client);
        }
        else
        {
            _clients.Enqueue(client);
        }
    }

    private ReadyClient ClientOf(LinkReceiver link)
    {
        if (link.IsLost)
        {
            // Only its end is still to be reported.
            return new ReadyClient();
        }

        if (!_known.TryGetValue(link.PeerLink.Peer, out ReadyClient? client))
        {
            _known[link.PeerLink.Peer] = client = new ReadyClient();
        }

        client.Links++;
        return client;
    }

    /// <summary>Moves a link whose message was taken, and its client, behind others if they have had their turn.</summary>
    private void Move(LinkReceiver link, int length)
    {
        var client = (ReadyClient)link.Client!;
        _round = Math.Max(_round, client.Round);

        // The rest of a lost link stays first: its sender may be back, and what it sends now comes after that.
        bool mayMove = link.PeerLink.State != LinkState.Down;
        if (link.InboundCount == 0)
        {
            Remove(link);
        }
        else if (mayMove && ++link.Turn >= MessagesPerTurn)
        {
            link.Turn = 0;
            client.Ready.Enqueue(client.Ready.RemoveAt(IndexOf(ref client.Ready, link)));
        }

        if (mayMove && (client.Used += 1 + (length >> BytesPerMessage)) >= MessagesPerRound)
        {
            (client.Round, client.Used) = (_round + 1, 0);
            if (client.Ready.Count > 0 && _clients.Count > 1)
            {
                _clients.Enqueue(_clients.RemoveAt(IndexOf(ref _clients, client)));
            }
        }
    }

    private void Remove(LinkReceiver link)
    {
        var client = (ReadyClient)link.Client!;
        client.Ready.RemoveAt(IndexOf(ref client.Ready, link));
        if (client.Ready.Count == 0)
        {
            _clients.RemoveAt(IndexOf(ref _clients, client));
        }

        link.IsReady = false;
        link.Turn = 0;
        _count--;
        if (link.IsLost)
        {
            link.IsLost = false;
            _lost--;
        }
    }

    private static int IndexOf<T>(ref RingQueue<T> queue, T item)
        where T : class
    {
        int index = 0;
        while (queue[index] != item)
        {
            index++;
        }

        return index;
    }

    private sealed class ReadyClient : ClientTurn
    {
        private RingQueue<LinkReceiver> _ready;

        /// <summary>The links with messages.</summary>
        public ref RingQueue<LinkReceiver> Ready => ref _ready;
    }
}
