using Fairlead.Conformance;
using Fairlead.Framing;
using Fairlead.Tests.Conformance;
using HostilePeer = Fairlead.Conformance.RawPeer;

namespace Fairlead.Tests.Hostile;

/// <summary>
/// Peers that announce an endless window and read nothing. The sending end's own capacity limits what it buffers for them, and its other
/// peers get everything.
/// </summary>
public abstract class HostileWindowTests(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    private const int Length = 50_000;

    /// <summary>Enough to fill every buffer of the kernel, and as much again beyond this end's capacity.</summary>
    private const int Count = 300;

    /// <summary>The capacity of the sending end.</summary>
    private const int Capacity = 256 * 1024;

    private static readonly EndpointOptions Options = new() { MaxUnreadBytes = Capacity };

    [Fact]
    public async Task A_publisher_buffers_no_more_than_its_own_capacity_and_the_others_get_everything()
    {
        await using Publisher publisher = Track(
            Publisher.Bind(NewPlace(), new PublisherOptions { MaxUnreadBytes = Capacity, OverflowPolicy = OverflowPolicy.DropNewest }));
        using HostilePeer endless = Endless(publisher, "Subscriber");
        endless.Send((byte)MessageKind.Subscribe, ">"u8.ToArray(), id: 1);
        Assert.Equal((byte)MessageKind.Receipt, endless.Read()!.Value.Kind);
        await using Subscriber good = Track(await Subscriber.ConnectAsync(OtherEnd(publisher.Address)));
        await publisher.WaitForSubscribersAsync("topic", 2);

        for (int i = 0; i < Count; i++)
        {
            Assert.InRange(publisher.Publish("topic", new byte[Length]), 1, 2);
            using Message message = await good.ReceiveAsync();
            Assert.Equal(Length, message.Length);
            Assert.InRange(Buffered(publisher), 0, Capacity + Length);
        }

        Assert.InRange(publisher.Statistics.Dropped, 1, Count);
    }

    [Fact]
    public async Task A_hub_disconnects_the_client_and_the_others_get_everything()
    {
        await using Hub hub = Track(Hub.Bind(NewPlace(), new HubOptions { MaxUnreadBytes = Capacity }));
        using HostilePeer endless = Endless(hub, "Pair");
        await using Pair good = Track(await Pair.ConnectAsync(OtherEnd(hub.Address)));
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());

        int reached = 2;
        for (int i = 0; i < Count && reached == 2; i++)
        {
            reached = hub.Broadcast(new byte[Length]);
            using Message message = await good.ReceiveAsync();
            Assert.InRange(Buffered(hub), 0, Capacity + Length);
        }

        Assert.Equal(1, reached);
    }

    [Fact]
    public async Task A_send_to_a_peer_that_reads_nothing_returns_Full()
    {
        await using Pair pair = Track(Pair.Bind(NewPlace(), Options));
        using HostilePeer endless = Endless(pair, "Pair");
        await Until(() => pair.Peers.Count == 1, "it is here");

        SendResult result = SendResult.Sent;
        for (int i = 0; i < Count && result == SendResult.Sent; i++)
        {
            result = pair.TrySend(new byte[Length]);
            Assert.InRange(Buffered(pair), 0, Capacity + Length);
        }

        Assert.Equal(SendResult.Full, result);
    }

    [Fact]
    public async Task A_work_queue_gives_the_items_to_a_worker_that_reads()
    {
        await using WorkQueue queue = Track(WorkQueue.Bind(NewPlace(), new WorkQueueOptions { MaxUnreadBytes = Capacity }));
        using HostilePeer endless = Endless(queue, "Receiver");
        await using Sender sender = Track(await Sender.ConnectAsync(OtherEnd(queue.Address)));

        // Fewer than what the memory of a sender over shm holds: the queue keeps its items there.
        for (int i = 0; i < 18; i++)
        {
            await sender.SendAsync(new byte[Length]);
            Assert.InRange(Buffered(queue), 0, Capacity + Length);
        }

        await using Receiver good = Track(await Receiver.ConnectAsync(OtherEnd(queue.Address)));
        using Message item = await good.ReceiveAsync();
        item.Accept();
        Assert.Equal(Length, item.Length);
    }

    /// <summary>Messages longer than the capacity pass one by one, and nothing waits for an event that never comes.</summary>
    [Theory]
    [InlineData(4_096, 100, 3_000)]
    [InlineData(4_096, 20, 5_000)]
    [InlineData(4_096, 20, 200_000)]
    [InlineData(65_536, 200, 30_000)]
    public async Task Messages_beyond_the_capacity_of_their_sender_arrive_in_order(int capacity, int count, int length)
    {
        await using Receiver receiver = Track(Receiver.Bind(NewPlace()));
        await using Sender sender = Track(await Sender.ConnectAsync(With(OtherEnd(receiver.Address), $"capacity={capacity}")));
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < count; i++)
            {
                byte[] payload = new byte[length + (i % 7)];
                payload[0] = (byte)i;
                if (i % 2 == 0)
                {
                    await sender.SendAsync(payload.AsMemory());
                }
                else
                {
                    sender.Send(payload);
                }
            }
        });
        for (int i = 0; i < count; i++)
        {
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal((length + (i % 7), (byte)i), (message.Length, message.Span[0]));
        }

        await sending;
    }

    private static long Buffered(MessagingEndpoint endpoint) =>
        endpoint.Core.Links().Select(static link => (long)link.Connection.Unflushed).DefaultIfEmpty().Max();

    private HostilePeer Endless(MessagingEndpoint endpoint, string pattern) =>
        Track(HostilePeer.Introduce(Transport, endpoint.Address, pattern, uint.MaxValue, long.MaxValue));
}
