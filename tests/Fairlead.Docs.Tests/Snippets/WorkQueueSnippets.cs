using Fairlead.Time;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>docs/patterns/work-queue.md</summary>
public sealed class WorkQueueSnippets
{
    private readonly TaskCompletionSource<(string, bool)> _done = new();

    [Fact]
    public async Task A_worker_processes_an_item()
    {
        using CancellationTokenSource stop = new();
        await using var queue = await WorkQueue.BindAsync("inproc://jobs", new() { Prefetch = 4, MaxDeliveries = 3 });
        Task working = WorkAsync(stop.Token);
        await using Sender sender = await Sender.ConnectAsync("inproc://jobs");
        Assert.True((await sender.DeliverAsync("dig"u8)).IsDelivered);
        Assert.Equal(("dig", false), await _done.Task);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => working);
    }

    [Fact]
    public async Task A_queue_stores_its_items_in_a_log()
    {
        await using var queue = await WorkQueue.BindAsync("unix://jobs", new() { Store = "log://jobs" });
        await using Sender sender = await Sender.ConnectAsync("unix://jobs?durable=true");
        await sender.SendAsync("dig"u8);
        Assert.Equal(1, queue.Count);
    }

    [Fact]
    public async Task A_rejected_item_is_delivered_again()
    {
        await using var queue = await WorkQueue.BindAsync("unix://jobs", new()
        {
            TakeOverAfter = TimeSpan.FromMinutes(10),
            RetryDelay = 1.Seconds(),
            LateAcceptance = late => Console.Error.WriteLine($"{late.Worker} was late: {late.After}"),
        });
        await using Sender sender = await Sender.ConnectAsync("unix://jobs");
        Task<Delivery> delivering = sender.DeliverAsync("dig"u8).AsTask();
        await using var worker = await Receiver.ConnectAsync("unix://jobs");
        using (Message first = await worker.ReceiveAsync())
        {
            first.Reject("not yet");
        }

        using (Message again = await worker.ReceiveAsync())
        {
            Assert.True(again.Redelivered);
            again.Accept();
        }

        Assert.True((await delivering).IsDelivered);
        Assert.Equal(0, queue.TakenOver);
    }

    [Fact]
    public async Task Items_have_priorities_and_times()
    {
        await using var queue = await WorkQueue.BindAsync("inproc://jobs");
        await using Sender sender = await Sender.ConnectAsync("inproc://jobs");
        await sender.SendAsync("now"u8, new WorkItemOptions { Priority = 9 });
        await sender.SendAsync("tomorrow"u8, new WorkItemOptions { NotBefore = TimeProvider.System.GetLocalNow().AddDays(1) });
        await using Receiver worker = await Receiver.ConnectAsync("inproc://jobs");
        using Message job = await worker.ReceiveAsync();
        Assert.Equal("now", job.Text);

        // The second item may still be on its way.
        while (queue.Count != 2)
        {
            await Task.Yield();
        }
    }

    [Fact]
    public async Task A_control_lists_the_items_of_a_queue()
    {
        using CancellationTokenSource stop = new();
        CancellationToken cancellationToken = stop.Token;
        await using var queue = await WorkQueue.BindAsync("unix://jobs", new() { KeepGivenUp = 1000, AllowControl = true });
        await using Sender sender = await Sender.ConnectAsync("unix://jobs");
        _ = sender.DeliverAsync("dig"u8).AsTask();
        while (queue.Count == 0)
        {
            await Task.Yield();
        }

        await using var control = await WorkQueueControl.ConnectAsync("unix://jobs", cancellationToken);
        foreach (WorkQueueItem item in await control.ListAsync(cancellationToken: cancellationToken))
        {
            Console.WriteLine($"{item.Number}: {item.State}, {item.Deliveries} deliveries. {item.Reason}");
        }

        Assert.Equal(1, queue.Drop(queue.List()[0].Number));
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public async Task A_queue_closes_after_its_last_item_is_done()
    {
        using CancellationTokenSource stop = new();
        CancellationToken cancellationToken = stop.Token;
        await using var queue = await WorkQueue.BindAsync("inproc://jobs");
        Task working = WorkAsync(cancellationToken);
        Task<Delivery> delivering;
        await using (Sender sender = await Sender.ConnectAsync("inproc://jobs"))
        {
            delivering = sender.DeliverAsync("dig"u8).AsTask();
            await delivering;
        }

        await queue.FinishAsync(cancellationToken);
        await queue.CloseAsync();
        await Record.ExceptionAsync(() => working);
        Assert.Equal(1, queue.Accepted);
    }

    [Fact]
    public async Task A_queue_can_close_while_its_senders_continue()
    {
        using CancellationTokenSource stop = new();
        CancellationToken cancellationToken = stop.Token;
        await using var queue = await WorkQueue.BindAsync("inproc://jobs");
        Task working = WorkAsync(cancellationToken);
        await using Sender sender = await Sender.ConnectAsync("inproc://jobs");
        Assert.True((await sender.DeliverAsync("dig"u8)).IsDelivered);
        await queue.StopTakingAsync();
        await queue.FinishAsync(cancellationToken);
        await queue.CloseAsync();
        Assert.False((await sender.DeliverAsync("dig"u8)).IsDelivered);
        await Record.ExceptionAsync(() => working);
        Assert.Equal(1, queue.ItemStatistics.Accepted);
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        await using var worker = await Receiver.ConnectAsync("inproc://jobs", cancellationToken: cancellationToken);
        await foreach (Message job in worker.ReceiveAllAsync(cancellationToken))
        {
            Work(job.Text, again: job.Redelivered);
        }
    }

    private void Work(string what, bool again) => _done.TrySetResult((what, again));
}
