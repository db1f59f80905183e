using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// A message whose time is nearly over is recalled: a receiver that has not read it returns it, and its sender learns for certain that it
/// was not delivered.
/// </summary>
public abstract class RecallContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    /// <summary>The last twentieth of a second is for recalling it.</summary>
    private static readonly TimeSpan Second = 1.Seconds();

    private static readonly TimeSpan UntilRecall = 950.Milliseconds();

    private readonly ManualClock _clock = new();

    [Theory]
    [InlineData(Calls.Blocking, false)]
    [InlineData(Calls.Async, false)]
    [InlineData(Calls.Async, true)]
    public async Task A_message_that_was_not_read_is_certainly_not_delivered(Calls calls, bool senderBinds)
    {
        (Sender sender, Receiver receiver) = await OpenOnClockAsync(senderBinds);
        if (senderBinds)
        {
            // A receiver that has taken one keeps receiving while it works.
            await GiveAsync(sender, receiver);
        }

        Task<Delivery> delivering = DeliverAsync(sender, calls, "late"u8.ToArray(), Second);
        await Until(() => receiver.Statistics.QueueDepth == 1, "it lies at the receiver");
        _clock.Advance(UntilRecall);

        Delivery delivery = await delivering;
        Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.Timeout), (delivery.Status, delivery.Cause));
        Assert.Equal(0, receiver.Statistics.QueueDepth);
        await GiveAsync(sender, receiver);
    }

    [Theory]
    [InlineData(Calls.Blocking, true)]
    [InlineData(Calls.Async, true)]
    [InlineData(Calls.Async, false)]
    public async Task A_delivery_waits_to_its_deadline_for_a_message_that_was_read(Calls calls, bool accepts)
    {
        (Sender sender, Receiver receiver) = await OpenOnClockAsync(senderBinds: false);
        Task<Delivery> delivering = DeliverAsync(sender, calls, "x"u8.ToArray(), Second);
        using (Message message = await receiver.ReceiveAsync())
        {
            _clock.Advance(UntilRecall);
            Assert.False(delivering.IsCompleted);
            if (accepts)
            {
                message.Accept();
                Assert.True((await delivering).IsDelivered);
            }
            else
            {
                _clock.Advance(Second - UntilRecall);
                Delivery delivery = await delivering;
                Assert.Equal((DeliveryStatus.Unknown, ErrorCode.Timeout), (delivery.Status, delivery.Cause));
                message.Accept();
            }
        }

        await GiveAsync(sender, receiver);
    }

    [Fact]
    public async Task An_item_that_waits_in_a_work_queue_returns_to_its_sender()
    {
        SkipUnless(Transport.ServesMany, "it has one peer");

        (WorkQueue queue, Sender sender) = await QueueAsync();
        Task<Delivery> delivering = sender.DeliverAsync("x"u8, Second).AsTask();
        await Until(() => queue.Count == 1, "the queue holds the item");
        _clock.Advance(UntilRecall);

        Delivery delivery = await delivering;
        Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.Timeout), (delivery.Status, delivery.Cause));
        await queue.DrainAsync();
        Assert.Equal(1, queue.TakenBack);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_unread_item_of_a_worker_is_recalled(bool byTime)
    {
        SkipUnless(Transport.ServesMany, "it has one peer");

        (WorkQueue queue, Sender sender) = await QueueAsync();
        Receiver worker = Track(await Receiver.ConnectAsync(queue.Address));
        using CancellationTokenSource enough = new();
        Task<Delivery> first = sender.DeliverAsync("first"u8).AsTask();
        Message inHand = await worker.ReceiveAsync();
        Task<Delivery> unread = sender.DeliverAsync("unread"u8, byTime ? Second : null, enough.Token).AsTask();
        await Until(() => worker.Statistics.QueueDepth == 1, "the second lies at the worker");
        if (byTime)
        {
            _clock.Advance(UntilRecall);
            Delivery delivery = await unread;
            Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.Timeout), (delivery.Status, delivery.Cause));
        }
        else
        {
            await enough.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => unread);
        }

        await Until(() => queue.TakenBack == 1 && queue.Count == 1, "the queue has it back, and ends it");
        await sender.SendAsync("third"u8);
        inHand.Accept();
        inHand.Dispose();
        Assert.True((await first).IsDelivered);
        using Message next = await worker.ReceiveAsync();
        Assert.Equal(("third", false, 0), (next.Text, next.Redelivered, next.Deliveries));
        next.Accept();
        await queue.DrainAsync();
        Assert.Equal((2L, 0L), (queue.Accepted, queue.Redeliveries));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_delivery_waits_to_its_deadline_for_an_item_that_a_worker_has_read(bool accepts)
    {
        SkipUnless(Transport.ServesMany, "it has one peer");

        (WorkQueue queue, Sender sender) = await QueueAsync();
        Receiver worker = Track(await Receiver.ConnectAsync(queue.Address));
        Task<Delivery> delivering = sender.DeliverAsync("x"u8, Second).AsTask();
        using Message message = await worker.ReceiveAsync();
        _clock.Advance(UntilRecall);
        Assert.False(delivering.IsCompleted);
        if (accepts)
        {
            message.Accept();
            Assert.True((await delivering).IsDelivered);
            await queue.DrainAsync();
            return;
        }

        _clock.Advance(Second - UntilRecall);
        Delivery delivery = await delivering;
        Assert.Equal((DeliveryStatus.Unknown, ErrorCode.Timeout), (delivery.Status, delivery.Cause));

        // It goes to no other receiver, not even after its sender has left.
        sender.Dispose();
        await Until(() => queue.Peers.Count == 1, "the sender is gone");
        message.Reject("no");
        await queue.DrainAsync();
        Assert.Equal((0L, 0L, 1L), (queue.Accepted, queue.Redeliveries, queue.TakenBack));
    }

    private static Task<Delivery> DeliverAsync(Sender sender, Calls calls, byte[] content, TimeSpan timeout) =>
        calls == Calls.Blocking
            ? OnThread(() => sender.Deliver(content, timeout))
            : sender.DeliverAsync(content.AsMemory(), timeout).AsTask();

    private static async Task GiveAsync(Sender sender, Receiver receiver)
    {
        ValueTask<Delivery> delivering = sender.DeliverAsync("alive"u8);
        using (Message message = await receiver.ReceiveAsync())
        {
            Assert.Equal("alive", message.Text);
            message.Accept();
        }

        Assert.True((await delivering).IsDelivered);
    }

    /// <summary>Only the sender uses the clock.</summary>
    private async Task<(Sender Sender, Receiver Receiver)> OpenOnClockAsync(bool senderBinds)
    {
        EndpointOptions onClock = new() { TimeProvider = _clock, Heartbeat = TimeSpan.Zero };
        if (senderBinds)
        {
            Sender bound = Track(await Sender.BindAsync(NewPlace(), onClock));
            return (bound, Track(await Receiver.ConnectAsync(OtherEnd(bound.Address))));
        }

        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        return (Track(await Sender.ConnectAsync(OtherEnd(receiver.Address), onClock)), receiver);
    }

    private async Task<(WorkQueue Queue, Sender Sender)> QueueAsync()
    {
        WorkQueue queue = Track(WorkQueue.Bind(NewPlace(), new() { Prefetch = 2 }));
        return (
            queue,
            Track(await Sender.ConnectAsync(queue.Address, new EndpointOptions { TimeProvider = _clock, Heartbeat = TimeSpan.Zero })));
    }
}
