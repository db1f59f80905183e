using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <summary>
/// The messages of a link that its user has not taken: those that have arrived in this turn of the pump, and those that lie for the user.
/// What is taken, or dropped, is consumed, and gives credit back (<see cref="Window"/>).
/// </summary>
/// <remarks>
/// What has arrived is the pump's; what lies for the user is under the endpoint's gate. Counts and sums may be read without it, as hints. A
/// part of its link, and never copied.
/// </remarks>
/// <param name="window">Which the peer was given.</param>
internal struct ReceiveQueue(ReceiveWindow window)
{
    /// <summary>What of it has come, and has been consumed and told.</summary>
    public ReceiveWindow Window = window;

    private RingQueue<Incoming> _arrived;
    private RingQueue<Incoming> _unread;
    private long _arrivedBytes;
    private long _unreadBytes;

    // The first that lies here is counted as consumed already, and its sender told so. Written under the endpoint's gate.
    private bool _isHeadTold;

    /// <summary>Whether nothing has arrived, and nothing lies here.</summary>
    public readonly bool IsEmpty => (_arrived.Count | _unread.Count) == 0;

    /// <summary>Messages that have arrived in this turn. By the pump.</summary>
    public readonly int Arrived => _arrived.Count;

    /// <summary>Messages that lie for the user. A hint without the gate.</summary>
    public readonly int Count => _unread.Count;

    /// <summary>Bytes that lie for the user. Any thread.</summary>
    public readonly long Bytes => Volatile.Read(in _unreadBytes);

    /// <summary>The next for the user. Under the gate, where there is one.</summary>
    public readonly MessageHeader First => _unread[0].Header;

    /// <summary>Whether the sender of the first was told that it has been handed out, which it is not yet. Any thread.</summary>
    public readonly bool IsHeadTold => Volatile.Read(in _isHeadTold);

    /// <summary>A message has come. By the pump.</summary>
    public void Add(in Incoming message)
    {
        Window.Receive();
        _arrivedBytes += message.Header.Length;
        _arrived.Enqueue(message);
    }

    /// <summary>Refuses a message for which the peer has no credit. By the pump.</summary>
    /// <exception cref="FairleadException">Corrupt.</exception>
    public readonly void Check(int length) => Window.Check(length, Bytes + _arrivedBytes);

    /// <summary>Adds what is no message of the peer but stands among them. By the pump.</summary>
    public void AddMarker(MessageKind kind) => _arrived.Enqueue(new Incoming { Header = MessageHeader.Of(kind) });

    /// <summary>Queues what has arrived for the user, and says how many messages that are. By the pump, under the gate.</summary>
    public int Publish()
    {
        int count = 0;
        while (_arrived.Count > 0)
        {
            Incoming message = _arrived.Dequeue();
            count += message.Header.Kind == MessageKind.Dropped ? 0 : 1;
            _unread.Enqueue(message);
        }

        _unreadBytes += _arrivedBytes;
        _arrivedBytes = 0;
        PassOverDropped();
        return count;
    }

    /// <summary>
    /// Drops a message that came together with its cancellation: it must not be handed to a caller that waits for one, because it waits. By
    /// the pump.
    /// </summary>
    public readonly bool DropArrived(uint id, out MessageKind kind)
    {
        for (int i = 0; i < _arrived.Count; i++)
        {
            ref Incoming candidate = ref _arrived[i];
            if (candidate.Header.Id == id && candidate.Header.Kind is MessageKind.Deliver or MessageKind.Request)
            {
                kind = candidate.Header.Kind;
                MarkDropped(ref candidate);
                return true;
            }
        }

        kind = MessageKind.None;
        return false;
    }

    /// <summary>The next message for the user. Under the gate.</summary>
    public Incoming Dequeue()
    {
        Incoming message = _unread.Dequeue();
        if (message.Header.Kind.IsData())
        {
            ConsumeHead(message.Header.Length);
        }

        PassOverDropped();
        return message;
    }

    /// <summary>The sender of the first is told that it has been handed out, which follows. Under the gate.</summary>
    public void TellHead()
    {
        // Before the lock under which it is written: whoever makes room for that sees it.
        Volatile.Write(ref _isHeadTold, true);
        Consume(First.Length);
    }

    /// <summary>Gives back what nobody will read. Under the gate, at the endpoint's end.</summary>
    public void Release()
    {
        while (_unread.Count > 0)
        {
            _unread.Dequeue().Release();
        }
    }

    /// <summary>
    /// Drops unread messages whose senders wait for an answer no more: the one with this id, or all of a kind. Their places stay until
    /// those before them have been read, since acknowledgements are cumulative: the peer would take the credit of an older and larger one
    /// for its own. Under the gate.
    /// </summary>
    /// <param name="id">Which; null: all.</param>
    /// <param name="withDeliveries">Whether type 2 messages are dropped too, and not requests alone.</param>
    /// <param name="last">What the last of them was.</param>
    /// <returns>How many.</returns>
    public int Drop(uint? id, bool withDeliveries, out MessageKind last)
    {
        int count = 0;
        last = MessageKind.None;
        for (int i = 0; i < _unread.Count; i++)
        {
            ref Incoming candidate = ref _unread[i];
            if ((id is null || candidate.Header.Id == id)
                && (candidate.Header.Kind == MessageKind.Request || (withDeliveries && candidate.Header.Kind == MessageKind.Deliver)))
            {
                last = candidate.Header.Kind;
                MarkDropped(ref candidate);
                count++;
            }
        }

        PassOverDropped();
        return count;
    }

    private static void MarkDropped(ref Incoming message)
    {
        message.Release();
        message.Header.Kind = MessageKind.Dropped;
    }

    private void PassOverDropped()
    {
        while (_unread.Count > 0 && _unread[0].Header.Kind == MessageKind.Dropped)
        {
            ConsumeHead(_unread.Dequeue().Header.Length);
        }
    }

    /// <summary>The first has been taken, or dropped. What its sender was told before is counted.</summary>
    private void ConsumeHead(int length)
    {
        if (_isHeadTold)
        {
            Volatile.Write(ref _isHeadTold, false);
            return;
        }

        Consume(length);
    }

    private void Consume(int length)
    {
        _unreadBytes -= length;
        Window.Consume(length);
    }
}
