using Fairlead.Conformance;
using Fairlead.Tests.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Patterns;

/// <summary>Items that a worker has too long, and items that failed and wait for their next try.</summary>
public sealed class TakeOverTests(ITestOutputHelper output) : WatchedTest(output)
{
    private static readonly TimeSpan Patience = 30.Seconds();

    private readonly ManualClock _clock = new();
    private readonly List<LateAcceptance> _late = [];

    [Fact]
    public async Task An_item_that_a_worker_has_too_long_is_done_by_another_and_counted_once()
    {
        Scene scene = await StuckAsync(new() { TakeOverAfter = Patience });
        WorkQueue queue = scene.Queue;
        Receiver other = Track(await Receiver.ConnectAsync(queue.Address));
        Task<Message> receiving = other.ReceiveAsync().AsTask();

        Advance(queue, Patience - 1.Seconds());
        Assert.Equal(0, queue.TakenOver);
        Advance(queue, 1.Seconds());
        using (Message again = await receiving)
        {
            Assert.Equal("an item", again.Text);
            Assert.True(again.Redelivered);
            again.Accept();
        }

        Assert.True((await scene.Delivering).IsDelivered);
        scene.Late.Accept();
        await Until(() => queue.LateAcceptances == 1, "the late acceptance is told");
        Assert.Equal((1L, 1L, 1L, 0), (queue.Accepted, queue.TakenOver, queue.Redeliveries, queue.Count));
        LateAcceptance told = Assert.Single(_late);
        Assert.False(told.IsCounted);
        Assert.Equal(Patience, told.After);
        Assert.Equal(Environment.ProcessId, told.Worker.ProcessId);
    }

    [Fact]
    public async Task A_late_acceptance_counts_if_no_other_worker_was_faster()
    {
        Scene scene = await StuckAsync(new() { TakeOverAfter = Patience });
        WorkQueue queue = scene.Queue;
        Receiver other = Track(await Receiver.ConnectAsync(queue.Address));
        Advance(queue, Patience);
        using Message unread = await other.ReceiveAsync();

        scene.Late.Accept();
        Assert.True((await scene.Delivering).IsDelivered);
        await Until(() => queue.LateAcceptances == 1, "it is told");
        Assert.True(_late[0].IsCounted);

        // The other worker does it, too, and learns nothing: its acceptance is the late one now.
        unread.Accept();
        await Until(() => queue.LateAcceptances == 2, "the second is told");
        Assert.False(_late[1].IsCounted);
        Assert.Equal((1L, 1L, 0), (queue.Accepted, queue.TakenOver, queue.Count));
    }

    [Fact]
    public async Task Unread_items_of_a_slow_worker_are_recalled()
    {
        (WorkQueue queue, Sender sender) = await QueueAsync(new() { TakeOverAfter = Patience, Prefetch = 3 });
        Receiver slow = Track(await Receiver.ConnectAsync(queue.Address));
        Task<Delivery>[] delivering = [.. Enumerable.Range(0, 3).Select(i => sender.DeliverAsync($"{i}").AsTask())];
        Message first = await slow.ReceiveAsync();
        await Until(() => slow.Statistics.QueueDepth == 2, "two lie unread");
        Advance(queue, Patience);
        await Until(() => slow.Statistics.QueueDepth == 0, "they are called back");

        Receiver other = Track(await Receiver.ConnectAsync(queue.Address));
        for (int i = 0; i < 3; i++)
        {
            using Message item = await other.ReceiveAsync();
            Assert.Equal($"{i}", item.Text);
            item.Accept();
        }

        Assert.All(await Task.WhenAll(delivering), static delivery => Assert.True(delivery.IsDelivered));
        first.Accept();
        await Until(() => queue.LateAcceptances == 1, "the first was done twice");
        Assert.Equal(3, queue.Accepted);
    }

    [Fact]
    public async Task An_item_that_every_worker_has_too_long_is_given_up_in_doubt()
    {
        Scene scene = await StuckAsync(new() { TakeOverAfter = Patience, MaxDeliveries = 1 });
        WorkQueue queue = scene.Queue;
        Advance(queue, Patience);

        Delivery delivery = await scene.Delivering;
        Assert.Equal(DeliveryStatus.Unknown, delivery.Status);
        Assert.Contains("a worker has had it for 30 s without accepting it", delivery.Reason, StringComparison.Ordinal);
        scene.Late.Accept();
        await Until(() => queue.LateAcceptances == 1, "it is told");
        Assert.False(_late[0].IsCounted);
        Assert.Equal((0L, 1L), (queue.Accepted, queue.GivenUp));
    }

    [Fact]
    public async Task A_worker_that_returns_an_item_late_has_not_done_it()
    {
        Scene scene = await StuckAsync(new() { TakeOverAfter = Patience, MaxDeliveries = 2, Prefetch = 1 });
        WorkQueue queue = scene.Queue;
        Receiver other = Track(await Receiver.ConnectAsync(queue.Address));
        Advance(queue, Patience);
        Message again = await other.ReceiveAsync();
        scene.Late.Reject("too hard");

        // Only the first worker has a place for a later item, and only when its rejection has arrived.
        Task<Delivery> second = scene.Sender.DeliverAsync("another").AsTask();
        using (Message next = await scene.Stuck.ReceiveAsync())
        {
            next.Accept();
        }

        Assert.True((await second).IsDelivered);
        again.Reject("for me, too");
        Assert.Equal(DeliveryStatus.NotDelivered, (await scene.Delivering).Status);
    }

    [Fact]
    public async Task An_item_that_was_returned_waits_and_later_items_do_not()
    {
        (WorkQueue queue, Sender sender) = await QueueAsync(new() { RetryDelay = 10.Seconds(), MaxRetryDelay = 15.Seconds() });
        Receiver worker = Track(await Receiver.ConnectAsync(queue.Address));
        Task<Delivery> delivering = sender.DeliverAsync("hard").AsTask();
        using (Message item = await worker.ReceiveAsync())
        {
            item.Reject("not yet");
        }

        Assert.True(await DoneAsync("easy"));
        Assert.Equal((1, 1L), (queue.Count, queue.Redeliveries));
        Task<Message> receiving = worker.ReceiveAsync().AsTask();
        Advance(queue, 4900.Milliseconds());
        Assert.Equal(1, queue.Count);
        Assert.False(receiving.IsCompleted);
        Advance(queue, 5100.Milliseconds());
        using (Message again = await receiving)
        {
            Assert.Equal(("hard", 1), (again.Text, again.Deliveries));
            again.Reject("not yet");
        }

        // Twice as long, but at most 15 s, and at least a half of it.
        await Until(() => queue.Redeliveries == 2, "it is returned");
        receiving = worker.ReceiveAsync().AsTask();
        Advance(queue, 7400.Milliseconds());
        Assert.False(receiving.IsCompleted);
        Advance(queue, 7600.Milliseconds());
        using (Message last = await receiving)
        {
            last.Accept();
        }

        Assert.True((await delivering).IsDelivered);

        async Task<bool> DoneAsync(string text)
        {
            Task<Delivery> done = sender.DeliverAsync(text).AsTask();
            using Message item = await worker.ReceiveAsync();
            Assert.Equal(text, item.Text);
            item.Accept();
            return (await done).IsDelivered;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_item_that_waits_for_a_retry_returns_to_its_sender(bool isCancelled)
    {
        (WorkQueue queue, Sender sender) = await QueueAsync(new() { RetryDelay = 10.Seconds() });
        Receiver worker = Track(await Receiver.ConnectAsync(queue.Address));
        using CancellationTokenSource cancelling = new();
        Task<Delivery> delivering = sender.DeliverAsync("hard"u8.ToArray(), cancellationToken: cancelling.Token).AsTask();
        using (Message item = await worker.ReceiveAsync())
        {
            item.Reject("not yet");
        }

        await Until(() => queue.Redeliveries == 1, "it is returned");
        if (isCancelled)
        {
            await cancelling.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => delivering);
            await queue.DrainAsync().WaitAsync(60.Seconds());
            Assert.Equal(1, queue.TakenBack);
        }
        else
        {
            await queue.CloseAsync();
            Delivery delivery = await delivering;
            Assert.Equal(DeliveryStatus.NotDelivered, delivery.Status);
            Assert.Equal(1, queue.GivenBack);
        }
    }

    /// <summary>With the clock of the machine, and a process that is really stopped.</summary>
    [Fact]
    public async Task A_stopped_process_keeps_no_item()
    {
        WorkQueue queue = Track(WorkQueue.Bind(NewPlace(), new() { TakeOverAfter = 200.Milliseconds() }));
        PeerProcess stopped = Track(PeerProcess.Start("receiver", "connect", queue.Address.ToString()));
        await stopped.AnswerAsync();
        await Until(() => queue.Peers.Count == 1, "it is there");
        await stopped.StopAsync();
        Sender sender = Track(await Sender.ConnectAsync(queue.Address));
        Task<Delivery>[] delivering = [.. Enumerable.Range(0, 5).Select(i => sender.DeliverAsync($"{i}").AsTask())];
        Receiver other = Track(await Receiver.ConnectAsync(queue.Address));
        for (int i = 0; i < 5; i++)
        {
            using Message item = await other.ReceiveAsync();
            item.Accept();
        }

        Assert.All(await Task.WhenAll(delivering), static delivery => Assert.True(delivery.IsDelivered));
        stopped.Continue();
        await queue.DrainAsync().WaitAsync(60.Seconds());
        Assert.Equal(5, queue.Accepted);
    }

    [Fact]
    public void Times_that_make_no_sense_are_refused()
    {
        WorkQueueOptions[] wrong =
        [
            new() { TakeOverAfter = TimeSpan.Zero },
            new() { TakeOverAfter = TimeSpan.FromDays(25) },
            new() { RetryDelay = (-1).Seconds() },
            new() { RetryDelay = TimeSpan.FromMinutes(2) },
            new() { MaxRetryDelay = TimeSpan.FromDays(25) },
        ];
        Assert.All(wrong, options => Assert.Throws<ArgumentOutOfRangeException>(() => WorkQueue.Bind(NewPlace(), options)));
    }

    // The count is read under the gate of the queue, in which items are handed out: what a worker has is known to the queue then.
    private void Advance(WorkQueue queue, TimeSpan time)
    {
        _ = queue.Count;
        _clock.Advance(time);
    }

    private static Address NewPlace() => $"unix://work-{Guid.NewGuid():N}";

    /// <summary>A worker has an item and does not answer.</summary>
    private async Task<Scene> StuckAsync(WorkQueueOptions options)
    {
        (WorkQueue queue, Sender sender) = await QueueAsync(options);
        Receiver stuck = Track(await Receiver.ConnectAsync(queue.Address));
        Task<Delivery> delivering = sender.DeliverAsync("an item").AsTask();
        return new Scene(queue, sender, stuck, delivering, await stuck.ReceiveAsync());
    }

    private async Task<(WorkQueue Queue, Sender Sender)> QueueAsync(WorkQueueOptions options)
    {
        options = options with { TimeProvider = _clock, LateAcceptance = _late.Add };
        WorkQueue queue = Track(WorkQueue.Bind(NewPlace(), options));
        return (queue, Track(await Sender.ConnectAsync(queue.Address)));
    }

    private sealed record Scene(WorkQueue Queue, Sender Sender, Receiver Stuck, Task<Delivery> Delivering, Message Late);
}
