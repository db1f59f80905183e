using Fairlead.Framing;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Registry;

namespace Fairlead.Patterns.Links.Receiving;

/// <summary>The links of an endpoint that have messages for its user, in round robin with several messages from each.</summary>
/// <remarks>Under the endpoint's gate. Without it, the count is a hint.</remarks>
/// <param name="counters">The endpoint's counters of queued and taken messages.</param>
internal sealed class ReadyLinks(EndpointCounters counters)
{
    /// <summary>The messages in a row from one link while others have messages, too.</summary>
    private const int MessagesPerTurn = 16;

    private RingQueue<LinkReceiver> _links;
    private int _depth;

    /// <summary>The number of links with messages.</summary>
    public int Count => _links.Count;

    /// <summary>Queues the messages that have arrived at a link.</summary>
    public void Publish(LinkReceiver link)
    {
        _depth += link.Inbound.Publish();
        counters.SetQueueDepth(_depth);
        if (!link.IsReady && link.InboundCount > 0)
        {
            link.IsReady = true;
            _links.Enqueue(link);
        }
    }

    /// <summary>Returns the index of the first link that holds nothing back, or -1 if there is none.</summary>
    /// <param name="tells">Whether its message will be handed out: its sender may then be told first.</param>
    public int Next(bool tells)
    {
        for (int i = 0; i < _links.Count; i++)
        {
            if (_links[i].MayHandOut(tells))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Takes the next message of the link at this index.</summary>
    public MessageCore Take(int next)
    {
        LinkReceiver link = _links[next];
        Incoming incoming = link.Dequeue();
        if (link.InboundCount == 0)
        {
            Remove(next);
        }
        else if (++link.Turn >= MessagesPerTurn && link.PeerLink.State != LinkState.Down)
        {
            // The rest of a lost link stays first: its sender may be back, and what it sends now comes after that.
            link.Turn = 0;
            _links.Enqueue(_links.RemoveAt(next));
        }

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
        int count = link.Inbound.Drop(id, withDeliveries, out last);
        _depth -= count;
        counters.SetQueueDepth(_depth);
        for (int i = 0; link is { IsReady: true, InboundCount: 0 } && i < _links.Count; i++)
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
            _links.Dequeue().Inbound.Release();
        }
    }

    private void Remove(int index)
    {
        LinkReceiver link = _links.RemoveAt(index);
        link.IsReady = false;
        link.Turn = 0;
    }
}
