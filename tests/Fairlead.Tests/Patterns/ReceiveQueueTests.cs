using Fairlead.Framing;
using Fairlead.Patterns.Links.Credit;

namespace Fairlead.Tests.Patterns;

/// <summary>The messages queued for a user, the dropped ones, and the credit that they return, without a connection.</summary>
public sealed class ReceiveQueueTests
{
    private readonly Lease _lease = new();
    private ReceiveQueue _queue = new(new ReceiveWindow(messages: 10, bytes: 1000, tells: 4));

    [Fact]
    public void Arrived_messages_are_available_after_Publish()
    {
        Add(MessageKind.Send, id: 0, length: 5);
        Add(MessageKind.Send, id: 0, length: 7);
        Assert.Equal((2, 0, 0L), (_queue.Arrived, _queue.Count, _queue.Bytes));
        Assert.False(_queue.IsEmpty);
        Assert.Equal(2, _queue.Publish());
        Assert.Equal((0, 2, 12L), (_queue.Arrived, _queue.Count, _queue.Bytes));
        Assert.Equal(5, _queue.Dequeue().Header.Length);
        Assert.Equal((1u, 7L), (_queue.Window.Consumed, _queue.Bytes));
    }

    [Fact]
    public void Markers_keep_their_order_and_consume_nothing()
    {
        _queue.AddMarker(MessageKind.Joined);
        Add(MessageKind.Send, id: 0, length: 1);
        Assert.Equal(2, _queue.Publish());
        Assert.Equal(MessageKind.Joined, _queue.Dequeue().Header.Kind);
        Assert.Equal(0u, _queue.Window.Consumed);
        Assert.Equal(MessageKind.Send, _queue.Dequeue().Header.Kind);
        Assert.Equal(1u, _queue.Window.Consumed);
    }

    [Fact]
    public void A_message_that_arrived_with_its_cancellation_is_never_available()
    {
        Add(MessageKind.Request, id: 3, length: 4);
        Add(MessageKind.Deliver, id: 4, length: 4);
        Assert.False(_queue.DropArrived(9, out _));
        Assert.True(_queue.DropArrived(3, out MessageKind kind));
        Assert.Equal(MessageKind.Request, kind);
        Assert.Equal(1, _lease.Released);
        Assert.Equal(1, _queue.Publish());
        Assert.Equal(4u, _queue.First.Id);

        // The first message is gone, and its credit is returned.
        Assert.Equal((1u, 1), (_queue.Window.Consumed, _queue.Count));
    }

    [Fact]
    public void A_dropped_message_counts_until_the_messages_before_it_are_read()
    {
        Add(MessageKind.Deliver, id: 1, length: 100);
        Add(MessageKind.Deliver, id: 2, length: 10);
        Add(MessageKind.Deliver, id: 3, length: 1);
        _queue.Publish();
        Assert.Equal(1, _queue.Drop(2, withDeliveries: true, out MessageKind kind));
        Assert.Equal(MessageKind.Deliver, kind);
        Assert.Equal((0u, 3, 111L), (_queue.Window.Consumed, _queue.Count, _queue.Bytes));
        Assert.Equal(1u, _queue.Dequeue().Header.Id);
        Assert.Equal((2u, 1, 1L), (_queue.Window.Consumed, _queue.Count, _queue.Bytes));
        Assert.Equal(3u, _queue.Dequeue().Header.Id);
    }

    [Fact]
    public void Only_requests_are_dropped_if_deliveries_are_kept()
    {
        Add(MessageKind.Deliver, id: 1, length: 1);
        Add(MessageKind.Request, id: 2, length: 1);
        Add(MessageKind.Send, id: 0, length: 1);
        _queue.Publish();
        Assert.Equal(1, _queue.Drop(null, withDeliveries: false, out _));
        Assert.Equal(1, _queue.Drop(null, withDeliveries: true, out _));
        Assert.Equal(1, _queue.Count);
        Assert.Equal(MessageKind.Send, _queue.First.Kind);
    }

    [Fact]
    public void A_first_message_that_was_acknowledged_early_is_consumed_once()
    {
        Add(MessageKind.Deliver, id: 1, length: 8);
        Add(MessageKind.Send, id: 0, length: 2);
        _queue.Publish();
        _queue.AcknowledgeHead();
        Assert.True(_queue.IsHeadAcknowledged);
        Assert.Equal((1u, 2L), (_queue.Window.Consumed, _queue.Bytes));
        _queue.Dequeue();
        Assert.False(_queue.IsHeadAcknowledged);
        Assert.Equal((1u, 2L), (_queue.Window.Consumed, _queue.Bytes));
        _queue.Dequeue();
        Assert.Equal((2u, 0L), (_queue.Window.Consumed, _queue.Bytes));
    }

    [Fact]
    public void An_acknowledged_message_that_is_dropped_is_consumed_once_too()
    {
        Add(MessageKind.Deliver, id: 1, length: 8);
        _queue.Publish();
        _queue.AcknowledgeHead();
        Assert.Equal(1, _queue.Drop(1, withDeliveries: true, out _));
        Assert.True(_queue.IsEmpty);
        Assert.False(_queue.IsHeadAcknowledged);
        Assert.Equal((1u, 0L), (_queue.Window.Consumed, _queue.Bytes));
    }

    [Fact]
    public void Release_releases_the_unread_messages()
    {
        Add(MessageKind.Send, id: 0, length: 8);
        Add(MessageKind.Send, id: 0, length: 8);
        _queue.Publish();
        _queue.Release();
        Assert.Equal(2, _lease.Released);
        Assert.True(_queue.IsEmpty);
    }

    private void Add(MessageKind kind, uint id, int length)
    {
        _queue.Check(length);
        _queue.Add(new Incoming { Header = MessageHeader.Of(kind, id) with { Length = length }, Body = new byte[length], Lease = _lease });
    }

    private sealed class Lease : MemoryLease
    {
        public int Released { get; private set; }

        public override void Release(long token) => Released++;
    }
}
