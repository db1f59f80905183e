using System.Net;
using System.Net.Sockets;
using Fairlead.Transports;
using Fairlead.Transports.Udp;

namespace Fairlead.Tests.Transports.Udp;

/// <summary>How reliable sessions begin and end, and what does not open or end one.</summary>
[SlowRun]
public sealed class ReliableUdpTests(ITestOutputHelper output)
{
    private const string Place = "udp://127.0.0.1:0?reliable=true";

    [Fact]
    public async Task Both_ends_must_be_reliable_and_a_mismatch_is_refused()
    {
        await using Hub plainHub = await Hub.BindAsync("udp://127.0.0.1:0");
        await using Receiver plainReceiver = await Receiver.BindAsync("udp://127.0.0.1:0");
        foreach (MessagingEndpoint plain in new MessagingEndpoint[] { plainHub, plainReceiver })
        {
            FairleadException refused = await Assert.ThrowsAsync<FairleadException>(async () =>
                await Pair.ConnectAsync(plain.Address.With("reliable", "true")));
            output.WriteLine(refused.Message);
            Assert.Equal(ErrorCode.Incompatible, refused.Code);
        }

        await using Hub hub = await Hub.BindAsync(Place);
        await using Pair pair = await Pair.ConnectAsync($"udp://127.0.0.1:{hub.Address.Port}");
        await pair.SendAsync("hello"u8);
        FairleadException told = await Assert.ThrowsAsync<FairleadException>(async () => await pair.ReceiveAsync());
        output.WriteLine(told.Message);
        Assert.Equal(ErrorCode.Incompatible, told.Code);
        Assert.Empty(hub.Clients);
    }

    [Theory]
    [InlineData("udp://239.1.2.3:5999?reliable=true")]
    [InlineData("udp://[ff15::1]:5999?reliable=true")]
    [InlineData("udp://127.0.0.1:0?reliable=true&broadcast=true")]
    [InlineData("udp://127.0.0.1:0?reliable=true&ttl=1")]
    [InlineData("udp://127.0.0.1:0?reliable=true&idle=1s")]
    [InlineData("udp://127.0.0.1:0?reliable=true&framing=none")]
    public async Task Group_and_broadcast_addresses_and_foreign_framing_cannot_be_reliable(string address)
    {
        foreach (
            Func<Task> open in new Func<Task>[] { async () => await Pair.BindAsync(address), async () => await Pair.ConnectAsync(address) })
        {
            FairleadException refused = await Assert.ThrowsAsync<FairleadException>(open);
            output.WriteLine(refused.Message);
            Assert.Equal(ErrorCode.NotSupported, refused.Code);
        }
    }

    [Fact]
    public async Task The_refusal_of_an_unreliable_requester_names_the_option_reliable()
    {
        FairleadException refused = await Assert.ThrowsAsync<FairleadException>(async () =>
            await Requester.ConnectAsync("udp://127.0.0.1:9"));
        Assert.Equal(ErrorCode.NotSupported, refused.Code);
        Assert.Contains("?reliable=true", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_does_not_return_its_cookie_opens_no_session()
    {
        await using Hub hub = await Hub.BindAsync(Place);
        IPEndPoint place = new(IPAddress.Loopback, hub.Address.Port!.Value);
        for (int i = 0; i < 100; i++)
        {
            using Socket raw = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            raw.Connect(place);
            byte[] hello = Control(ReliableKind.Hello, (ulong)i);
            raw.Send(hello);
            byte[] answer = new byte[2_000];
            int length = raw.Receive(answer);
            Assert.True(
                ReliableControl.TryRead(answer.AsSpan(0, length), out ReliableControl cookie)
                    && cookie.Kind == ReliableKind.Cookie
                    && cookie.Token == (ulong)i);
            Assert.True(length <= hello.Length);

            // One cookie created for another address, and one invented.
            using Socket other = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            other.Connect(place);
            byte[] open = new byte[ReliableControl.Size];
            (cookie with { Kind = ReliableKind.Open, Number = 1_200, Window = 10 }).Write(open);
            other.Send(open);
            (cookie with { Kind = ReliableKind.Open, Number = 1_200, Window = 10, Cookie = cookie.Cookie + 1 }).Write(open);
            raw.Send(open);
        }

        await using Pair pair = await Pair.ConnectAsync(hub.Address);
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        Assert.Single(hub.Clients);
        await pair.SendAsync("sound"u8);
        Assert.IsType<HubEvent.Said>(hub.NextEvent()).Message.Dispose();
        Assert.Equal(200, hub.Statistics.Dropped);
    }

    [Fact]
    public async Task Garbage_and_forgeries_are_counted_and_change_nothing()
    {
        await using Hub hub = await Hub.BindAsync(Place);
        using LossyRelay relay = new(hub.Address, seed: 1, trouble: 0);
        await using Pair pair = await Pair.ConnectAsync(relay.Address);
        pair.Send("first"u8);
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        Assert.IsType<HubEvent.Said>(hub.NextEvent()).Message.Dispose();
        Random random = new(2);
        for (int i = 0; i < 100; i++)
        {
            byte[] garbage = new byte[random.Next(0, 200)];
            random.NextBytes(garbage);
            relay.Inject(garbage);
        }

        byte[] whole = relay.Recorded.Last();
        ulong session = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(whole);
        byte[] forged = new byte[ReliableHeader.Size];

        // A truncated datagram, one of another session, one that acknowledges unsent data, and the end of another session.
        relay.Inject(whole[..(ReliableHeader.Size - 1)]);
        new ReliableHeader(session + 1, 0, 0, 0, 10, ReliableFlags.Segment | ReliableFlags.End).Write(forged);
        relay.Inject(forged);
        new ReliableHeader(session, 0, 1_000_000, 0, 10, ReliableFlags.None).Write(forged);
        relay.Inject(forged);
        byte[] reset = new byte[ReliableControl.Size];
        relay.Inject(reset[..new ReliableControl { Kind = ReliableKind.Reset, Token = session + 1 }.Write(reset)]);

        for (int i = 0; i < 10; i++)
        {
            pair.Send(Payload.Make(i, 100));
            using Message message = Assert.IsType<HubEvent.Said>(hub.NextEvent()).Message;
            Assert.Equal(i, Payload.Check(message.Span).Number);
        }

        Assert.Equal(104, hub.Statistics.Dropped);
        Assert.Single(hub.Clients);
    }

    [Fact]
    public async Task Repeated_datagrams_of_an_ended_session_open_no_session()
    {
        await using Hub hub = await Hub.BindAsync(Place);
        using LossyRelay relay = new(hub.Address, seed: 1, trouble: 0);
        await using (Pair pair = await Pair.ConnectAsync(relay.Address))
        {
            pair.Send("once"u8);
            Assert.IsType<HubEvent.Joined>(hub.NextEvent());
            Assert.IsType<HubEvent.Said>(hub.NextEvent()).Message.Dispose();
        }

        Assert.IsType<HubEvent.Left>(hub.NextEvent());
        for (int i = 0; i < 5; i++)
        {
            relay.Repeat();
        }

        await using Pair next = await Pair.ConnectAsync(hub.Address);
        next.Send("next"u8);
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        using Message message = Assert.IsType<HubEvent.Said>(hub.NextEvent()).Message;
        Assert.Equal("next", message.Text);
        Assert.Single(hub.Clients);
    }

    [Fact]
    public async Task A_new_client_at_the_same_port_replaces_the_old_session()
    {
        await using Hub hub = await Hub.BindAsync(Place);
        using LossyRelay relay = new(hub.Address, seed: 1, trouble: 0) { SharesSource = true };
        await using PeerProcess first = PeerProcess.Start("pair", "connect", relay.Address.ToString());
        await first.AnswerAsync();
        HubClient old = Assert.IsType<HubEvent.Joined>(hub.NextEvent()).Client;
        await first.KillAsync();

        await using Pair second = await Pair.ConnectAsync(relay.Address);
        second.Send("again"u8);
        List<HubEvent> events = [hub.NextEvent()!, hub.NextEvent()!, hub.NextEvent()!];
        HubEvent.Left left = Assert.Single(events.OfType<HubEvent.Left>());
        Assert.Equal((old, CloseReason.PeerDied), (left.Client, left.Reason));
        Assert.NotEqual(old, Assert.Single(events.OfType<HubEvent.Joined>()).Client);
        using Message message = Assert.Single(events.OfType<HubEvent.Said>()).Message;
        Assert.Equal("again", message.Text);
        hub.Send(Assert.Single(hub.Clients), "welcome"u8);
        using Message answer = second.Receive();
        Assert.Equal("welcome", answer.Text);
    }

    [Fact]
    public async Task Silence_is_noticed_by_both_ends()
    {
        await using Hub hub = await Hub.BindAsync($"{Place}&heartbeat=100ms");
        using LossyRelay relay = new(hub.Address, seed: 1, trouble: 0);
        await using Pair pair = await Pair.ConnectAsync(relay.Address.With("heartbeat", "100ms"));
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        relay.IsCut = true;

        Assert.Equal(CloseReason.Heartbeat, Assert.IsType<HubEvent.Left>(hub.NextEvent()).Reason);
        FairleadException gone = await Assert.ThrowsAsync<FairleadException>(async () => await pair.ReceiveAsync());
        Assert.Equal(ErrorCode.PeerGone, gone.Code);
    }

    [Fact]
    public async Task All_addresses_of_a_name_are_tried_until_one_answers()
    {
        await using Hub hub = await Hub.BindAsync(Place);
        EndpointSettings settings = EndpointSettings.From(hub.Address, null, PatternKind.Pair, BuiltInTransports.Find(hub.Address));
        IPEndPoint deserted = new(IPAddress.Parse("127.0.0.2"), hub.Address.Port!.Value);
        IPEndPoint served = new(IPAddress.Loopback, hub.Address.Port!.Value);

        using Connection connection = await UdpTransport.ConnectReliablyAsync(hub.Address, [deserted, served], settings, default);

        Assert.Equal(served.ToString(), connection.Peer.RemoteAddress);
        FairleadException refused = await Assert.ThrowsAsync<FairleadException>(async () =>
            await UdpTransport.ConnectReliablyAsync(hub.Address, [deserted, new(IPAddress.Parse("127.0.0.3"), 1)], settings, default));
        output.WriteLine(refused.Message);
        Assert.Equal(ErrorCode.NotFound, refused.Code);
        Assert.Contains("127.0.0.2", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_address_of_a_name_leaves_time_to_the_next()
    {
        await using Hub hub = await Hub.BindAsync(Place);
        Address address = hub.Address;
        EndpointSettings settings = EndpointSettings.From(address, null, PatternKind.Pair, BuiltInTransports.Find(address));
        using Socket silent = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        IPEndPoint served = new(IPAddress.Loopback, address.Port!.Value);

        using Connection connection = await UdpTransport.ConnectReliablyAsync(
            address, [(IPEndPoint)silent.LocalEndPoint!, served], settings, default);

        Assert.Equal(served.ToString(), connection.Peer.RemoteAddress);
    }

    private static byte[] Control(ReliableKind kind, ulong token)
    {
        byte[] datagram = new byte[ReliableControl.Size];
        new ReliableControl { Kind = kind, Number = 1_200, Window = 10, Token = token }.Write(datagram);
        return datagram;
    }
}
