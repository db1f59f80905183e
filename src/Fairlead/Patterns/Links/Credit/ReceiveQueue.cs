using Fairlead.Framing;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Credit;

/// <summary>The unread messages of a link: those that arrived in this pump iteration, and those queued for the user.</summary>
/// <remarks>
/// A message that is taken or dropped is consumed, and returns credit (<see cref="Window"/>). Arrived messages belong to the pump. Queued
/// ones are under the endpoint's gate. Counts and sums may be read without it, as hints. A part of its link, and never copied.
/// </remarks>
/// <param name="window">The window granted to the peer.</param>
internal struct ReceiveQueue(ReceiveWindow window)
{
    /// <summary>The part of the window that was received, consumed and acknowledged.</summary>
    public ReceiveWindow Window = window;

    private RingQueue<Incoming> _arrived;
    private RingQueue<Incoming> _unread;
    private long _arrivedBytes;
    private long _unreadBytes;

    // Whether the first queued message already counts as consumed, with its sender told. Written under the endpoint's gate.
    private bool _isHeadAcknowledged;

    /// <summary>Whether no message has arrived and none is queued.</summary>
    public readonly bool IsEmpty => (_arrived.Count | _unread.Count) == 0;

    /// <summary>The number of messages that arrived in this iteration. Used by the pump.</summary>
    public readonly int Arrived => _arrived.Count;

    /// <summary>The number of messages queued for the user. A hint without the gate.</summary>
    public readonly int Count => _unread.Count;

    /// <summary>The bytes queued for the user. Any thread.</summary>
    public readonly long Bytes => Volatile.Read(in _unreadBytes);

    /// <summary>The next message for the user. Under the gate; only if there is one.</summary>
    public readonly MessageHeader First => _unread[0].Header;

    /// <summary>Whether the sender of the first message was told of a hand-over that is still to come. Any thread.</summary>
    public readonly bool IsHeadAcknowledged => Volatile.Read(in _isHeadAcknowledged);

    /// <summary>Adds an arrived message. Called by the pump.</summary>
    public void Add(in Incoming message)
    {
        Window.Receive();
        _arrivedBytes += message.Header.Length;
        _arrived.Enqueue(message);
    }

    /// <summary>Refuses a message beyond the peer's credit. Called by the pump.</summary>
    /// <exception cref="FairleadException">Corrupt: the peer has exceeded its credit.</exception>
    public readonly void Check(int length) => Window.Check(length, Bytes + _arrivedBytes);

    /// <summary>Adds a marker among the messages that the peer did not send. Called by the pump.</summary>
    public void AddMarker(MessageKind kind) => _arrived.Enqueue(new Incoming { Header = MessageHeader.Of(kind) });

    /// <summary>Queues arrived messages for the user, and returns their number. Called by the pump, under the gate.</summary>
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
        SkipDropped();
        return count;
    }

    /// <summary>Drops a message that arrived together with its cancellation. Called by the pump.</summary>
    /// <remarks>It must not be handed to a caller only because that caller is waiting.</remarks>
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

    /// <summary>Removes and returns the next message for the user. Under the gate.</summary>
    public Incoming Dequeue()
    {
        Incoming message = _unread.Dequeue();
        if (message.Header.Kind.IsData())
        {
            ConsumeHead(message.Header.Length, isHandedOut: true);
        }

        SkipDropped();
        return message;
    }

    /// <summary>Marks the first message as handed out, because its sender is told before the hand-over. Under the gate.</summary>
    public void AcknowledgeHead()
    {
        // Before the lock under which the report is written: a thread that frees capacity for it sees the mark.
        Volatile.Write(ref _isHeadAcknowledged, true);
        Hold();
        Consume(First.Length);
    }

    /// <summary>Releases the unread messages. Under the gate, at the endpoint's end.</summary>
    public void Release()
    {
        while (_unread.Count > 0)
        {
            _unread.Dequeue().Release();
        }
    }

    /// <summary>Drops unread messages whose senders no longer wait for an answer. Under the gate.</summary>
    /// <remarks>
    /// Their places stay until those before them have been read, because acknowledgements are cumulative. Otherwise the peer would take the
    /// credit of an older and larger message for the dropped one's.
    /// </remarks>
    /// <param name="id">The id of the message to drop; null drops all.</param>
    /// <param name="withDeliveries">Whether to drop type 2 messages, too, and not only requests.</param>
    /// <param name="last">The kind of the last dropped message.</param>
    /// <returns>The number of dropped messages.</returns>
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

        SkipDropped();
        return count;
    }

    private static void MarkDropped(ref Incoming message)
    {
        message.Release();
        message.Header.Kind = MessageKind.Dropped;
    }

    private void SkipDropped()
    {
        while (_unread.Count > 0 && _unread[0].Header.Kind == MessageKind.Dropped)
        {
            ConsumeHead(_unread.Dequeue().Header.Length, isHandedOut: false);
        }
    }

    /// <summary>Consumes the first message, which was taken or dropped, unless it was consumed when its sender was told.</summary>
    private void ConsumeHead(int length, bool isHandedOut)
    {
        if (_isHeadAcknowledged)
        {
            Volatile.Write(ref _isHeadAcknowledged, false);
            if (!isHandedOut)
            {
                Window.HeldBack?.RemoveLast();
            }

            return;
        }

        if (isHandedOut)
        {
            Hold();
        }

        Consume(length);
    }

    /// <summary>Holds the acknowledgement of the next message back, if this end does. Before the message counts as consumed.</summary>
    private void Hold() => Window.HeldBack?.Add(Window.Consumed + 1);

    private void Consume(int length)
    {
        _unreadBytes -= length;
        Window.Consume(length);
    }
}
