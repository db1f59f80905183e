using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <summary>
/// The messages that wait at their own end: for credit, or for a peer to come. Those of callers that wait, and those that were left here
/// under a policy that drops; the latter are bounded. Each carries how many were dropped right before it. Not thread-safe: the link's send
/// lock holds it, or the endpoint's gate.
/// </summary>
internal sealed class SendQueue(EndpointCore endpoint)
{
    private RingQueue<LinkOperation> _items;
    private Dictionary<string, LinkOperation>? _byTopic;
    private long _bytes;

    public int Count => _items.Count;

    public LinkOperation First => _items[0];

    /// <summary>Dropped behind the last message here, and told to the peer with the next.</summary>
    public long Missed { get; private set; }

    /// <summary>What the peer misses if nothing of this is sent: all that was dropped, and all that nobody waits for.</summary>
    public long MissedInAll
    {
        get
        {
            long missed = Missed;
            for (int i = 0; i < _items.Count; i++)
            {
                missed += _items[i].Missed + (_items[i].IsLeft ? 1 : 0);
            }

            return missed;
        }
    }

    /// <summary>Puts a message at the end, whatever lies here.</summary>
    public void Enqueue(LinkOperation operation)
    {
        operation.Missed += TakeMissed();
        _items.Enqueue(operation);
        Remember(operation);
    }

    /// <summary>Puts messages back that were sent before all that lie here, and with them what was dropped right behind them.</summary>
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

    /// <summary>The first message, to be sent; what was missed before it is its own affair.</summary>
    public LinkOperation Dequeue()
    {
        LinkOperation operation = _items.Dequeue();
        Forget(operation);
        return operation;
    }

    /// <summary>Takes a message out that is not sent; what was missed before it is missed before the next.</summary>
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

    /// <summary>Takes the first message out, which is not sent.</summary>
    public LinkOperation DequeueUnsent()
    {
        LinkOperation operation = Dequeue();
        PassMissed(0, operation.Missed);
        return operation;
    }

    /// <summary>Something was dropped before it came here.</summary>
    public void AddMissed(long count) => Missed += count;

    /// <summary>The message that is sent now has no room for what was missed before it: the next one says it.</summary>
    public void DeferMissed(long count) => PassMissed(0, count);

    /// <summary>What was dropped behind the last message, for the one that is sent now.</summary>
    public long TakeMissed()
    {
        long missed = Missed;
        Missed = 0;
        return missed;
    }

    /// <summary>Adds the message of a caller that waits for what becomes of it, by the policy.</summary>
    /// <returns>Sent: it is in the queue. Full or Dropped: it is not, and the caller is to be told.</returns>
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

    /// <summary>
    /// Leaves a copy of a message here, for which nobody waits, by a policy that drops. Unless something may be dropped for it, it is
    /// refused as Full where there is no room.
    /// </summary>
    /// <returns>Sent: a copy is in the queue. Full; or Dropped: this message is dropped.</returns>
    public LinkOutcome Leave(in Letter letter, OverflowPolicy policy, bool mayDrop, Completions completions)
    {
        int length = letter.Head.Length + letter.Payload.Length;
        if (policy == OverflowPolicy.Latest
            && letter.Topic is { } topic
            && _byTopic is not null
            && _byTopic.TryGetValue(topic, out LinkOperation? earlier))
        {
            if (_bytes - earlier.Length + length <= endpoint.Settings.Capacity || _items.Count == 1)
            {
                _bytes += length - earlier.Length;
                earlier.Replace(letter.Head, letter.Payload);
                earlier.Missed++;
                endpoint.Drops.Count();
                return LinkOutcome.Sent;
            }

            Remove(earlier);
            Drop(earlier, completions);
        }

        if (!HasRoom(length))
        {
            if (!mayDrop)
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

        Enqueue(LinkOperation.Leave(endpoint, letter, policy == OverflowPolicy.Latest));
        return LinkOutcome.Sent;
    }

    /// <summary>One message may always wait, however long.</summary>
    private bool HasRoom(int length) =>
        _items.Count == 0 || (_items.Count < endpoint.Settings.Messages && _bytes + length <= endpoint.Settings.Capacity);

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
        if (operation.TryComplete(new LinkResult { Outcome = LinkOutcome.Dropped, Link = operation.Link }))
        {
            // Unless its caller has just taken it back.
            PassMissed(0, 1);
            endpoint.Drops.Count();
            completions.Add(operation);
        }
    }

    private void CountDropped()
    {
        Missed++;
        endpoint.Drops.Count();
    }

    /// <summary>These were missed before the message that stands at this place now.</summary>
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

/// <summary>A message that is left at its own end under a policy that drops.</summary>
internal readonly ref struct Letter(
    MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, string? topic, bool isMovable)
{
    public readonly MessageHeader Header = header;
    public readonly ReadOnlySpan<byte> Head = head;
    public readonly ReadOnlySpan<byte> Payload = payload;

    /// <summary>Of a published message.</summary>
    public readonly string? Topic = topic;

    /// <summary>Whether it may go to the next peer when this one is lost before it was sent.</summary>
    public readonly bool IsMovable = isMovable;
}
