using Fairlead.Conformance;
using Fairlead.Logs;
using Fairlead.Time;

namespace Fairlead.Tests.Patterns;

/// <summary>Items of a work queue with a store are there for the next queue, until a worker has accepted them.</summary>
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
    public async Task A_sender_that_nothing_answers_cannot_wait_for_the_store(string address)
    {
        var error = await Assert.ThrowsAsync<FairleadException>(async () => await Sender.ConnectAsync(address));
        Assert.Equal(ErrorCode.NotSupported, error.Code);
        Assert.Contains("nothing acknowledges messages here", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_no_worker_has_accepted_is_there_for_the_next_queue()
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
        Assert.Contains(log.Replay(), static record => record.ToArray().AsSpan(1).SequenceEqual("an item"u8));
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
    public async Task A_sender_that_was_told_of_the_end_has_its_item_back()
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

    private WorkQueue Bind() => WorkQueue.Bind(_place, new() { Store = Store });
}
