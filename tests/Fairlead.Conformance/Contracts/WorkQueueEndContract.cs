using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>How a work queue ends: when the last sender has left, or before; then each sender learns what became of its items.</summary>
public abstract class WorkQueueEndContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Fact]
    public async Task Items_that_wait_when_the_queue_closes_are_not_delivered_with_that_reason()
    {
        WorkQueue queue = Open();
        Sender sender = await SenderAsync(queue);
        ValueTask<Delivery> delivering = sender.DeliverAsync("x"u8);
        await Until(() => queue.Count == 1, "the queue holds the item");

        Assert.True((await queue.CloseAsync(60.Seconds())).IsComplete);

        Delivery delivery = await delivering;
        Assert.Equal(
            (DeliveryStatus.NotDelivered, ErrorCode.PeerGone, "the work queue was closed before a worker accepted it"),
            (delivery.Status, delivery.Cause, delivery.Reason));
        Assert.Equal(1, queue.GivenBack);
        await Until(() => sender.Peers.Count == 0, "the sender has heard of the end");
        delivery = await sender.DeliverAsync("y"u8);
        Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.PeerGone), (delivery.Status, delivery.Cause));
    }

    [Fact]
    public async Task Acknowledged_items_that_no_worker_got_are_counted_as_lost_when_the_queue_closes()
    {
        const int Items = 100;
        WorkQueue queue = Open();
        Sender sender = await SenderAsync(queue);
        for (int i = 0; i < Items; i++)
        {
            await sender.SendAsync(new[] { (byte)i });
        }

        await Until(() => queue.Count == Items, "the queue holds the items");
        await sender.CloseAsync(60.Seconds());

        CloseReport report = await queue.CloseAsync(60.Seconds());

        Assert.False(report.IsComplete);
        Assert.Equal((Items, Items), (report.NotDelivered, queue.Statistics.Dropped));
        Assert.Equal(Items, queue.GivenBack);
    }

    [Fact]
    public async Task A_full_queue_returns_all_its_items_when_it_closes()
    {
        WorkQueue queue = Open(new() { MaxItems = 2 });
        Sender sender = await SenderAsync(queue);
        Task<Delivery>[] deliveries = [.. Enumerable.Range(0, 4).Select(_ => sender.DeliverAsync("x"u8).AsTask())];
        await Until(() => queue.Count == 2, "the queue is full");

        Assert.True((await queue.CloseAsync(60.Seconds())).IsComplete);

        Assert.All(
            await Task.WhenAll(deliveries),
            static delivery => Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.PeerGone), (delivery.Status, delivery.Cause)));
    }

    [Fact]
    public async Task An_item_that_a_worker_returns_to_a_closing_queue_is_not_delivered()
    {
        WorkQueue queue = Open();
        Sender sender = await SenderAsync(queue);
        Receiver worker = await WorkerAsync(queue);
        ValueTask<Delivery> delivering = sender.DeliverAsync("x"u8);
        Message message = await worker.ReceiveAsync();
        Task<CloseReport> closing = queue.CloseAsync(60.Seconds()).AsTask();
        message.Reject("not now");
        message.Dispose();

        Delivery delivery = await delivering;
        Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.PeerGone), (delivery.Status, delivery.Cause));
        Assert.Equal((0, 1L), (queue.Count, queue.GivenBack));
        worker.Dispose();
        Assert.True((await closing).IsComplete);
    }

    [Fact]
    public async Task An_item_of_lost_workers_that_is_not_done_again_is_in_doubt()
    {
        WorkQueue queue = Open(new() { MaxDeliveries = 2 });
        Sender sender = await SenderAsync(queue);
        ValueTask<Delivery> givenUp = sender.DeliverAsync("x"u8);
        for (int i = 0; i < 2; i++)
        {
            Receiver worker = await WorkerAsync(queue);
            await worker.ReceiveAsync();
            worker.Dispose();
        }

        Delivery delivery = await givenUp;
        Assert.Equal((DeliveryStatus.Unknown, ErrorCode.PeerGone), (delivery.Status, delivery.Cause));
        Assert.Contains("given up after 2 deliveries", delivery.Reason, StringComparison.Ordinal);

        ValueTask<Delivery> waiting = sender.DeliverAsync("y"u8);
        Receiver last = await WorkerAsync(queue);
        await last.ReceiveAsync();
        last.Dispose();
        await Until(() => queue.Redeliveries == 2, "it waits for another");
        await queue.CloseAsync(60.Seconds());
        delivery = await waiting;
        Assert.Equal((DeliveryStatus.Unknown, ErrorCode.PeerGone), (delivery.Status, delivery.Cause));
        Assert.Contains("the work queue was closed", delivery.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FinishAsync_ends_after_the_last_sender_left_and_no_peer_is_admitted_afterwards()
    {
        WorkQueue queue = Open();
        Sender first = await SenderAsync(queue);
        Sender second = await SenderAsync(queue);
        await first.SendAsync("1"u8);
        Task finishing = queue.FinishAsync();
        Assert.True((await CloseWhenReadAsync(first)).IsComplete);
        Receiver worker = await WorkerAsync(queue);
        await AcceptAsync(worker, "1");
        await queue.DrainAsync();
        await second.SendAsync("2"u8);
        Assert.False(finishing.IsCompleted);
        Assert.True((await CloseWhenReadAsync(second)).IsComplete);
        Assert.False(finishing.IsCompleted);
        await AcceptAsync(worker, "2");
        await finishing;

        FairleadException late = await Assert.ThrowsAsync<FairleadException>(async () => await Sender.ConnectAsync(queue.Address));
        // A process that is just starting has the listener open until it runs its own program: a client that connects meanwhile loses its
        // connection.
        Assert.True(late.Code is ErrorCode.NotFound or ErrorCode.PeerGone, late.Message);
        await queue.FinishAsync();
        Task<Message> next = worker.ReceiveAsync().AsTask();
        await queue.CloseAsync();
        await Assert.ThrowsAsync<FairleadException>(() => next);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => queue.FinishAsync());
    }

    [Fact]
    public async Task A_queue_that_stopped_taking_items_finishes_its_items_while_senders_are_connected()
    {
        WorkQueue queue = Open();
        Sender sender = await SenderAsync(queue);
        Task<Delivery> first = sender.DeliverAsync("1"u8).AsTask();
        await Until(() => queue.Count == 1, "the queue has the first item");
        await queue.StopTakingAsync();
        Task<Delivery> second = sender.DeliverAsync("2"u8).AsTask();
        Sender late = await SenderAsync(queue);
        Task<Delivery> third = late.DeliverAsync("3"u8).AsTask();

        Task finishing = queue.FinishAsync();
        Receiver worker = await WorkerAsync(queue);
        await AcceptAsync(worker, "1");
        await finishing.WaitAsync(60.Seconds());

        Assert.True((await first).IsDelivered);
        Assert.False(second.IsCompleted);
        Assert.False(third.IsCompleted);
        await queue.StopTakingAsync();
        Assert.True((await queue.CloseAsync(60.Seconds())).IsComplete);
        foreach (Delivery delivery in await Task.WhenAll(second, third))
        {
            Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.PeerGone), (delivery.Status, delivery.Cause));
        }

        Assert.Equal(new() { Taken = 1, Accepted = 1 }, queue.ItemStatistics);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await queue.StopTakingAsync());
    }

    [Fact]
    public async Task A_full_queue_that_stopped_taking_items_leaves_the_rest_with_its_senders()
    {
        const int Items = 100;
        WorkQueue queue = Open(new() { MaxItems = 3 });
        Sender sender = await SenderAsync(queue);
        Task<Delivery>[] deliveries = [.. Enumerable.Range(0, Items).Select(_ => sender.DeliverAsync("x"u8).AsTask())];
        await Until(() => queue.Count == 3, "the queue is full");
        Receiver worker = await WorkerAsync(queue);
        Task working = WorkAsync(worker);
        await Until(() => queue.Accepted >= 10, "some are done");

        await queue.StopTakingAsync();
        await queue.FinishAsync().WaitAsync(60.Seconds());
        await queue.CloseAsync(60.Seconds());
        await working;

        Delivery[] ends = await Task.WhenAll(deliveries);
        Assert.Equal(queue.Accepted, ends.Count(static delivery => delivery.IsDelivered));
        Assert.All(
            ends.Where(static delivery => !delivery.IsDelivered),
            static delivery => Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.PeerGone), (delivery.Status, delivery.Cause)));
        Assert.Equal(new() { Taken = queue.Accepted, Accepted = queue.Accepted }, queue.ItemStatistics);
    }

    [Fact]
    public async Task Waiting_for_the_last_sender_ends_with_its_token_or_the_queue()
    {
        WorkQueue queue = Open();
        Sender sender = await SenderAsync(queue);
        using CancellationTokenSource enough = new();
        Task impatient = queue.FinishAsync(enough.Token);
        Task patient = queue.FinishAsync();
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        Assert.False(patient.IsCompleted);
        queue.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => patient);
        await Until(() => sender.Peers.Count == 0, "the sender has heard of the end");
    }

    /// <summary>
    /// Senders come and go at any moment while the queue is finishing: each either does all of its work, or gets NotFound before it has
    /// begun.
    /// </summary>
    [Fact]
    public async Task A_sender_that_connects_while_the_queue_finishes_is_served_or_gets_NotFound()
    {
        for (int round = 0; round < TestSize.Of(8, full: 20); round++)
        {
            WorkQueue queue = Open(new() { HandshakeTimeout = Unhurried.HandshakeTimeout });
            Address place = queue.Address;
            Receiver worker = await WorkerAsync(queue);
            Task working = WorkAsync(worker);
            Sender own = await SenderAsync(queue);
            Random random = NewRandom();
            Task<int>[] senders = [.. Enumerable.Range(0, 3).Select(_ => random.Next(2_000)).Select(spins => Task.Run(async () =>
            {
                int served = 0;
                while (served < 20)
                {
                    Thread.SpinWait(spins);
                    try
                    {
                        await using Sender sender = await Sender.ConnectAsync(place, Unhurried);
                        Assert.True((await sender.DeliverAsync("x"u8)).IsDelivered);
                        served++;
                    }
                    catch (FairleadException nobody) when (nobody.Code is ErrorCode.NotFound or ErrorCode.PeerGone)
                    {
                        break;
                    }
                }

                return served;
            }))];
            Task finishing = queue.FinishAsync();
            Assert.True((await own.DeliverAsync("own"u8)).IsDelivered);
            await own.DisposeAsync();
            await finishing;
            await queue.DisposeAsync();
            int served = (await Task.WhenAll(senders)).Sum();
            Assert.Equal(served + 1, queue.Accepted);
            await working;
        }
    }

    private static async Task WorkAsync(Receiver worker)
    {
        await foreach (Message message in worker.ReceiveAllAsync())
        {
            message.Accept();
        }
    }

    private static async Task AcceptAsync(Receiver worker, string text)
    {
        using Message message = await worker.ReceiveAsync();
        Assert.Equal(text, message.Text);
        message.Accept();
    }

    private static ValueTask<CloseReport> CloseWhenReadAsync(Sender sender) => sender.CloseAsync(60.Seconds());

    private WorkQueue Open(WorkQueueOptions? options = null) => Track(WorkQueue.Bind(NewPlace(), options));

    private async Task<Sender> SenderAsync(WorkQueue queue) => Track(await Sender.ConnectAsync(queue.Address));

    private async Task<Receiver> WorkerAsync(WorkQueue queue) => Track(await Receiver.ConnectAsync(queue.Address));
}
