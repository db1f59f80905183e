using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>One server and its numbered clients.</summary>
public abstract class HubContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Fact]
    public async Task Clients_are_numbered_in_the_order_of_connecting_and_no_number_is_reused()
    {
        Hub hub = Track(await Hub.BindAsync(NewPlace()));
        await using IAsyncEnumerator<HubEvent> events = hub.Events().GetAsyncEnumerator();
        for (int number = 1; number <= 3; number++)
        {
            Track(await Pair.ConnectAsync(Bare(hub.Address)));
            Assert.Equal(number, (await NextAsync<HubEvent.Joined>(events)).Client.Number);
        }

        Assert.Equal([1, 2, 3], hub.Clients.Select(client => client.Number));
        Assert.Equal("client 2", hub.Client(2)!.ToString());
        Assert.Null(hub.Client(4));
        hub.Disconnect(hub.Client(2)!, "go");
        HubEvent.Left left = await NextAsync<HubEvent.Left>(events);
        Assert.Equal((2, CloseReason.ClosedByUs, false), (left.Client.Number, left.Reason, left.Client.IsConnected));
        Assert.Null(hub.Client(2));

        Track(await Pair.ConnectAsync(Bare(hub.Address)));
        Assert.Equal(4, (await NextAsync<HubEvent.Joined>(events)).Client.Number);
        Assert.Equal([1, 3, 4], hub.Clients.Select(client => client.Number));
        Assert.Equal(3, hub.Statistics.Peers);
    }

    [Fact]
    public async Task The_messages_of_a_client_arrive_between_Joined_and_Left()
    {
        const int Clients = 8;
        const int Each = 50;
        Hub hub = Track(await Hub.BindAsync(NewPlace()));
        Task[] clients = [.. Enumerable.Range(0, Clients).Select(from => Task.Run(async () =>
        {
            await using Pair pair = await Pair.ConnectAsync(Bare(hub.Address));
            for (int i = 0; i < Each; i++)
            {
                await pair.SendAsync(Payload.Make(i, 20, from));
            }

            await pair.CloseAsync(60.Seconds());
        }))];

        Dictionary<int, int> next = [];
        int left = 0;
        await foreach (HubEvent e in hub.Events())
        {
            switch (e)
            {
                case HubEvent.Joined:
                    next.Add(e.Client.Number, 0);
                    break;
                case HubEvent.Said said:
                    Assert.Equal(next[e.Client.Number]++, Payload.Check(said.Message.Span).Number);
                    break;
                case HubEvent.Left gone:
                    Assert.Equal(Each, next[e.Client.Number]);
                    Assert.Equal(CloseReason.ClosedByPeer, gone.Reason);
                    left++;
                    break;
            }

            if (left == Clients)
            {
                break;
            }
        }

        await Task.WhenAll(clients);
        Assert.Empty(hub.Clients);
    }

    [Fact]
    public async Task A_hub_sends_to_one_to_all_and_to_all_but_one_client()
    {
        (Hub hub, Pair[] pairs) = await OpenHubAsync(3);
        HubClient second = hub.Client(2)!;

        Assert.Equal(SendResult.Sent, hub.TrySend(second, "try"u8));
        await hub.SendAsync(second, "async");
        hub.Send(second, "blocking"u8);
        await hub.SendAsync(second, new byte[200_000]);
        Assert.Equal(3, hub.Broadcast("all"u8));
        Assert.Equal(2, await hub.BroadcastAsync("but two", except: second));
        Assert.Equal(3, await hub.BroadcastAsync("end"));

        Assert.Equal(["try", "async", "blocking", "200000 bytes", "all", "end"], await ReadToEndAsync(pairs[1]));
        Assert.Equal(["all", "but two", "end"], await ReadToEndAsync(pairs[0]));
        Assert.Equal(["all", "but two", "end"], await ReadToEndAsync(pairs[2]));
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task Receipts_work_in_both_directions(Calls calls)
    {
        (Hub hub, Pair[] pairs) = await OpenHubAsync(1);
        HubClient client = hub.Client(1)!;

        Task<Delivery> toClient =
            calls == Calls.Blocking ? OnThread(() => hub.Deliver(client, "x"u8)) : hub.DeliverAsync(client, "x"u8).AsTask();
        using (Message message = await pairs[0].ReceiveAsync())
        {
            message.Accept();
        }

        Assert.True((await toClient).IsDelivered);
        Task<Delivery> toHub = pairs[0].DeliverAsync("y"u8).AsTask();
        HubEvent.Said said = Assert.IsType<HubEvent.Said>(hub.NextEvent());
        said.Message.Reject("not now");
        said.Message.Dispose();
        Assert.Equal("not now", (await toHub).Reason);
    }

    [Fact]
    public async Task A_send_to_a_client_that_left_reports_PeerGone()
    {
        (Hub hub, Pair[] pairs) = await OpenHubAsync(2);
        HubClient client = hub.Client(1)!;
        pairs[0].Dispose();
        Assert.IsType<HubEvent.Left>(hub.NextEvent());

        Assert.Equal(SendResult.PeerGone, hub.TrySend(client, "x"u8));
        Fails(ErrorCode.PeerGone, () => hub.Send(client, "x"u8));
        await FailsAsync(ErrorCode.PeerGone, async () => await hub.SendAsync(client, "x"u8));
        Delivery delivery = await hub.DeliverAsync(client, "x"u8);
        Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.PeerGone), (delivery.Status, delivery.Cause));
        Assert.Equal(1, hub.Broadcast("x"u8));
        hub.Disconnect(client);
    }

    [Fact]
    public async Task A_client_beyond_MaxClients_is_refused_until_another_has_left()
    {
        Hub hub = Track(await Hub.BindAsync(NewPlace(), new HubOptions { MaxClients = 2 }));
        Pair first = Track(await Pair.ConnectAsync(Bare(hub.Address)));
        Track(await Pair.ConnectAsync(Bare(hub.Address)));

        FairleadException full = await FailsAsync(ErrorCode.Full, async () => await Pair.ConnectAsync(Bare(hub.Address)));
        Output.WriteLine(full.Message);
        first.Dispose();
        await Until(() => hub.Clients.Count == 1, "the first has left");

        // It keeps its place until its messages are handed out; it has sent none.
        await Until(() => hub.Peers.Count == 1, "its place is free");

        // The refused client took no number.
        Track(await Pair.ConnectAsync(Bare(hub.Address)));
        await Until(() => hub.Clients.Count == 2, "another has come");
        Assert.Equal([2, 3], hub.Clients.Select(client => client.Number));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () =>
            await Hub.BindAsync(NewPlace(), new HubOptions { MaxClients = 0 }));
    }

    [Fact]
    public async Task A_broadcast_does_not_wait_and_disconnects_only_a_slow_client()
    {
        Hub hub = Track(await Hub.BindAsync(NewPlace()));
        Pair slow = Track(await Pair.ConnectAsync(With(Bare(hub.Address), "messages=10")));
        Pair quick = Track(await Pair.ConnectAsync(Bare(hub.Address)));
        await using IAsyncEnumerator<HubEvent> events = hub.Events().GetAsyncEnumerator();
        await NextAsync<HubEvent.Joined>(events);
        await NextAsync<HubEvent.Joined>(events);

        for (int i = 0; i < 50; i++)
        {
            hub.Broadcast(Payload.Make(i, 100));
        }

        HubEvent.Left left = await NextAsync<HubEvent.Left>(events);
        Assert.Equal((1, CloseReason.SlowConsumer), (left.Client.Number, left.Reason));
        Assert.Equal(1, hub.Statistics.Dropped);
        for (int i = 0; i < 50; i++)
        {
            using Message message = await quick.ReceiveAsync();
            Assert.Equal(i, Payload.Check(message.Span).Number);
        }

        // The slow client still gets what it had room for, and the reason why nothing follows.
        for (int i = 0; i < 10; i++)
        {
            using Message message = await slow.ReceiveAsync();
            Assert.Equal(i, Payload.Check(message.Span).Number);
        }

        FairleadException why = await FailsAsync(ErrorCode.PeerGone, async () => await slow.ReceiveAsync());
        Assert.Contains("too slow", why.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slow_client_that_never_reads_its_socket_is_disconnected_too()
    {
        // It never reads; its window is far larger than the kernel's buffers.
        ManualClock clock = new();
        Hub hub = Track(await Hub.BindAsync(NewPlace(), new HubOptions { TimeProvider = clock }));
        Pair slow = Track(await Pair.ConnectAsync(With(Bare(hub.Address), "capacity=64MiB")));
        await using IAsyncEnumerator<HubEvent> events = hub.Events().GetAsyncEnumerator();
        await NextAsync<HubEvent.Joined>(events);

        while (hub.Broadcast(new byte[60_000]) == 1)
        {
        }

        HubEvent.Left left = await MovingAsync(clock, NextAsync<HubEvent.Left>(events));
        Assert.Equal((1, CloseReason.SlowConsumer), (left.Client.Number, left.Reason));
        slow.Dispose();
    }

    [Fact]
    public async Task Waiting_for_an_event_ends_by_token_and_time()
    {
        Hub hub = Track(await Hub.BindAsync(NewPlace()));
        Assert.Null(hub.NextEvent(20.Milliseconds()));
        using CancellationTokenSource cancel = new(50.Milliseconds());

        await OnThread(() => Assert.ThrowsAny<OperationCanceledException>(() => hub.NextEvent(null, cancel.Token)));
        using CancellationTokenSource second = new(50.Milliseconds());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (HubEvent _ in hub.Events(second.Token))
            {
            }
        });

        Assert.Null(await hub.NextEventAsync(20.Milliseconds()));
        using CancellationTokenSource third = new();
        ValueTask<HubEvent?> awaited = hub.NextEventAsync(third.Token);
        Assert.False(awaited.IsCompleted);
        await third.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await awaited);

        // A cancelled wait swallows no event.
        Pair pair = Track(await Pair.ConnectAsync(Bare(hub.Address)));
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        ValueTask<HubEvent?> said = hub.NextEventAsync();
        pair.Send("x"u8);
        using (Message message = Assert.IsType<HubEvent.Said>(await said).Message)
        {
            Assert.Equal("x", message.Text);
        }
    }

    [Fact]
    public async Task A_cancelled_token_sends_nothing_to_a_client()
    {
        (Hub hub, Pair[] pairs) = await OpenHubAsync(1);
        HubClient client = hub.Client(1)!;
        CancellationToken over = new(canceled: true);

        Assert.ThrowsAny<OperationCanceledException>(() => hub.Send(client, "x"u8, null, over));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await hub.SendAsync(client, "x"u8, over));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await hub.DeliverAsync(client, "x"u8, null, over));
        await hub.SendAsync(client, "end");

        Assert.Equal(["end"], await ReadToEndAsync(pairs[0]));
    }

    private async Task<(Hub Hub, Pair[] Pairs)> OpenHubAsync(int clients)
    {
        Hub hub = Track(await Hub.BindAsync(NewPlace()));
        Pair[] pairs = new Pair[clients];
        for (int i = 0; i < clients; i++)
        {
            pairs[i] = Track(await Pair.ConnectAsync(Bare(hub.Address)));
            Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        }

        return (hub, pairs);
    }

    private static async Task<T> NextAsync<T>(IAsyncEnumerator<HubEvent> events)
        where T : HubEvent
    {
        Assert.True(await events.MoveNextAsync());
        return Assert.IsType<T>(events.Current);
    }

    private static async Task<List<string>> ReadToEndAsync(Pair pair)
    {
        List<string> texts = [];
        while (texts.LastOrDefault() != "end")
        {
            using Message message = await pair.ReceiveAsync();
            texts.Add(message.Length < 100 ? message.Text : $"{message.Length} bytes");
        }

        return texts;
    }
}
