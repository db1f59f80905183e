using Fairlead.Framing;
using Fairlead.Registry;

namespace Fairlead.Patterns.Links;

/// <summary>The links of an endpoint that have messages for its user, in round robin with several messages from each.</summary>
/// <remarks>Under the endpoint's gate. Without it, the count is a hint.</remarks>
/// <param name="counters">The endpoint's counters of queued and taken messages.</param>
internal sealed class ReadyLinks(EndpointCounters counters)
{
    /// <summary>The messages in a row from one link while others have messages, too.</summary>
    private const int MessagesPerTurn = 16;

    private RingQueue<Link> _links;
    private int _depth;

    /// <summary>The number of links with messages.</summary>
    public int Count => _links.Count;

    /// <summary>Queues the messages that have arrived at a link.</summary>
    public void Publish(Link link)
    {
        _depth += link.Receiving.Inbound.Publish();
        counters.SetQueueDepth(_depth);
        if (!link.Receiving.IsReady && link.Receiving.InboundCount > 0)
        {
            link.Receiving.IsReady = true;
            _links.Enqueue(link);
        }
    }

    /// <summary>Returns the index of the first link that holds nothing back, or -1 if there is none.</summary>
    /// <param name="tells">Whether its message will be handed out: its sender may then be told first.</param>
    public int Next(bool tells)
    {
        for (int i = 0; i < _links.Count; i++)
        {
            if (_links[i].Pause.MayHandOut(tells))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Takes the next message of the link at this index.</summary>
    public MessageCore Take(int next)
    {
        Link link = _links[next];
        Incoming incoming = link.Receiving.Dequeue();
        if (link.Receiving.InboundCount == 0)
        {
            Remove(next);
        }
        else if (++link.Receiving.Turn >= MessagesPerTurn && link.State != LinkState.Down)
        {
            // The rest of a lost link stays first: its sender may be back, and what it sends now comes after that.
            link.Receiving.Turn = 0;
            _links.Enqueue(_links.RemoveAt(next));
        }

        if (incoming.Header.Kind.IsData())
        {
            counters.AddReceived(incoming.Header.Length - incoming.Header.HeadLength);
        }

        counters.SetQueueDepth(--_depth);
        MessageCore message = MessageCore.Rent(link, incoming);
        if (incoming.Header.Kind is MessageKind.Deliver or MessageKind.Request)
        {
            link.Receiving.AddActive(message);
        }

        return message;
    }

    /// <inheritdoc cref="ReceiveQueue.Drop"/>
    public int Drop(Link link, uint? id, bool withDeliveries, out MessageKind last)
    {
        int count = link.Receiving.Inbound.Drop(id, withDeliveries, out last);
        _depth -= count;
        counters.SetQueueDepth(_depth);
        for (int i = 0; link is { Receiving.IsReady: true, Receiving.InboundCount: 0 } && i < _links.Count; i++)
        {
            if (_links[i] == link)
            {
                Remove(i);
            }
        }

        return count;
    }

    /// <summary>Releases the untaken messages.</summary>
    public void Release()
    {
        while (_links.Count > 0)
        {
            _links.Dequeue().Receiving.Inbound.Release();
        }
    }

    private void Remove(int index)
    {
        Link link = _links.RemoveAt(index);
        link.Receiving.IsReady = false;
        link.Receiving.Turn = 0;
    }
}
