using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>A hub with an overflow policy for clients without room.</summary>
public abstract class HubPolicyContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Theory]
    [InlineData("drop-oldest", 40)]
    [InlineData("drop-newest", 10)]
    public async Task A_hub_that_drops_messages_disconnects_no_client(string full, int firstBehindTheWindow)
    {
        (Hub hub, Pair slow, Pair quick) = await OpenAsync($"full={full}&messages=10");
        for (int i = 0; i < 50; i++)
        {
            if (i % 2 == 0)
            {
                Assert.Equal(full == "drop-newest" && i >= 20 ? 1 : 2, hub.Broadcast(Payload.Make(i, 100)));
            }
            else
            {
                foreach (HubClient client in hub.Clients)
                {
                    await hub.SendAsync(client, Payload.Make(i, 100).AsSpan());
                }
            }

            Assert.Equal(i, (await TakeAsync(quick)).Number);
        }

        Assert.Equal(30, hub.Statistics.Dropped);
        int[] expected = [.. Enumerable.Range(0, 10), .. Enumerable.Range(firstBehindTheWindow, 10)];
        int missed = 0;
        foreach (int number in expected)
        {
            (int came, int before) = await TakeAsync(slow);
            Assert.Equal(number, came);
            missed += before;
        }

        Assert.Equal(full == "drop-oldest" ? 30 : 0, missed);
        await Until(() => !slow.TryReceive(out _) && slow.Statistics.Missed == 30, "it knows what it missed");
        Assert.Equal(2, hub.Clients.Count);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_hub_with_the_policy_wait_waits_for_all_clients(Calls calls)
    {
        const int Count = 500;
        (Hub hub, Pair slow, Pair quick) = await OpenAsync("full=wait");
        Task broadcasting = calls == Calls.Blocking
            ? OnThread(() =>
            {
                for (int i = 0; i < Count; i++)
                {
                    Assert.Equal(2, hub.Broadcast(Payload.Make(i, 100)));
                }
            })
            : Task.Run(async () =>
            {
                for (int i = 0; i < Count; i++)
                {
                    Assert.Equal(2, await hub.BroadcastAsync(Payload.Make(i, 100).AsSpan()));
                }
            });
        for (int i = 0; i < Count; i++)
        {
            Assert.Equal((i, 0), await TakeAsync(slow));
            Assert.Equal((i, 0), await TakeAsync(quick));
        }

        await broadcasting;
        for (int i = 0; i < 10; i++)
        {
            await hub.BroadcastAsync(Payload.Make(i, 100).AsSpan());
        }

        using CancellationTokenSource cancel = new(50.Milliseconds());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await hub.BroadcastAsync("x", cancellationToken: cancel.Token));
        using CancellationTokenSource second = new(50.Milliseconds());
        await OnThread(() => Assert.ThrowsAny<OperationCanceledException>(() => hub.Broadcast("x"u8, cancellationToken: second.Token)));
        Assert.Equal((2, 2), (hub.Clients.Count, (int)hub.Statistics.Dropped));
        await Until(() => !TryTake(slow) && slow.Statistics.Missed == 2, "it knows what it missed");
    }

    [Fact]
    public async Task A_cancelled_broadcast_reaches_the_clients_that_had_capacity()
    {
        Hub hub = Track(await Hub.BindAsync(NewPlace("full=wait")));
        Pair[] pairs = new Pair[2];
        for (int i = 0; i < pairs.Length; i++)
        {
            pairs[i] = Track(await Pair.ConnectAsync(With(Bare(hub.Address), "messages=10")));
            Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        }

        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(2, hub.Broadcast(Payload.Make(i, 100)));
        }

        using CancellationTokenSource cancel = new();
        Task broadcasting = OnThread(() =>
            Assert.ThrowsAny<OperationCanceledException>(() => hub.Broadcast(Payload.Make(10, 100), cancellationToken: cancel.Token)));
        await Until(() => hub.Client(1)!.Link.LinkSender.Waiting == 1, "it waits for the first client");
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal((i, 0), await TakeAsync(pairs[1]));
        }

        await Until(() => hub.Client(2)!.Link.LinkSender.HasRoomNow, "the second client has room");
        await cancel.CancelAsync();
        await broadcasting;
        Assert.Equal(1, hub.Statistics.Dropped);
        Assert.Equal((10, 0), await TakeAsync(pairs[1]));
        await Until(() => !TryTake(pairs[0]) && pairs[0].Statistics.Missed == 1, "the first client knows what it missed");
    }

    [Fact]
    public async Task A_hub_with_the_policy_fail_names_the_full_clients_and_all_others_get_the_message()
    {
        (Hub hub, _, Pair quick) = await OpenAsync("full=fail");
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(2, hub.Broadcast(Payload.Make(i, 100)));
        }

        FairleadException full = Fails(ErrorCode.Full, () => hub.Broadcast(Payload.Make(10, 100)));
        Output.WriteLine(full.Message);
        Assert.Contains("were full when a message was broadcast: client 1.", full.Message, StringComparison.Ordinal);
        Fails(ErrorCode.Full, () => hub.Send(hub.Client(1)!, "x"u8));
        await FailsAsync(ErrorCode.Full, async () => await hub.SendAsync(hub.Client(1)!, "x"));
        Assert.Equal(ErrorCode.Full, (await hub.DeliverAsync(hub.Client(1)!, "x"u8)).Cause);
        for (int i = 0; i < 11; i++)
        {
            Assert.Equal((i, 0), await TakeAsync(quick));
        }
    }

    /// <summary>Client 1 has room for ten messages, client 2 for the default number.</summary>
    private async Task<(Hub Hub, Pair Slow, Pair Quick)> OpenAsync(string options)
    {
        Hub hub = Track(await Hub.BindAsync(NewPlace(options)));
        Pair slow = Track(await Pair.ConnectAsync(With(Bare(hub.Address), "messages=10")));
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        Pair quick = Track(await Pair.ConnectAsync(Bare(hub.Address)));
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        return (hub, slow, quick);
    }

    private static bool TryTake(Pair pair)
    {
        if (!pair.TryReceive(out Message message))
        {
            return false;
        }

        message.Dispose();
        return true;
    }

    private static async Task<(int Number, int Missed)> TakeAsync(Pair pair)
    {
        using Message message = await pair.ReceiveAsync();
        return (Payload.Check(message.Span).Number, (int)message.Missed);
    }
}
