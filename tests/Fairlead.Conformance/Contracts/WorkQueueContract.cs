using System.Collections.Concurrent;
using System.Text;

namespace Fairlead.Conformance.Contracts;

/// <summary>A work queue hands each message to one of many, at least once.</summary>
public abstract class WorkQueueContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Fact]
    public async Task Each_item_is_sent_to_one_worker()
    {
        const int Items = 2000;
        WorkQueue queue = Open();
        ConcurrentDictionary<int, int> seen = new();
        Task[] workers = [.. Enumerable.Range(0, 3).Select(_ => WorkAsync(queue, message =>
        {
            Assert.False(message.Redelivered);
            seen.AddOrUpdate(int.Parse(message.Text, System.Globalization.CultureInfo.InvariantCulture), 1, (_, count) => count + 1);
        }))];

        await Task.WhenAll(Enumerable.Range(0, 2).Select(async half =>
        {
            Sender sender = await SenderAsync(queue);
            for (int i = half; i < Items; i += 2)
            {
                await sender.SendAsync(Encoding.UTF8.GetBytes($"{i}"));
            }

            Assert.True((await sender.CloseAsync(TimeSpan.FromMinutes(1))).IsComplete);
        }));
        await queue.DrainAsync();

        Assert.Equal(Items, queue.Accepted);
        Assert.Equal(Enumerable.Range(0, Items), seen.Keys.Order());
        Assert.All(seen.Values, count => Assert.Equal(1, count));
        queue.Dispose();
        await Task.WhenAll(workers);
    }

    [Fact]
    public async Task The_receipt_of_an_item_is_the_workers_receipt()
    {
        WorkQueue queue = Open();
        Sender sender = await SenderAsync(queue);
        ValueTask<Delivery> delivering = sender.DeliverAsync("x"u8);
        await Until(() => queue.Count == 1, "the queue holds the item");
        Assert.False(delivering.IsCompleted);

        Receiver worker = await WorkerAsync(queue);
        using (Message message = await worker.ReceiveAsync())
        {
            Assert.False(delivering.IsCompleted);
            message.Accept();
        }

        Assert.True((await delivering).IsDelivered);
        await queue.DrainAsync();
    }

    [Fact]
    public async Task A_returned_item_is_sent_again_with_its_mark_before_later_items()
    {
        WorkQueue queue = Open(new() { Prefetch = 1 });
        Sender sender = await SenderAsync(queue);
        await sender.SendAsync("first"u8);
        await sender.SendAsync("second"u8);
        Receiver worker = await WorkerAsync(queue);

        using (Message message = await worker.ReceiveAsync())
        {
            Assert.Equal(("first", false, 0), (message.Text, message.Redelivered, message.Deliveries));
        }

        using (Message message = await worker.ReceiveAsync())
        {
            Assert.Equal(("first", true, 1), (message.Text, message.Redelivered, message.Deliveries));
            message.Accept();
        }

        using (Message message = await worker.ReceiveAsync())
        {
            Assert.Equal(("second", false, 0), (message.Text, message.Redelivered, message.Deliveries));
            message.Accept();
        }
    }

    [Fact]
    public async Task Items_of_a_worker_that_disconnected_are_sent_to_another()
    {
        WorkQueue queue = Open(new() { Prefetch = 3 });
        Sender sender = await SenderAsync(queue);
        Task<Delivery>[] deliveries = [.. Enumerable.Range(0, 3).Select(i => sender.DeliverAsync(Encoding.UTF8.GetBytes($"{i}")).AsTask())];
        Receiver leaving = await WorkerAsync(queue);
        Message inHand = await leaving.ReceiveAsync();
        Assert.Equal("0", inHand.Text);
        leaving.Dispose();

        Receiver worker = await WorkerAsync(queue);
        ConcurrentDictionary<string, bool> marked = new();
        for (int i = 0; i < 3; i++)
        {
            using Message message = await worker.ReceiveAsync();
            Assert.True(marked.TryAdd(message.Text, message.Redelivered));
            message.Accept();
        }

        Assert.All(await Task.WhenAll(deliveries), delivery => Assert.True(delivery.IsDelivered));
        Assert.True(marked["0"]);
        Assert.False(marked["2"]);
    }

    [Fact]
    public async Task An_item_that_no_worker_accepts_is_given_up_and_reported()
    {
        List<DeadLetter> dead = [];
        WorkQueue queue = Open(new()
        {
            MaxDeliveries = 3,
            DeadLetter = letter =>
            {
                dead.Add(letter with { Payload = letter.Payload.ToArray() });
                return default;
            },
        });
        Sender sender = await SenderAsync(queue);
        ValueTask<Delivery> delivering = sender.DeliverAsync("poison"u8);
        Receiver worker = await WorkerAsync(queue);
        for (int i = 0; i < 3; i++)
        {
            using Message message = await worker.ReceiveAsync();
            Assert.Equal(i, message.Deliveries);
            message.Reject("it tastes odd");
        }

        Delivery delivery = await delivering;
        Assert.Equal(DeliveryStatus.NotDelivered, delivery.Status);
        Assert.Contains("3 deliveries", delivery.Reason, StringComparison.Ordinal);
        DeadLetter letter = Assert.Single(dead);
        Assert.Equal(("poison", 3, "it tastes odd"), (Encoding.UTF8.GetString(letter.Payload.Span), letter.Deliveries, letter.Reason));
        Assert.Equal(1, queue.GivenUp);
    }

    [Fact]
    public async Task A_worker_has_no_more_than_the_prefetch()
    {
        WorkQueue queue = Open(new() { Prefetch = 4 });
        Sender sender = await SenderAsync(queue);
        Receiver slow = await WorkerAsync(queue);
        using Message held = await StartHoldingAsync(sender, slow);
        for (int i = 1; i < 20; i++)
        {
            await sender.SendAsync(Encoding.UTF8.GetBytes($"{i}"));
        }

        // Another worker gets all but the slow one's four.
        Receiver quick = await WorkerAsync(queue);
        for (int i = 0; i < 16; i++)
        {
            using Message message = await quick.ReceiveAsync();
            message.Accept();
        }

        await Until(() => queue.Count == 4, "the quick one's receipts have come, and the rest is the slow one's");
        Assert.False(quick.TryReceive(out _));
    }

    [Fact]
    public async Task A_full_queue_makes_its_senders_wait()
    {
        WorkQueue queue = Open(new() { MaxItems = 10, MaxUnreadMessages = 5 });
        Sender sender = await SenderAsync(queue);
        int sent = 0;
        await Until(
            () =>
            {
                while (sender.TrySend("x"u8) == SendResult.Sent)
                {
                    sent++;
                }

                // Ten in the queue, five in transit: no more can be sent.
                Assert.InRange(sent, 0, 15);
                return sent == 15;
            },
            "queue and window are full");
        Assert.Equal(10, queue.Count);
        Task worker = WorkAsync(queue, _ => { });
        await sender.SendAsync("y"u8);
        await queue.DrainAsync();
        queue.Dispose();
        await worker;
    }

    [Fact]
    public async Task Items_that_wait_when_the_queue_closes_return_to_their_senders()
    {
        WorkQueue queue = Open();
        Sender sender = await SenderAsync(queue);
        ValueTask<Delivery> delivering = sender.DeliverAsync("x"u8);
        await Until(() => queue.Count == 1, "the queue holds the item");

        await queue.DisposeAsync();

        Delivery delivery = await delivering;
        Assert.Equal(DeliveryStatus.NotDelivered, delivery.Status);
    }

    [Fact]
    public async Task An_item_that_its_sender_cancels_before_a_worker_has_it_is_not_done()
    {
        WorkQueue queue = Open();
        Sender sender = await SenderAsync(queue);
        using CancellationTokenSource enough = new();
        Task<Delivery>[] deliveries = [.. Enumerable.Range(0, 3).Select(
            _ => sender.DeliverAsync("x"u8, cancellationToken: enough.Token).AsTask())];
        ValueTask<Delivery> late = sender.DeliverAsync("y"u8, TimeSpan.FromMilliseconds(1));
        await Until(() => queue.Count >= 3, "the queue holds the items");
        await enough.CancelAsync();
        Assert.All(
            await Task.WhenAll(deliveries.Select(async one => await Record.ExceptionAsync(() => one))),
            static exception => Assert.IsAssignableFrom<OperationCanceledException>(exception));
        Assert.False((await late).IsDelivered);
        await queue.DrainAsync();

        await sender.SendAsync("z"u8);
        Receiver worker = await WorkerAsync(queue);
        using Message message = await worker.ReceiveAsync();
        Assert.Equal("z", message.Text);
        message.Accept();
    }

    [Fact]
    public async Task An_item_that_its_sender_cancels_at_a_worker_is_sent_to_no_other()
    {
        WorkQueue queue = Open(new() { Prefetch = 1 });
        Sender sender = await SenderAsync(queue);
        using CancellationTokenSource enough = new();
        ValueTask<Delivery> delivering = sender.DeliverAsync("x"u8, cancellationToken: enough.Token);
        Receiver worker = await WorkerAsync(queue);
        Message inHand = await worker.ReceiveAsync();
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await delivering);

        // Sent behind the cancellation.
        await sender.SendAsync("y"u8);
        await Until(() => queue.Count == 2, "the queue holds the next item");
        inHand.Reject("no");
        inHand.Dispose();

        using Message message = await worker.ReceiveAsync();
        Assert.Equal(("y", false), (message.Text, message.Redelivered));
        message.Accept();
        await queue.DrainAsync();
        Assert.Equal((1L, 0L, 1L), (queue.Accepted, queue.Redeliveries, queue.TakenBack));
    }

    [Fact]
    public async Task Items_of_a_sender_that_disconnected_are_still_done()
    {
        WorkQueue queue = Open();
        Sender sender = await SenderAsync(queue);
        Task<Delivery> delivering = sender.DeliverAsync("x"u8).AsTask();
        await Until(() => queue.Count == 1, "the queue holds the item");
        sender.Dispose();
        await Record.ExceptionAsync(() => delivering);
        await Until(() => queue.Peers.Count == 0, "the sender is gone");

        Receiver worker = await WorkerAsync(queue);
        using Message message = await worker.ReceiveAsync();
        Assert.Equal("x", message.Text);
        message.Accept();
        await queue.DrainAsync();
    }

    private static async Task<Message> StartHoldingAsync(Sender sender, Receiver worker)
    {
        await sender.SendAsync("0"u8);
        return await worker.ReceiveAsync();
    }

    private WorkQueue Open(WorkQueueOptions? options = null) => Track(WorkQueue.Bind(NewPlace(), options));

    private async Task<Sender> SenderAsync(WorkQueue queue) => Track(await Sender.ConnectAsync(queue.Address));

    private async Task<Receiver> WorkerAsync(WorkQueue queue) => Track(await Receiver.ConnectAsync(queue.Address));

    /// <summary>Works until the queue closes.</summary>
    private async Task WorkAsync(WorkQueue queue, Action<Message> work)
    {
        Receiver worker = await WorkerAsync(queue);
        await foreach (Message message in worker.ReceiveAllAsync())
        {
            work(message);
        }
    }
}
