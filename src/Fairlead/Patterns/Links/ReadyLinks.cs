using Fairlead.Framing;
using Fairlead.Registry;

namespace Fairlead.Patterns.Links;

/// <summary>
/// The links of an endpoint that have messages for its user, in the order of their turns: round robin, some messages in a row from each.
/// </summary>
/// <remarks>Under the endpoint's gate; whether there are any may be asked without it, as a hint.</remarks>
/// <param name="counters">Of the endpoint: how many messages lie here, and how many were taken.</param>
internal sealed class ReadyLinks(EndpointCounters counters)
{
    /// <summary>Messages in a row from one link while others have some too.</summary>
    private const int MessagesPerTurn = 16;

    private RingQueue<Link> _links;
    private int _depth;

    /// <summary>How many links have messages.</summary>
    public int Count => _links.Count;

    /// <summary>What has arrived at a link lies here from now on.</summary>
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

    /// <summary>Whose turn it is: the first that holds nothing back; -1 where there is none.</summary>
    /// <param name="tells">Whether its message will be handed out, so that its sender may be told before.</param>
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

    /// <summary>The message of the link whose turn it is.</summary>
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
            // What a lost link has left stays before all others: its sender may be back, and what it sends now comes after that.
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

    /// <summary>Gives back what nobody will take.</summary>
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
