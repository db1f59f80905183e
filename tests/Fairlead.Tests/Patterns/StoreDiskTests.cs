using System.Collections.Concurrent;
using Fairlead.Conformance;
using Fairlead.Tests.Memory;
using Fairlead.Time;

namespace Fairlead.Tests.Patterns;

/// <summary>
/// A disk without room for the store of a work queue: it is told, nothing is lost, and the queue goes on when there is room.
/// </summary>
[SlowRun]
public sealed class StoreDiskTests(ITestOutputHelper output) : WatchedTest(output)
{
    private static readonly TimeSpan Patience = 30.Seconds();

    private readonly ConcurrentQueue<EndpointStateChange> _changes = new();
    private readonly string _place = $"inproc://full-{Guid.NewGuid():N}";

    private EndpointState[] States => [.. _changes.Select(static change => change.State)];

    [MountFact]
    public async Task A_full_disk_refuses_or_delays_items_and_the_queue_reports_it_until_there_is_space()
    {
        using SmallFileSystem small = new();
        await using WorkQueue queue = Bind(small);
        string ballast = small.Fill();
        await using Sender sender = await Sender.ConnectAsync(_place);
        await using Receiver worker = await Receiver.ConnectAsync(_place);

        // The segment that exists holds one of them.
        byte[] item = new byte[40_000];
        await sender.SendAsync(item);
        (await worker.ReceiveAsync(Patience)).Dispose();
        Delivery refused = await sender.DeliverAsync(item, Patience);
        Assert.Equal(DeliveryStatus.NotDelivered, refused.Status);
        Assert.StartsWith("the work queue cannot store it: ", refused.Reason, StringComparison.Ordinal);
        Assert.Contains("65536 bytes are needed", refused.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(EndpointState.Blocked, States);
        await sender.SendAsync(item);
        await Polling.Until(() => States is [.., EndpointState.Blocked]);
        File.Delete(ballast);

        using Message waited = await worker.ReceiveAsync(Patience);
        Assert.Equal(item.Length, waited.Length);
        await Polling.Until(() => States is [.., EndpointState.Connected]);
        EndpointStateChange blocked = Assert.Single(_changes, static change => change.State == EndpointState.Blocked);
        Assert.Contains("65536 bytes are needed", blocked.Detail, StringComparison.Ordinal);
    }

    [MountFact]
    public async Task Items_that_end_free_disk_space_for_waiting_items()
    {
        const int Count = 200;
        using SmallFileSystem small = new();
        await using WorkQueue queue = Bind(small);
        await using Sender sender = await Sender.ConnectAsync($"{_place}?capacity={2 * Count * 8}KiB");
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < Count; i++)
            {
                byte[] item = new byte[8000];
                item[0] = (byte)i;
                await sender.SendAsync(item);
            }
        });
        await Polling.Until(() => States is [.., EndpointState.Blocked]);
        Assert.InRange(queue.Count, 50, 130);
        await using Receiver worker = await Receiver.ConnectAsync(_place);
        for (int i = 0; i < Count; i++)
        {
            using Message item = await worker.ReceiveAsync(Patience);
            Assert.Equal(i, item.Span[0]);
            item.Accept();
        }

        await sending;
        Assert.True((await sender.CloseAsync(Patience)).IsComplete);
        await Polling.Until(() => queue.Accepted == Count && States is [.., EndpointState.Connected]);
    }

    private WorkQueue Bind(SmallFileSystem small)
    {
        var queue = WorkQueue.Bind(_place, new() { Store = $"log://{small.Path}/jobs?segment=64KiB" });
        queue.StateChanged += (_, change) => _changes.Enqueue(change);
        return queue;
    }
}
