using System.Text;
using Fairlead.Conformance;
using Fairlead.Diagnostics;
using Fairlead.Patterns.Working;
using Fairlead.Tests.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Patterns;

/// <summary>Items with a priority or for later, and the list of all items: what can be seen there, dropped and tried again.</summary>
public sealed class WorkItemTests(ITestOutputHelper output) : WatchedTest(output)
{
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task Workers_get_items_by_priority_and_each_priority_in_its_order()
    {
        (WorkQueue queue, Sender sender) = await QueueAsync(new() { Prefetch = 1 });
        foreach ((string text, byte priority) in new (string, byte)[] { ("a", 0), ("b", 255), ("c", 7), ("d", 0), ("e", 7), ("f", 255) })
        {
            await SendAsync(sender, text, new() { Priority = priority });
        }

        await Until(() => queue.Count == 6, "all are in the queue");
        Assert.Equal("bfcead", string.Concat(queue.List().Select(TextOf)));

        Receiver worker = Track(await Receiver.ConnectAsync(queue.Address));
        Assert.Equal("b", await DoAsync(worker));
        Assert.Equal("f", await DoAsync(worker));
        using (Message returned = await worker.ReceiveAsync())
        {
            Assert.Equal("c", returned.Text);
        }

        await SendAsync(sender, "g", new() { Priority = 8 });
        string rest = "";
        for (int i = 0; i < 5; i++)
        {
            rest += await DoAsync(worker);
        }

        // What came back goes before all of its priority. One with a higher priority may have come in time, or not.
        Assert.Equal("cead", rest.Replace("g", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_item_for_later_waits_until_its_time_and_others_do_not()
    {
        (WorkQueue queue, Sender sender) = await QueueAsync();
        Receiver worker = Track(await Receiver.ConnectAsync(queue.Address));
        Task<Delivery> later = sender.DeliverAsync("later"u8, In(TimeSpan.FromHours(1))).AsTask();
        Task<Delivery> never = sender.DeliverAsync("never"u8, new WorkItemOptions { NotBefore = DateTimeOffset.MaxValue }).AsTask();
        await SendAsync(sender, "now", new() { NotBefore = _clock.GetUtcNow() - TimeSpan.FromHours(1) });
        await SendAsync(sender, "long ago", new() { NotBefore = DateTimeOffset.MinValue });

        Assert.Equal("now", await DoAsync(worker));
        Assert.Equal("long ago", await DoAsync(worker));
        await Until(() => queue.Count == 2, "both have ended");
        WorkQueueItem[] delayed = [.. queue.List()];
        Assert.Equal(["later", "never"], delayed.Select(TextOf));
        Assert.All(delayed, static item => Assert.Equal(WorkItemState.Delayed, item.State));
        Assert.InRange(delayed[0].Due!.Value - _clock.GetUtcNow(), TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(61));

        Task<Message> receiving = worker.ReceiveAsync().AsTask();
        Advance(queue, TimeSpan.FromMinutes(50));
        Assert.False(receiving.IsCompleted);

        // The time is rounded up to a millisecond.
        Advance(queue, TimeSpan.FromMinutes(11));
        using (Message item = await receiving)
        {
            Assert.Equal(("later", 0, false), (item.Text, item.Deliveries, item.Redelivered));
            item.Accept();
        }

        Assert.True((await later).IsDelivered);

        // Beyond what a timer can be set to.
        Advance(queue, TimeSpan.FromDays(1000));
        Assert.False(never.IsCompleted);
        await queue.CloseAsync();
        Assert.Equal(DeliveryStatus.NotDelivered, (await never).Status);
    }

    [Fact]
    public async Task Only_a_work_queue_accepts_options_for_items()
    {
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        Sender sender = Track(await Sender.ConnectAsync(receiver.Address));
        FairleadException refused = Assert.Throws<FairleadException>(() => sender.Send("x"u8, new WorkItemOptions { Priority = 1 }));
        Assert.Equal(ErrorCode.NotSupported, refused.Code);
        Assert.Equal(ErrorCode.NotSupported, Assert.Throws<FairleadException>(() => sender.Deliver("x"u8, new WorkItemOptions())).Code);
    }

    [Fact]
    public async Task List_reports_the_state_of_each_item()
    {
        (WorkQueue queue, Sender sender) = await QueueAsync(new() { MaxDeliveries = 1, KeepGivenUp = 10, Prefetch = 1 });
        Receiver worker = Track(await Receiver.ConnectAsync(queue.Address));
        await SendAsync(sender, "bad", default);
        using (Message bad = await worker.ReceiveAsync())
        {
            bad.Reject("it is bad");
        }

        await Until(() => queue.GivenUp == 1, "it is given up");
        await SendAsync(sender, "at the worker", default);
        using Message item = await worker.ReceiveAsync();
        await SendAsync(sender, "waiting", new() { Priority = 3 });
        Task<Delivery> later = sender.DeliverAsync(new byte[1000], In(TimeSpan.FromHours(1))).AsTask();
        await Until(() => queue.Count == 3, "all are in the queue");

        IReadOnlyList<WorkQueueItem> items = queue.List();
        Assert.Equal(
            [WorkItemState.Waiting, WorkItemState.Delayed, WorkItemState.AtWorker, WorkItemState.GivenUp],
            items.Select(static one => one.State));
        Assert.Equal(("waiting", 3, 0, false), (TextOf(items[0]), items[0].Priority, items[0].Deliveries, items[0].WantsReceipt));
        Assert.Equal((1000, 256, true), (items[1].Length, items[1].Beginning.Length, items[1].WantsReceipt));
        Assert.Equal(Environment.ProcessId, items[2].Worker!.ProcessId);
        Assert.Equal(Environment.ProcessId, items[2].Sender!.ProcessId);
        Assert.Equal(("bad", "given up after 1 deliveries: it is bad", 1), (TextOf(items[3]), items[3].Reason, items[3].Deliveries));
        Assert.Equal(4, items.Select(static one => one.Number).Distinct().Count());
        Assert.Equal(items[0], Assert.Single(queue.List(1)) with { Beginning = items[0].Beginning });
        Assert.Empty(queue.List(0));
        item.Accept();
        Assert.Equal("waiting", await DoAsync(worker));
        await queue.CloseAsync();
        Assert.Empty(queue.List());
        Assert.False((await later).IsDelivered);
    }

    [Fact]
    public async Task Dropped_items_are_not_delivered_in_any_state()
    {
        (WorkQueue queue, Sender sender) = await QueueAsync(new() { MaxDeliveries = 1, KeepGivenUp = 10, Prefetch = 2, MaxItems = 4 });
        Receiver worker = Track(await Receiver.ConnectAsync(queue.Address));
        await SendAsync(sender, "bad", default);
        using (Message bad = await worker.ReceiveAsync())
        {
            bad.Reject("it is bad");
        }

        await Until(() => queue.List().Any(static item => item.State == WorkItemState.GivenUp), "it is given up");
        Task<Delivery>[] delivering =
        [
            sender.DeliverAsync("read").AsTask(),
            sender.DeliverAsync("unread").AsTask(),
            sender.DeliverAsync("waits").AsTask(),
            sender.DeliverAsync("delayed"u8, In(TimeSpan.FromHours(1))).AsTask(),
            sender.DeliverAsync("behind them").AsTask(),
        ];
        Message read = await worker.ReceiveAsync();
        await Until(() => queue.Count == 4 && worker.Statistics.QueueDepth == 1, "the queue is full");

        long[] numbers = [.. queue.List().Select(static item => item.Number)];
        Assert.Equal(5, queue.Drop(numbers));
        foreach (Task<Delivery> dropped in delivering[1..4])
        {
            Delivery delivery = await dropped;
            Assert.Equal(
                (DeliveryStatus.NotDelivered, "it was dropped from the work queue"), (delivery.Status, delivery.Reason));
        }

        // What a worker has read counts if it is accepted after all.
        read.Accept();
        Assert.True((await delivering[0]).IsDelivered);
        Assert.Equal("behind them", await DoAsync(worker));
        await queue.DrainAsync().WaitAsync(60.Seconds());
        Assert.Empty(queue.List());
        Assert.Equal(0, queue.Drop(numbers));
        Assert.Equal((2L, 1L, 1L), (queue.Accepted, queue.GivenUp, queue.Statistics.Dropped));
    }

    [Fact]
    public async Task The_statistics_count_the_outcome_of_every_item()
    {
        (WorkQueue queue, Sender sender) = await QueueAsync(new() { MaxDeliveries = 1, KeepGivenUp = 10 });
        Receiver worker = Track(await Receiver.ConnectAsync(queue.Address));
        await SendAsync(sender, "bad", default);
        for (int i = 0; i < 2; i++)
        {
            using (Message bad = await worker.ReceiveAsync())
            {
                bad.Reject("it is bad");
            }

            await Until(() => queue.List(state: WorkItemState.GivenUp).Count == 1, "it is given up");
            Assert.Equal(1, queue.Retry(queue.List()[0].Number));
        }

        Assert.Equal("bad", await DoAsync(worker));
        await queue.DrainAsync();
        Task<Delivery> dropped = sender.DeliverAsync("dropped"u8, In(TimeSpan.FromHours(1))).AsTask();
        await Until(() => queue.List().Count == 1, "it waits");
        Assert.Equal(1, queue.Drop(queue.List()[0].Number));
        Assert.False((await dropped).IsDelivered);
        using CancellationTokenSource giving = new();
        Task<Delivery> takenBack = sender.DeliverAsync("taken back"u8, In(TimeSpan.FromHours(1)), cancellationToken: giving.Token).AsTask();
        await Until(() => queue.Count == 1, "it waits");
        await giving.CancelAsync();
        await Until(() => queue.TakenBack == 1, "its sender has given up");
        await SendAsync(sender, "lost", In(TimeSpan.FromHours(1)));
        await Until(() => queue.ItemStatistics.Taken == 4, "the last one is in the queue");
        Assert.Equal(1, queue.ItemStatistics.Held);

        await queue.CloseAsync();
        Assert.Equal(
            new() { Taken = 4, TriedAgain = 2, Accepted = 1, GivenUp = 2, Dropped = 1, TakenBack = 1, GivenBack = 1 },
            queue.ItemStatistics);
    }

    [Fact]
    public async Task A_dropped_item_that_its_worker_returns_is_not_handed_out_again()
    {
        (WorkQueue queue, Sender sender) = await QueueAsync();
        Receiver worker = Track(await Receiver.ConnectAsync(queue.Address));
        Task<Delivery> delivering = sender.DeliverAsync("an item").AsTask();
        using (Message item = await worker.ReceiveAsync())
        {
            Assert.Equal(1, queue.Drop(Assert.Single(queue.List()).Number));
        }

        Assert.Equal(DeliveryStatus.NotDelivered, (await delivering).Status);
        await queue.DrainAsync().WaitAsync(60.Seconds());
        Assert.Equal(0, queue.Redeliveries);
    }

    [Fact]
    public async Task A_given_up_item_is_retried_as_if_it_were_new()
    {
        (WorkQueue queue, Sender sender) = await QueueAsync(new() { MaxDeliveries = 2, KeepGivenUp = 2 });
        Receiver worker = Track(await Receiver.ConnectAsync(queue.Address));
        for (int i = 0; i < 3; i++)
        {
            await SendAsync(sender, $"item {i}", new() { Priority = 9 });
            for (int j = 0; j < 2; j++)
            {
                using Message item = await worker.ReceiveAsync();
                item.Reject("not now");
            }
        }

        await queue.DrainAsync().WaitAsync(60.Seconds());
        await Until(() => queue.GivenUp == 3, "all are given up");

        // There is place for two: the oldest was dropped.
        WorkQueueItem[] kept = [.. queue.List()];
        Assert.Equal(["item 1", "item 2"], kept.Select(TextOf));
        Assert.Equal(1, queue.Statistics.Dropped);
        Assert.Equal(1, queue.Retry(kept[1].Number));
        using (Message again = await worker.ReceiveAsync())
        {
            Assert.Equal(("item 2", 0, true), (again.Text, again.Deliveries, again.Redelivered));
            again.Accept();
        }

        await queue.DrainAsync().WaitAsync(60.Seconds());
        Assert.Equal(0, queue.Retry(kept[1].Number));
        Assert.Equal(["item 1"], queue.List().Select(TextOf));

        // The sender may go, and the queue ends, although it still has what it has given up.
        Task finishing = queue.FinishAsync();
        await sender.CloseAsync();
        await finishing.WaitAsync(60.Seconds());
        await queue.CloseAsync();
        Assert.Equal((1L, 3L, 2L), (queue.Accepted, queue.GivenUp, queue.Statistics.Dropped));
    }

    [Fact]
    public async Task Retry_hands_out_a_delayed_item_now_and_an_item_of_a_worker_to_another()
    {
        (WorkQueue queue, Sender sender) = await QueueAsync(new() { Prefetch = 1 });
        Receiver stuck = Track(await Receiver.ConnectAsync(queue.Address));
        await SendAsync(sender, "at a worker", default);
        Message first = await stuck.ReceiveAsync();
        await SendAsync(sender, "later", In(TimeSpan.FromDays(1)));
        await Until(() => queue.Count == 2, "both are in the queue");
        Receiver other = Track(await Receiver.ConnectAsync(queue.Address));

        Assert.Equal(2, queue.Retry([.. queue.List().Select(static item => item.Number)]));
        string[] done = [await DoAsync(other), await DoAsync(other)];
        Assert.Equal(["at a worker", "later"], done.Order());
        first.Accept();
        await Until(() => queue.LateAcceptances == 1, "the first one is late");
        Assert.Equal((2L, 1L, 0), (queue.Accepted, queue.TakenOver, queue.Count));
    }

    [Fact]
    public async Task Another_program_lists_drops_and_retries_items()
    {
        (WorkQueue queue, Sender sender) = await QueueAsync(
            new() { MaxDeliveries = 1, KeepGivenUp = 5, AllowControl = true, MaxItems = 2 });
        Receiver worker = Track(await Receiver.ConnectAsync(queue.Address));
        await SendAsync(sender, "bad ☃", new() { Priority = 4 });
        using (Message bad = await worker.ReceiveAsync())
        {
            bad.Reject("it is bad");
        }

        await Until(() => queue.List().Any(static item => item.State == WorkItemState.GivenUp), "it is given up");
        await worker.CloseAsync();
        for (int i = 0; i < 2; i++)
        {
            await SendAsync(sender, $"{i}", In(TimeSpan.FromDays(1)));
        }

        // A full queue can be looked into.
        await Until(() => queue.Count == 2, "it is full");
        await using WorkQueueControl control = await WorkQueueControl.ConnectAsync(queue.Address);
        IReadOnlyList<WorkQueueItem> there = await control.ListAsync();
        IReadOnlyList<WorkQueueItem> here = queue.List();
        Assert.Equal(here.Select(static item => (item.Number, item.State, TextOf(item), item.Reason, item.Priority)),
            there.Select(static item => (item.Number, item.State, TextOf(item), item.Reason, item.Priority)));
        Assert.Equal(here[0].Sender!.ProcessId, there[0].Sender!.ProcessId);
        Assert.InRange(there[0].Due!.Value, here[0].Due!.Value - 10.Seconds(), here[0].Due!.Value + 10.Seconds());
        Assert.Single(await control.ListAsync(1));
        Assert.Equal([here[2].Number], (await control.ListAsync(1, WorkItemState.GivenUp)).Select(static item => item.Number));
        Assert.Empty(await control.ListAsync(state: WorkItemState.AtWorker));

        Assert.Equal(1, await control.DropAsync([here[0].Number, 12345]));
        Assert.Equal(1, queue.Count);
        Assert.Equal(1, await control.RetryAsync([here[2].Number]));
        Receiver second = Track(await Receiver.ConnectAsync(queue.Address));
        Assert.Equal("bad ☃", await DoAsync(second));

        await queue.CloseAsync();
        FairleadException gone = await Assert.ThrowsAsync<FairleadException>(async () => await control.ListAsync());
        Assert.Equal(ErrorCode.PeerGone, gone.Code);
        gone = await Assert.ThrowsAsync<FairleadException>(async () => await WorkQueueControl.ConnectAsync(queue.Address));
        Assert.Equal(ErrorCode.NotFound, gone.Code);
    }

    [Fact]
    public async Task Control_of_an_address_without_a_controllable_queue_is_refused()
    {
        (WorkQueue queue, _) = await QueueAsync();
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        foreach (Address address in new[] { queue.Address, receiver.Address })
        {
            FairleadException refused = await Assert.ThrowsAsync<FairleadException>(
                async () => await WorkQueueControl.ConnectAsync(address));
            Assert.Equal((ErrorCode.NotSupported, address), (refused.Code, refused.Address));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("list")]
    [InlineData("list -1")]
    [InlineData("list 1 2 3")]
    [InlineData("list 1 4")]
    [InlineData("drop 9223372036854775808")]
    [InlineData("drop all")]
    [InlineData("burn 1")]
    [InlineData("retry \0")]
    public async Task An_unknown_command_changes_nothing(string words)
    {
        (WorkQueue queue, Sender sender) = await QueueAsync(new() { AllowControl = true });
        await SendAsync(sender, "an item", default);
        await Until(() => queue.Count == 1, "it is in the queue");
        string label = WorkControl.LabelOf(queue.Address);
        string place = EndpointRegistry.List().Single(entry => entry.Label == label).Address;
        Requester stranger = Track(await Requester.ConnectAsync(place));
        FairleadException refused = await Assert.ThrowsAsync<FairleadException>(async () => await stranger.RequestAsync(words));
        Assert.Equal(ErrorCode.NotSupported, refused.Code);
        Assert.Single(queue.List());
    }

    private static Address NewPlace() => $"unix://work-{Guid.NewGuid():N}";

    private static string TextOf(WorkQueueItem item) => Encoding.UTF8.GetString(item.Beginning.Span);

    private static ValueTask SendAsync(Sender sender, string text, WorkItemOptions options) =>
        sender.SendAsync(Encoding.UTF8.GetBytes(text), options);

    private static async Task<string> DoAsync(Receiver worker)
    {
        using Message item = await worker.ReceiveAsync();
        item.Accept();
        return item.Text;
    }

    private WorkItemOptions In(TimeSpan time) => new() { NotBefore = _clock.GetUtcNow() + time };

    // The count is read under the gate of the queue, in which items are handed out: what a worker has is known to the queue then.
    private void Advance(WorkQueue queue, TimeSpan time)
    {
        _ = queue.Count;
        _clock.Advance(time);
    }

    private async Task<(WorkQueue Queue, Sender Sender)> QueueAsync(WorkQueueOptions? options = null)
    {
        WorkQueue queue = Track(WorkQueue.Bind(NewPlace(), (options ?? new()) with { TimeProvider = _clock }));
        return (queue, Track(await Sender.ConnectAsync(queue.Address)));
    }
}
