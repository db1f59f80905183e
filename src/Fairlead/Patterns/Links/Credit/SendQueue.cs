using Fairlead.Framing;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Credit;

/// <summary>The messages that wait at their own end for credit or for a peer. Not thread-safe.</summary>
/// <remarks>
/// Some belong to waiting callers. Others were enqueued without a caller under a dropping policy; the number of these is limited. Each
/// message carries the number of messages dropped directly before it. The link's send lock or the endpoint's gate guards the queue.
/// </remarks>
internal sealed class SendQueue(EndpointContext endpoint)
{
    private RingQueue<LinkOperation> _items;
    private Dictionary<string, LinkOperation>? _byTopic;
    private long _bytes;

    public int Count => _items.Count;

    public LinkOperation First => _items[0];

    /// <summary>The number of messages dropped behind the last one here. The next message reports it to the peer.</summary>
    public long Missed { get; private set; }

    /// <summary>The number that the peer misses if nothing here is sent: all drops, and all messages without a caller.</summary>
    public long MissedInAll
    {
        get
        {
            long missed = Missed;
            for (int i = 0; i < _items.Count; i++)
            {
                missed += _items[i].Missed + (_items[i].HasNoCaller ? 1 : 0);
            }

            return missed;
        }
    }

    /// <summary>Appends a message unconditionally.</summary>
    public void Enqueue(LinkOperation operation)
    {
        operation.Missed += TakeMissed();
        _items.Enqueue(operation);
        Remember(operation);
    }

    /// <summary>Puts back messages that were sent before all others here, with the number dropped directly behind them.</summary>
    public void PutBack(List<LinkOperation> earlier, long missedBehind)
    {
        int later = _items.Count;
        PassMissed(0, missedBehind);
        foreach (LinkOperation operation in earlier)
        {
            _items.Enqueue(operation);
            Remember(operation);
        }

        for (int i = 0; i < later; i++)
        {
            _items.Enqueue(_items.Dequeue());
        }
    }

    /// <summary>Removes the first message to send it. The drops before it go with it.</summary>
    public LinkOperation Dequeue()
    {
        LinkOperation operation = _items.Dequeue();
        Forget(operation);
        return operation;
    }

    /// <summary>Removes a message that is not sent. The drops before it pass to the next message.</summary>
    public void Remove(LinkOperation operation)
    {
        for (int i = 0; i < _items.Count; i++)
        {
            if (_items[i] == operation)
            {
                _items.RemoveAt(i);
                Forget(operation);
                PassMissed(i, operation.Missed);
                return;
            }
        }
    }

    /// <summary>Removes the first message, which is not sent.</summary>
    public LinkOperation DequeueUnsent()
    {
        LinkOperation operation = Dequeue();
        PassMissed(0, operation.Missed);
        return operation;
    }

    /// <summary>Counts messages dropped before they reached the queue.</summary>
    public void AddMissed(long count) => Missed += count;

    /// <summary>Passes the drops to the next message, because the current one has no space to report them.</summary>
    public void DeferMissed(long count) => PassMissed(0, count);

    /// <summary>Takes the number of drops behind the last message, for the message that is sent now.</summary>
    public long TakeMissed()
    {
        long missed = Missed;
        Missed = 0;
        return missed;
    }

    /// <summary>Adds the message of a caller that waits for its outcome, by the policy.</summary>
    /// <returns>Sent: it is in the queue. Full or Dropped: it is not, and the caller must be told.</returns>
    public LinkOutcome Add(LinkOperation operation, OverflowPolicy policy, Completions completions)
    {
        switch (policy)
        {
            case OverflowPolicy.Fail:
                return LinkOutcome.Full;
            case OverflowPolicy.DropNewest when !HasRoom(operation.Length):
                CountDropped();
                return LinkOutcome.Dropped;
            case OverflowPolicy.DropOldest or OverflowPolicy.Latest:
                MakeRoom(operation.Length, completions);
                break;
        }

        Enqueue(operation);
        return LinkOutcome.Sent;
    }

    /// <summary>Enqueues a copy of a message without a caller, by a dropping policy.</summary>
    /// <remarks>If nothing may be dropped for it and the queue is full, the result is Full.</remarks>
    /// <returns>Sent: a copy is in the queue. Full. Dropped: this message was dropped.</returns>
    public LinkOutcome EnqueueCopy(in OutgoingMessage message, OverflowPolicy policy, WhenFull whenFull, Completions completions)
    {
        int length = message.Length;
        if (policy == OverflowPolicy.Latest
            && message.Topic is { } topic
            && _byTopic is not null
            && _byTopic.TryGetValue(topic, out LinkOperation? earlier))
        {
            if (_bytes - earlier.Length + length <= endpoint.Settings.Capacity || _items.Count == 1)
            {
                _bytes += length - earlier.Length;
                earlier.Replace(message);
                earlier.Missed++;
                endpoint.DropReport.Count();
                return LinkOutcome.Sent;
            }

            Remove(earlier);
            Drop(earlier, completions);
        }

        if (!HasRoom(length))
        {
            if (whenFull != WhenFull.Drop)
            {
                return LinkOutcome.Full;
            }

            if (policy == OverflowPolicy.DropNewest)
            {
                CountDropped();
                return LinkOutcome.Dropped;
            }

            MakeRoom(length, completions);
        }

        Enqueue(LinkOperation.CopyOf(endpoint, message, policy == OverflowPolicy.Latest));
        return LinkOutcome.Sent;
    }

    /// <summary>Returns whether there is capacity. One message may always wait, however long it is.</summary>
    private bool HasRoom(int length) =>
        _items.Count == 0 || (_items.Count < endpoint.Settings.Messages && _bytes + length <= endpoint.Settings.Capacity);

    /// <summary>Returns whether a message of the history may wait, too: there is capacity for one whole history beside the rest.</summary>
    /// <remarks>A message that is longer than the history's limit counts as the whole history.</remarks>
    public bool HasRoomForReplay(int length, History history) =>
        _items.Count == 0
        || (_items.Count < endpoint.Settings.Messages + history.MostMessages
            && _bytes + length - endpoint.Settings.Capacity <= Math.Max(history.MostBytes, length));

    private void MakeRoom(int length, Completions completions)
    {
        while (!HasRoom(length))
        {
            Drop(DequeueUnsent(), completions);
        }
    }

    private void Drop(LinkOperation operation, Completions completions)
    {
        operation.At = LinkOperation.Stage.Ended;
        if (operation.TryComplete(new LinkResult { Outcome = LinkOutcome.Dropped, PeerLink = operation.PeerLink }))
        {
            // Unless its caller has just withdrawn it.
            PassMissed(0, 1);
            endpoint.DropReport.Count();
            completions.Add(operation);
        }
    }

    /// <summary>Counts a message that is dropped instead of being queued.</summary>
    public void CountDropped()
    {
        Missed++;
        endpoint.DropReport.Count();
    }

    /// <summary>Counts drops before the message that is now at this index.</summary>
    private void PassMissed(int index, long count)
    {
        if (index < _items.Count)
        {
            _items[index].Missed += count;
        }
        else
        {
            Missed += count;
        }
    }

    private void Remember(LinkOperation operation)
    {
        _bytes += operation.Length;
        if (operation.Topic is { } topic)
        {
            (_byTopic ??= new Dictionary<string, LinkOperation>(StringComparer.Ordinal))[topic] = operation;
        }
    }

    private void Forget(LinkOperation operation)
    {
        _bytes -= operation.Length;
        if (operation.Topic is { } topic && _byTopic!.TryGetValue(topic, out LinkOperation? kept) && kept == operation)
        {
            _byTopic.Remove(topic);
        }
    }
}
