namespace Fairlead.Conformance.Contracts;

/// <summary>
/// Why a connection ended: the same word on both ends, in the hub's event, in the error of the client, and in the change of state of one
/// that reconnects.
/// </summary>
public abstract class ReasonContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Fact]
    public Task The_client_closes() => EndsAsync("", (_, pair) => pair.Dispose(), CloseReason.ClosedByPeer, null);

    [Fact]
    public Task The_hub_closes() => EndsAsync("", (hub, _) => hub.Dispose(), null, CloseReason.ClosedByPeer);

    [Fact]
    public Task The_hub_disconnects_the_client() =>
        EndsAsync("", (hub, _) => hub.Disconnect(Assert.Single(hub.Clients)), CloseReason.ClosedByUs, CloseReason.ClosedByPeer);

    [Fact]
    public Task The_client_is_too_slow() => EndsAsync(
        "messages=3",
        static (hub, _) =>
        {
            while (hub.Broadcast("x"u8) > 0)
            {
                // No one reads at the other end.
            }
        },
        CloseReason.SlowConsumer,
        CloseReason.SlowConsumer);

    [Fact]
    public Task The_client_accepts_only_shorter_messages() =>
        EndsAsync("maxmessage=100", static (hub, _) => hub.Broadcast(new byte[1_000]), CloseReason.Limit, CloseReason.Limit);

    private async Task EndsAsync(string options, Action<Hub, Pair> end, CloseReason? atHub, CloseReason? atClient)
    {
        Hub hub = Track(await Hub.BindAsync(NewPlace()));
        Pair pair = Track(await Pair.ConnectAsync(With(Bare(hub.Address), options)));
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        Pair seeking = Track(await Pair.ConnectAsync(With(Bare(hub.Address), "reconnect=infinite")));
        TaskCompletionSource<EndpointStateChange> lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
        seeking.StateChanged += (_, change) => lost.TrySetResult(change);
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());

        // Of two clients, one shows its error, the other its state; an error of one must not end the other.
        bool endsBoth = atHub is null;
        if (!endsBoth)
        {
            await seeking.CloseAsync();
            Assert.Equal(CloseReason.ClosedByPeer, Assert.IsType<HubEvent.Left>(hub.NextEvent()).Reason);
        }

        end(hub, pair);
        if (atHub is { } reason)
        {
            Assert.Equal(reason, Assert.IsType<HubEvent.Left>(hub.NextEvent()).Reason);
        }

        if (atClient is { } told)
        {
            FairleadException error = await Assert.ThrowsAsync<FairleadException>(async () =>
            {
                while (true)
                {
                    (await pair.ReceiveAsync()).Dispose();
                }
            });
            Output.WriteLine(error.Message);
            Assert.Equal(told, error.Reason);
        }

        if (endsBoth)
        {
            Assert.Equal(atClient, (await lost.Task).Reason);
        }
    }
}
