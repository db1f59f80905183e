using System.Net.Sockets;
using System.Text;
using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// Peers that send garbage, stop in the middle, or break the rules: each is told and disconnected, the endpoint survives, and all others
/// are still served. The frames are numbers here, not names: the test is of the bytes.
/// </summary>
public abstract partial class HostileContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    private const byte Send = 1;
    private const byte Deliver = 2;
    private const byte Receipt = 3;
    private const byte Request = 4;
    private const byte Reply = 5;
    private const byte Error = 6;
    private const byte Cancel = 7;
    private const byte Publish = 8;
    private const byte Subscribe = 9;
    private const byte Ack = 11;
    private const byte Ping = 12;
    private const byte Pong = 13;
    private const byte Close = 14;

    private const byte ProtocolError = 2;
    private const byte Limit = 5;

    public static TheoryData<string, byte[]> Garbage =>
        new()
        {
            { "nothing, and the end", [] },
            { "one byte", [0] },
            { "a web request", Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") },
            { "zeros", new byte[100] },
            { "ones", [.. Enumerable.Repeat((byte)255, 5_000)] },
            {
                "half a hello",
                [
                    0,
                    0,
                    0,
                    46,
                    (byte)'H',
                    0,
                    0,
                    0,
                    (byte)'F',
                    (byte)'A',
                    (byte)'I',
                    (byte)'R',
                    (byte)'L',
                    (byte)'E',
                    (byte)'A',
                    (byte)'D',
                    0,
                    1,
                ]
            },
            {
                "a hello that is too long",
                [
                    255,
                    255,
                    255,
                    255,
                    (byte)'H',
                    0,
                    0,
                    0,
                    (byte)'F',
                    (byte)'A',
                    (byte)'I',
                    (byte)'R',
                    (byte)'L',
                    (byte)'E',
                    (byte)'A',
                    (byte)'D',
                ]
            },
            {
                "a hello that is too short",
                [0, 0, 0, 1, (byte)'H', 0, 0, 0, (byte)'F', (byte)'A', (byte)'I', (byte)'R', (byte)'L', (byte)'E', (byte)'A', (byte)'D', 1]
            },
            {
                "a hello whose text reaches too far",
                [
                    0,
                    0,
                    0,
                    38,
                    (byte)'H',
                    0,
                    0,
                    0,
                    (byte)'F',
                    (byte)'A',
                    (byte)'I',
                    (byte)'R',
                    (byte)'L',
                    (byte)'E',
                    (byte)'A',
                    (byte)'D',
                    .. new byte[36],
                    1,
                    1,
                ]
            },
            { "a message before the hello", [0, 0, 0, 0, Send, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] },
            {
                "a welcome from the wrong side",
                [
                    0,
                    0,
                    0,
                    38,
                    (byte)'W',
                    0,
                    0,
                    0,
                    (byte)'F',
                    (byte)'A',
                    (byte)'I',
                    (byte)'R',
                    (byte)'L',
                    (byte)'E',
                    (byte)'A',
                    (byte)'D',
                    .. new byte[38],
                ]
            },
        };

    [Theory]
    [MemberData(nameof(Garbage))]
    public async Task Garbage_instead_of_a_handshake_harms_no_other_peer(string what, byte[] bytes)
    {
        Output.WriteLine(what);
        await using Witness witness = await WitnessAsync();
        using RawPeer raw = Track(new RawPeer(Transport.ConnectRaw(witness.Receiver.Address)));

        raw.SendBytes(bytes);
        raw.Socket.Shutdown(SocketShutdown.Send);

        await OnThread(() => Assert.Null(raw.ReadToEnd()));
        await witness.IsServedAsync();
    }

    [Theory]
    [MemberData(nameof(Garbage))]
    public async Task Garbage_instead_of_a_welcome_fails_the_connect(string what, byte[] bytes)
    {
        (Socket listener, Address address) = Transport.ListenRaw();
        using Socket _ = listener;
        Task<Sender> connecting = Sender.ConnectAsync(address).AsTask();
        using RawPeer raw = Track(new RawPeer(await listener.AcceptAsync()));

        raw.SendBytes(bytes);
        raw.Socket.Shutdown(SocketShutdown.Send);

        FairleadException error = await Assert.ThrowsAsync<FairleadException>(() => connecting);
        Output.WriteLine($"{what}: {error.Code}: {error.Message}");
        Assert.True(error.Code is ErrorCode.Corrupt or ErrorCode.PeerGone or ErrorCode.TooLarge or ErrorCode.Incompatible, error.Message);
    }

    [Fact]
    public async Task A_peer_of_a_later_version_is_refused_with_both_versions_named()
    {
        await using Witness witness = await WitnessAsync();
        using RawPeer raw = Track(new RawPeer(Transport.ConnectRaw(witness.Receiver.Address)));

        raw.SayHello("Sender", lowest: 2, highest: 7);

        (byte kind, _, byte[] body) = (await OnThread(raw.Read))!.Value;
        string text = Encoding.UTF8.GetString(body);
        Output.WriteLine(text);
        Assert.Equal('R', (char)kind);
        Assert.Equal((byte)ErrorCode.Incompatible, body[5]);
        Assert.Contains("1 to 1", text, StringComparison.Ordinal);
        Assert.Contains("2 to 7", text, StringComparison.Ordinal);
        await OnThread(() => Assert.Null(raw.Read()));
        await witness.IsServedAsync();
    }

    [Fact]
    public async Task A_server_of_a_later_version_fails_the_connect_with_both_versions_named()
    {
        foreach (char answer in "WR")
        {
            (Socket listener, Address address) = Transport.ListenRaw();
            using Socket _ = listener;
            Task<Sender> connecting = Sender.ConnectAsync(address).AsTask();
            using RawPeer raw = Track(new RawPeer(await listener.AcceptAsync()));
            raw.SayHello(
                "Receiver", lowest: 3, highest: 4, kind: answer, text: "versions 3 to 4 are spoken here, and the peer speaks 1 to 1");

            FairleadException error = await Assert.ThrowsAsync<FairleadException>(() => connecting);
            Output.WriteLine(error.Message);
            Assert.Equal(answer == 'W' ? ErrorCode.Incompatible : ErrorCode.Unavailable, error.Code);
            Assert.Contains("1 to 1", error.Message, StringComparison.Ordinal);
            Assert.Contains("3 to 4", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_later_version_that_supports_this_one_is_accepted_with_its_additions()
    {
        await using Witness witness = await WitnessAsync();
        using RawPeer raw = Track(new RawPeer(Transport.ConnectRaw(witness.Receiver.Address)));
        raw.SayHello("Sender", lowest: 1, highest: 9, behind: [1, 2, 3, 4, 5]);
        Assert.Equal('W', (char)(await OnThread(raw.Read))!.Value.Kind);

        // Flags and header fields that this version does not know are ignored.
        raw.Send(Send, "new"u8.ToArray(), flags: 0xF8, head: [200, 0, 2, 7, 7, 201, 0, 0]);
        using Message message = await witness.Receiver.ReceiveAsync();
        Assert.Equal("new", message.Text);
        await witness.IsServedAsync();
    }

    [Fact]
    public async Task A_connection_without_a_handshake_ends_after_the_handshake_timeout()
    {
        ManualClock clock = new();
        Receiver receiver = Track(
            await Receiver.BindAsync(NewPlace(), new EndpointOptions { HandshakeTimeout = 1.Seconds(), TimeProvider = clock }));
        using RawPeer silent = Track(new RawPeer(Transport.ConnectRaw(receiver.Address)));
        Assert.Null(await MovingAsync(clock, OnThread(silent.Read)));
        Sender sender = Track(await Sender.ConnectAsync(Bare(receiver.Address)));
        sender.Send("x"u8);
        (await receiver.ReceiveAsync()).Dispose();

        (Socket listener, Address address) = Transport.ListenRaw();
        using Socket _ = listener;
        FairleadException error = await FailsAsync(
            ErrorCode.Timeout,
            async () => await Sender.ConnectAsync(address, new EndpointOptions { HandshakeTimeout = 100.Milliseconds() }));
        Output.WriteLine(error.Message);
        await OnThread(() =>
            Fails(ErrorCode.Timeout, () => Sender.Connect(address, new EndpointOptions { HandshakeTimeout = 100.Milliseconds() })));
        using CancellationTokenSource cancel = new(50.Milliseconds());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Sender.ConnectAsync(address, null, cancel.Token));
    }

    public static TheoryData<string, byte> Breaches => new()
    {
        { "a length beyond everything", ProtocolErrorOrLimit },
        { "a head that is longer than its frame", ProtocolError },
        { "a head whose field reaches beyond it", ProtocolError },
        { "an unknown kind", ProtocolError },
        { "a kind of this process alone", ProtocolError },
        { "a request to a receiver", ProtocolError },
        { "a published message to a receiver", ProtocolError },
        { "a second hello", ProtocolError },
        { "acknowledgements of what was never sent", ProtocolError },
        { "more messages than there is credit for", ProtocolError },
        { "more bytes than there is credit for", ProtocolError },
        { "a message after its own goodbye", ProtocolError },
    };

    [Fact]
    public async Task A_message_may_arrive_byte_by_byte()
    {
        await using Witness witness = await WitnessAsync();
        using RawPeer raw = RawPeer.Introduce(Transport, witness.Receiver.Address, "Sender");
        Track(raw);
        if (!Transport.KeepsBoundaries)
        {
            foreach (byte one in new byte[]
                {
                    0,
                    0,
                    0,
                    5,
                    Send,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    (byte)'b',
                    (byte)'y',
                    (byte)'t',
                    (byte)'e',
                    (byte)'s',
                })
            {
                raw.SendBytes([one]);
                await Task.Yield();
            }
        }
        else
        {
            raw.Send(Send, "bytes"u8.ToArray());
        }

        using Message message = await witness.Receiver.ReceiveAsync();
        Assert.Equal("bytes", message.Text);
    }

    [Fact]
    public async Task Many_hostile_peers_prevent_no_other_peer_from_being_served()
    {
        await using Witness witness = await WitnessAsync();
        Random random = NewRandom();
        RawPeer[] crowd = [.. Enumerable.Range(0, 150).Select(_ => new RawPeer(Transport.ConnectRaw(witness.Receiver.Address)))];
        foreach (RawPeer raw in crowd)
        {
            byte[] bytes = new byte[random.Next(1, 300)];
            random.NextBytes(bytes);
            try
            {
                if (random.Next(2) == 0)
                {
                    raw.SayHello("Sender");
                }

                raw.SendBytes(bytes);
                if (random.Next(2) == 0)
                {
                    raw.Dispose();
                }
            }
            catch (SocketException)
            {
                // Already disconnected.
            }
        }

        await witness.IsServedAsync(skipOthers: true);
        foreach (RawPeer raw in crowd)
        {
            raw.Dispose();
        }

        await Until(() => witness.Receiver.Peers.Count == 1, "only the witness is left");
        await witness.IsServedAsync(skipOthers: true);
    }

    private async Task<Witness> WitnessAsync(string options = "")
    {
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace(options)));
        Address there = Bare(receiver.Address);
        return new Witness(receiver, there, Track(await Sender.ConnectAsync(there)));
    }

    /// <summary>An endpoint with one well-behaved peer, which must be served whatever others do.</summary>
    private sealed class Witness(Receiver receiver, Address there, Sender good) : IAsyncDisposable
    {
        public Receiver Receiver => receiver;

        public async Task IsServedAsync(bool skipOthers = false)
        {
            await ServesAsync(good, skipOthers);
            await using Sender next = await Sender.ConnectAsync(there);
            await ServesAsync(next, skipOthers);
        }

        public ValueTask DisposeAsync()
        {
            good.Dispose();
            receiver.Dispose();
            return default;
        }

        private async Task ServesAsync(Sender sender, bool skipOthers)
        {
            ValueTask<Delivery> delivering = sender.DeliverAsync("good"u8);
            while (true)
            {
                using Message message = await receiver.ReceiveAsync();
                if (!skipOthers || message.Text == "good")
                {
                    Assert.Equal("good", message.Text);
                    message.Accept();
                    break;
                }
            }

            Assert.True((await delivering).IsDelivered);
        }
    }
}
