using Fairlead.Conformance;
using Fairlead.Logs;
using Fairlead.Time;

namespace Fairlead.Tests.Patterns;

/// <summary>Items of a work queue with a store are there for the next queue, until a worker has accepted them.</summary>
[SlowRun]
public sealed class StoredWorkTests : IDisposable
{
    private static readonly TimeSpan Patience = 30.Seconds();

    private readonly TemporaryDirectory _directory = new();
    private readonly string _place = $"inproc://stored-{Guid.NewGuid():N}";

    private Address Store => $"log://{_directory.Path}/jobs?segment=64KiB";

    public void Dispose() => _directory.Dispose();

    /// <summary>It would wait for ever, or for nothing.</summary>
    [Theory]
    [InlineData("udp://127.0.0.1:9?durable=true")]
    [InlineData("log:///tmp/never-made?durable=true")]
    [InlineData("unix:///tmp/never-made.sock?framing=line&durable=true")]
    public async Task Durable_is_refused_for_a_sender_that_gets_no_acknowledgements(string address)
    {
        var error = await Assert.ThrowsAsync<FairleadException>(async () => await Sender.ConnectAsync(address));
        Assert.Equal(ErrorCode.NotSupported, error.Code);
        Assert.Contains("nothing acknowledges messages here", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Items_that_no_worker_accepted_are_in_the_next_queue()
    {
        await using (WorkQueue queue = Bind())
        await using (Sender sender = await Sender.ConnectAsync(_place))
        {
            for (int i = 0; i < 5; i++)
            {
                await sender.SendAsync($"item {i}");
            }

            Assert.True((await sender.CloseAsync(Patience)).IsComplete);
            CloseReport report = await queue.CloseAsync(Patience);
            Assert.Equal((0, 0), (report.NotDelivered, queue.GivenBack));
        }

        for (int done = 0; done < 5; done += 2)
        {
            await using WorkQueue queue = Bind();
            Assert.Equal(5 - done, queue.Count);
            await using Receiver worker = await Receiver.ConnectAsync(_place);
            for (int i = done; i < 5 && i < done + 2; i++)
            {
                using Message again = await worker.ReceiveAsync(Patience);
                Assert.Equal(($"item {i}", true), (again.Text, again.Redelivered));
                again.Accept();
            }

            await Polling.Until(() => queue.Accepted == Math.Min(2, 5 - done));
        }

        await using WorkQueue last = Bind();
        Assert.Equal(0, last.Count);
    }

    [Fact]
    public async Task A_message_is_acknowledged_when_it_is_on_the_disk()
    {
        await using WorkQueue queue = Bind();
        await using Sender sender = await Sender.ConnectAsync($"{_place}?durable=true");
        await sender.SendAsync("an item");
        using MappedLog log = MappedLog.Open(Store.WithoutOptions());
        Assert.Contains(log.Replay(), static record => record.ToArray().AsSpan(10).SequenceEqual("an item"u8));
        Assert.InRange(log.Info().Synced, 2, long.MaxValue);
    }

    [Fact]
    public async Task A_sender_that_waits_for_a_receipt_is_answered_by_the_worker()
    {
        await using WorkQueue queue = Bind();
        await using Sender sender = await Sender.ConnectAsync(_place);
        await using Receiver worker = await Receiver.ConnectAsync(_place);
        Task<Delivery> delivery = sender.DeliverAsync("an item", Patience).AsTask();
        using (Message item = await worker.ReceiveAsync(Patience))
        {
            item.Accept();
        }

        Assert.True((await delivery).IsDelivered);
    }

    [Fact]
    public async Task An_item_returned_to_its_waiting_sender_is_not_in_the_next_queue()
    {
        await using (WorkQueue queue = Bind())
        {
            await using Sender sender = await Sender.ConnectAsync(_place);
            Task<Delivery> delivery = sender.DeliverAsync("an item", Patience).AsTask();
            await Polling.Until(() => queue.Count > 0);
            await queue.CloseAsync(Patience);
            Assert.Equal(DeliveryStatus.NotDelivered, (await delivery).Status);
        }

        await using WorkQueue next = Bind();
        Assert.Equal(0, next.Count);
    }

    [Fact]
    public async Task An_item_that_is_longer_than_a_segment_is_refused_and_the_next_one_is_not()
    {
        await using WorkQueue queue = Bind();
        await using Sender sender = await Sender.ConnectAsync(_place);
        Delivery refused = await sender.DeliverAsync(new byte[100_000], Patience);
        Assert.Equal(DeliveryStatus.NotDelivered, refused.Status);
        Assert.StartsWith("the work queue cannot store it: ", refused.Reason, StringComparison.Ordinal);
        await sender.SendAsync("short");
        await Polling.Until(() => queue.Count > 0);
    }

    [Fact]
    public async Task A_store_has_one_queue()
    {
        await using WorkQueue queue = Bind();
        FairleadException taken = Assert.Throws<FairleadException>(
            () => WorkQueue.Bind($"inproc://other-{Guid.NewGuid():N}", new() { Store = Store }));
        Assert.Equal(ErrorCode.AlreadyExists, taken.Code);
        Assert.Equal(Store, taken.Address);
    }

    [Fact]
    public void A_log_of_something_else_is_no_store()
    {
        using (MappedLog log = MappedLog.Open(Store))
        {
            log.Append("a line"u8);
        }

        FairleadException other = Assert.Throws<FairleadException>(() => Bind());
        Assert.Equal(ErrorCode.Incompatible, other.Code);
        Assert.Contains("record 1 is not one of a work queue", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_that_would_lose_items_are_refused() => Assert.Throws<AddressFormatException>(
        () => WorkQueue.Bind(_place, new() { Store = $"log://{_directory.Path}/jobs?keep=1MiB" }));

    /// <summary>One item that no worker accepts keeps no segment alive for ever.</summary>
    [FullRun(Reason.Repeats)]
    [Fact]
    public async Task An_old_item_is_moved_and_is_still_one_item_after_a_restart()
    {
        await using (WorkQueue queue = Bind())
        {
            await using Sender sender = await Sender.ConnectAsync(_place);
            await using Receiver stuck = await Receiver.ConnectAsync(_place);
            await sender.SendAsync("the old one");
            Message old = await stuck.ReceiveAsync(Patience);
            await using Receiver worker = await Receiver.ConnectAsync(_place);
            for (int i = 0; i < 3000; i++)
            {
                await sender.SendAsync(new byte[1000]);
                using Message item = await NextAsync(stuck, worker);
                item.Accept();
            }

            long bytes = new DirectoryInfo($"{_directory.Path}/jobs").EnumerateFiles().Sum(static file => file.Length);
            Assert.InRange(bytes, 1, 1 << 20);
            GC.KeepAlive(old);
        }

        await using WorkQueue next = Bind();
        Assert.Equal(1, next.Count);
        await using Receiver last = await Receiver.ConnectAsync(_place);
        using Message again = await last.ReceiveAsync(Patience);
        Assert.Equal(("the old one", true), (again.Text, again.Redelivered));
    }

    /// <summary>Each is in the order and state that it had, also after it was moved to another segment.</summary>
    [Fact]
    public async Task Priorities_times_and_ends_are_kept()
    {
        WorkItemOptions later = new() { NotBefore = TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(5), Priority = 2 };
        await using (WorkQueue queue = Bind(keepGivenUp: 10))
        await using (Sender sender = await Sender.ConnectAsync(_place))
        {
            await using (Receiver worker = await Receiver.ConnectAsync(_place))
            {
                foreach (string text in new[] { "given up", "forgiven", "forgotten" })
                {
                    await sender.SendAsync(text);
                    using Message bad = await worker.ReceiveAsync(Patience);
                    bad.Reject("it is bad");
                }

                await Polling.Until(() => queue.GivenUp == 3 && queue.List().Count == 3);
                await worker.CloseAsync(Patience);
            }

            await sender.SendAsync("low"u8, default(WorkItemOptions));
            await sender.SendAsync("later"u8, later);
            await sender.SendAsync("high"u8, new WorkItemOptions { Priority = 200 });
            await Polling.Until(() => queue.Count == 3);
            long[] ended = [.. queue.List().Where(static item => item.State == WorkItemState.GivenUp).Select(static item => item.Number)];
            Assert.Equal(1, queue.Retry(ended[1]));
            Assert.Equal(1, queue.Drop(ended[2]));
            Assert.True((await sender.CloseAsync(Patience)).IsComplete);
        }

        await using (WorkQueue next = Bind(keepGivenUp: 10))
        {
            WorkQueueItem[] items = [.. next.List()];
            Assert.Equal(["high", "forgiven", "low", "later", "given up"], items.Select(TextOf));
            Assert.Equal("given up after 1 deliveries: it is bad", items[^1].Reason);
            Assert.Equal((1, WorkItemState.GivenUp), (items[^1].Deliveries, items[^1].State));
            Assert.Equal((2, WorkItemState.Delayed), (items[3].Priority, items[3].State));
            Assert.InRange(items[3].Due!.Value, later.NotBefore.Value - 60.Seconds(), later.NotBefore.Value + 60.Seconds());

            // Enough passes through the store to move what is old.
            await using Sender sender = await Sender.ConnectAsync(_place);
            await using Receiver worker = await Receiver.ConnectAsync(_place);
            for (int i = 0; i < 3000; i++)
            {
                await sender.SendAsync(new byte[1000]);
                using Message item = await worker.ReceiveAsync(Patience);
                item.Accept();
            }

            await Polling.Until(() => next.Accepted >= 3000);
        }

        await using WorkQueue last = Bind(keepGivenUp: 10);
        Assert.Equal(["later", "given up"], last.List().Select(TextOf).Where(static text => text is "later" or "given up"));
        Assert.Equal("given up after 1 deliveries: it is bad", last.List().Single(static item => TextOf(item) == "given up").Reason);
    }

    /// <summary>A queue that keeps nothing that was given up does not hand it out either.</summary>
    [Fact]
    public async Task A_queue_that_keeps_no_given_up_items_drops_those_of_an_earlier_queue()
    {
        await using (WorkQueue queue = Bind(keepGivenUp: 1))
        await using (Sender sender = await Sender.ConnectAsync(_place))
        await using (Receiver worker = await Receiver.ConnectAsync(_place))
        {
            await sender.SendAsync("bad");
            using (Message bad = await worker.ReceiveAsync(Patience))
            {
                bad.Reject("it is bad");
            }

            await Polling.Until(() => queue.List().Any(static item => item.State == WorkItemState.GivenUp));
        }

        await using (WorkQueue next = Bind())
        {
            Assert.Equal((0, 1L), (next.Count, next.Statistics.Dropped));
            Assert.Empty(next.List());
        }

        await using WorkQueue last = Bind(keepGivenUp: 1);
        Assert.Empty(last.List());
    }

    private static string TextOf(WorkQueueItem item) => System.Text.Encoding.UTF8.GetString(item.Beginning.Span);

    private static async Task<Message> NextAsync(params Receiver[] workers)
    {
        using CancellationTokenSource end = new(Patience);
        while (true)
        {
            foreach (Receiver worker in workers)
            {
                if (worker.TryReceive(out Message item))
                {
                    return item;
                }
            }

            end.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private WorkQueue Bind(int keepGivenUp = 0) => WorkQueue.Bind(
        _place, new() { Store = Store, KeepGivenUp = keepGivenUp, MaxDeliveries = keepGivenUp > 0 ? 1 : 5 });
}
