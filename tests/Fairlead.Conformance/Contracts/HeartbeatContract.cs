using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>A peer that dies without ending the connection is detected by its silence; one that lives and is idle stays.</summary>
[SlowRun]
public abstract class HeartbeatContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_stopped_peer_is_given_up_after_three_heartbeats(Calls calls)
    {
        Pair pair = Track(await Pair.BindAsync(NewPlace("heartbeat=1s")));
        PeerProcess peer = Track(PeerProcess.Start("pair", "connect", Bare(pair.Address).ToString()));
        await peer.AnswerAsync();
        Task<Delivery> delivering =
            calls == Calls.Blocking ? OnThread(() => pair.Deliver(Payload.Make(0, 8))) : pair.DeliverAsync(Payload.Make(0, 8)).AsTask();
        await peer.AskAsync("hold");

        await peer.StopAsync();

        Delivery delivery = await delivering;
        Assert.Equal((DeliveryStatus.Unknown, ErrorCode.PeerGone), (delivery.Status, delivery.Cause));
        await Until(() => pair.Peers.Count == 0, "it was given up");
    }

    [Fact]
    public async Task A_hub_reports_why_it_gave_up_a_client_and_keeps_the_others()
    {
        Hub hub = Track(await Hub.BindAsync(NewPlace("heartbeat=1s")));
        PeerProcess[] peers =
        [
            Track(PeerProcess.Start("pair", "connect", Bare(hub.Address).ToString())),
            Track(PeerProcess.Start("pair", "connect", Bare(hub.Address).ToString())),
        ];
        foreach (PeerProcess peer in peers)
        {
            await peer.AnswerAsync();
            Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        }

        await peers[0].StopAsync();

        HubEvent.Left left = Assert.IsType<HubEvent.Left>(hub.NextEvent());
        Assert.Equal(CloseReason.Heartbeat, left.Reason);
        Assert.Single(hub.Clients);
        Assert.Equal(1, hub.Broadcast(Payload.Make(0, 8)));
        Assert.Equal("1", await peers[1].AskAsync("take 1"));

        // The stopped peer finds its connection ended when it continues.
        peers[0].Continue();
        await peers[0].TellAsync("take 1");
        Assert.StartsWith("error PeerGone", await peers[0].ReadLineAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1s", "1s")]
    [InlineData("1s", "0")]
    [InlineData("0", "1s")]
    [InlineData("1s", "1h")]
    [InlineData("1h", "1s")]
    public async Task A_living_idle_peer_stays_connected_whatever_its_own_heartbeat(string bound, string connected)
    {
        ManualClock clock = new();
        EndpointOptions options = new() { TimeProvider = clock };
        Pair pair = Track(await Pair.BindAsync(NewPlace($"heartbeat={bound}"), options));
        Pair other = Track(await Pair.ConnectAsync(With(Bare(pair.Address), $"heartbeat={connected}"), options));
        Pair[] asking =
        [
            .. new[] { (End: pair, Beat: bound), (End: other, Beat: connected) }.Where(one => one.Beat == "1s").Select(one => one.End),
        ];

        // Neither user calls anything for many heartbeats, and every question is answered all the same. The clock stands while an answer is
        // due: an end asks again after every silent beat. After two beats an answer is in transit, and at three the end would give its peer
        // up.
        for (int i = 0; i < 40; i++)
        {
            clock.Advance(500.Milliseconds());
            await Until(
                () => asking.All(end => clock.GetElapsedTime(Assert.Single(end.Core.Links()).LastHeard) <= 2.Seconds()),
                "the peer has answered");
        }

        Assert.Single(pair.Peers);
        other.Send("here"u8);
        using Message message = pair.Receive();
        Assert.Equal("here", message.Text);
    }

    [Fact]
    public async Task A_silent_peer_is_pinged_twice_before_it_is_given_up_even_if_the_timer_is_late()
    {
        SkipUnless(Transport.RawSocketType is not null, "no raw socket reaches it");

        ManualClock clock = new();
        Hub hub = Track(await Hub.BindAsync(NewPlace("heartbeat=1s"), new HubOptions { TimeProvider = clock }));
        using RawPeer raw = await OnThread(() => RawPeer.Introduce(Transport, hub.Address, "Pair"));
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());

        // As if this process itself had been stopped: it may not blame the peer for that.
        clock.Advance(1.Seconds());
        clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Single(hub.Clients);
        clock.Advance(1.Seconds());
        Assert.Single(hub.Clients);
        clock.Advance(1.Seconds());
        Assert.Equal(CloseReason.Heartbeat, Assert.IsType<HubEvent.Left>(hub.NextEvent()).Reason);
        List<byte> heard = [];
        byte? told = null;
        await OnThread(() =>
        {
            while (raw.Read() is { } frame)
            {
                heard.Add(frame.Kind);
                told = frame.Body.Length > 0 ? frame.Body[0] : null;
            }
        });
        Assert.Equal([12, 12, 14], heard);
        Assert.Equal((byte)CloseReason.Heartbeat, told);
    }

    [Fact]
    public async Task The_first_ping_follows_after_one_heartbeat_and_the_end_after_three()
    {
        SkipUnless(Transport.RawSocketType is not null, "no raw socket reaches it");

        ManualClock clock = new();
        Hub hub = Track(await Hub.BindAsync(NewPlace("heartbeat=1s"), new HubOptions { TimeProvider = clock }));
        using RawPeer raw = await OnThread(() => RawPeer.Introduce(Transport, hub.Address, "Pair"));
        HubClient client = Assert.IsType<HubEvent.Joined>(hub.NextEvent()).Client;

        // A message arrives halfway between two beats: the silence counts from there.
        clock.Advance(500.Milliseconds());
        raw.Send(1, "here"u8.ToArray());
        Assert.IsType<HubEvent.Said>(hub.NextEvent()).Message.Dispose();
        await HeardAsync();
        clock.Advance(999.Milliseconds());
        raw.Send(12, []);
        Assert.Equal(13, (await OnThread(() => Past(raw, 11)))!.Value.Kind);
        await HeardAsync();
        clock.Advance(1.Seconds());
        Assert.Equal(12, (await OnThread(() => Past(raw, 11)))!.Value.Kind);
        clock.Advance(1_999.Milliseconds());
        Assert.True(client.IsConnected);
        clock.Advance(1.Milliseconds());
        Assert.Equal(CloseReason.Heartbeat, Assert.IsType<HubEvent.Left>(hub.NextEvent()).Reason);

        // The answer may be there before its arrival is recorded.
        Task HeardAsync() => Until(() => Assert.Single(hub.Core.Links()).LastHeard == clock.GetTimestamp(), "it has been heard");
    }

    /// <summary>Returns the next frame of another kind.</summary>
    private static (byte Kind, byte Flags, byte[] Body)? Past(RawPeer raw, byte kind)
    {
        (byte Kind, byte Flags, byte[] Body)? frame;
        do
        {
            frame = raw.Read();
        }
        while (frame?.Kind == kind);
        return frame;
    }

    [Fact]
    public async Task A_network_transport_has_a_heartbeat_by_default_and_a_local_transport_has_none()
    {
        SkipUnless(Transport.RawSocketType is not null, "no raw socket reaches it");

        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        using RawPeer raw = new(Transport.ConnectRaw(receiver.Address));
        Track(raw);
        raw.SayHello("Sender");
        (_, _, byte[] body) = (await OnThread(raw.Read))!.Value;

        Assert.Equal(Transport.IsNetwork ? 10_000u : 0u, System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(12)));
    }
}
