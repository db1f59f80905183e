using System.Text;
using Fairlead.Framing;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Hostile;

/// <summary>
/// Peers that break the protocol over raw sockets. Each time the offender is told why, or its connection ends; the endpoint and its other
/// peers are unaffected, and no descriptor leaks.
/// </summary>
public abstract partial class HostilePeerTests(TransportUnderTest transport, ITestOutputHelper output) : HostileContract(transport, output)
{
    /// <summary>Breaches of the protocol after a valid handshake with a Receiver, and the reported reason.</summary>
    public static TheoryData<string, string, CloseReason> Offences => new()
    {
        { "length", "at most 5000 are accepted", CloseReason.Limit },
        { "length-4g", "at most 5000 are accepted", CloseReason.Limit },
        { "head", "head is longer than the frame", CloseReason.ProtocolError },
        { "head-field", "a head field extends beyond its head", CloseReason.ProtocolError },
        { "kind-unknown", "unknown kind 99", CloseReason.ProtocolError },
        { "kind-inner", "unknown kind 240", CloseReason.ProtocolError },
        { "kind-zero", "unknown kind 0", CloseReason.ProtocolError },
        { "kind-not-allowed", "a Receiver does not accept", CloseReason.ProtocolError },
        { "hello-again", "unknown kind 72", CloseReason.ProtocolError },
        { "after-close", "after it had closed", CloseReason.ProtocolError },
        { "ack", "acknowledged messages that were never sent", CloseReason.ProtocolError },
        { "ack-huge", "acknowledged messages that were never sent", CloseReason.ProtocolError },
        { "credit-messages", "more than its credit", CloseReason.ProtocolError },
        { "credit-bytes", "more than its credit", CloseReason.ProtocolError },
    };

    [Theory]
    [MemberData(nameof(Offences))]
    public async Task A_peer_that_breaks_the_protocol_gets_the_reason_and_affects_no_other(string offence, string text, CloseReason reason)
    {
        await using Receiver receiver = Track(Receiver.Bind(NewPlace(), Patient));
        await using Sender good = Track(await Sender.ConnectAsync(Bare(receiver.Address)));
        using RawPeer peer = Connect(receiver);
        await peer.ShakeAsync(PatternKind.Sender);

        await peer.TrySendAsync(Offence(offence));

        (MessageHeader header, byte[] body)? last = await peer.ReadToEndAsync();
        Assert.NotNull(last);
        Assert.Equal((MessageKind.Close, MessageFlags.None), (last.Value.header.Kind, last.Value.header.Flags));
        Assert.Equal(reason, (CloseReason)last.Value.body[0]);
        Assert.Contains(text, Encoding.UTF8.GetString(last.Value.body, 1, last.Value.body.Length - 1), StringComparison.Ordinal);
        await Until(() => receiver.Peers.Count == 1, "the offender is gone");
        await good.SendAsync("still here"u8.ToArray());
        Assert.Equal("still here", await TextBehindOthersAsync(receiver));
    }

    [Fact]
    public async Task A_later_version_only_is_refused_with_both_ranges()
    {
        await using Receiver receiver = Track(Receiver.Bind(NewPlace(), Patient));
        using RawPeer peer = Connect(receiver);

        await peer.SendAsync(RawPeer.Hello(PatternKind.Sender, lowest: 7, highest: 9));

        Handshake refusal = await RefusalAsync(peer);
        Assert.Equal(ErrorCode.Incompatible, refusal.Error);
        Assert.Contains("versions 1 to 1", refusal.Text, StringComparison.Ordinal);
        Assert.Contains("7 to 9", refusal.Text, StringComparison.Ordinal);
        Assert.Equal((1, 1), (refusal.Lowest, refusal.Highest));
        await StillServesAsync(receiver);
    }

    [Fact]
    public async Task A_range_of_versions_that_extends_beyond_ours_is_accepted()
    {
        await using Receiver receiver = Track(Receiver.Bind(NewPlace(), Patient));
        using RawPeer peer = Connect(receiver);
        await peer.SendAsync(RawPeer.Hello(PatternKind.Sender, lowest: 1, highest: 9));
        Assert.Equal(MessageKind.Welcome, (await peer.ReadAsync())!.Value.Header.Kind);
    }

    [Theory]
    [InlineData((byte)4, "cannot talk to a Responder")]
    [InlineData((byte)77, "cannot talk to a 77")]
    [InlineData((byte)0, "cannot talk to a 0")]
    public async Task A_wrong_pattern_is_refused(byte pattern, string text)
    {
        await using Receiver receiver = Track(Receiver.Bind(NewPlace(), Patient));
        using RawPeer peer = Connect(receiver);

        await peer.SendAsync(RawPeer.Hello((PatternKind)pattern));

        Handshake refusal = await RefusalAsync(peer);
        Assert.Equal(ErrorCode.Incompatible, refusal.Error);
        Assert.Contains(text, refusal.Text, StringComparison.Ordinal);
        await StillServesAsync(receiver);
    }

    /// <summary>No answer is possible: the peer may not speak Fairlead's protocol.</summary>
    [Theory]
    [InlineData("http")]
    [InlineData("zeros")]
    [InlineData("noise")]
    [InlineData("welcome")]
    [InlineData("no-magic")]
    [InlineData("send-first")]
    [InlineData("hello-too-short")]
    [InlineData("hello-too-long")]
    [InlineData("hello-text-too-long")]
    public async Task Bytes_that_are_no_handshake_end_the_connection(string first)
    {
        await using Receiver receiver = Track(Receiver.Bind(NewPlace(), Patient));
        using RawPeer peer = Connect(receiver);

        await peer.TrySendAsync(NoHandshake(first, NewRandom()));

        Assert.Null(await peer.ReadToEndAsync());
        await StillServesAsync(receiver);
    }

    [Fact]
    public async Task Answers_and_cancellations_for_unknown_ids_are_ignored()
    {
        await using Receiver receiver = Track(Receiver.Bind(NewPlace(), Patient));
        using RawPeer peer = Connect(receiver);
        await peer.ShakeAsync(PatternKind.Sender);

        foreach (uint id in new uint[] { 0, 1, 77, uint.MaxValue })
        {
            await peer.SendAsync(
                RawPeer.Frame(MessageKind.Receipt, [0], id),
                RawPeer.Frame(MessageKind.Receipt, [], id),
                RawPeer.Frame(MessageKind.Reply, "nobody asked"u8, id),
                RawPeer.Frame(MessageKind.Error, [200, 0xFF], id),
                RawPeer.Frame(MessageKind.Cancel, [], id),
                RawPeer.Frame(MessageKind.Pong, [], id),
                RawPeer.Frame(MessageKind.Ack, [], id),
                RawPeer.Frame(MessageKind.Unsubscribe, [0xFF, 0xFE], id));
        }

        await peer.SendAsync(RawPeer.Frame(MessageKind.Send, "still welcome"u8));
        using Message message = await receiver.ReceiveAsync();
        Assert.Equal("still welcome", message.Text);
    }

    [Theory]
    [InlineData((byte)200)]
    [InlineData((byte)6)]
    [InlineData((byte)7)]
    public async Task A_close_with_an_unknown_reason_is_a_close(byte reason)
    {
        await using Hub hub = Track(Hub.Bind(NewPlace()));
        using RawPeer peer = Connect(hub);
        await peer.ShakeAsync(PatternKind.Pair);
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());

        await peer.SendAsync(RawPeer.Frame(MessageKind.Close, [reason], flags: MessageFlags.Final));

        HubEvent.Left left = Assert.IsType<HubEvent.Left>(hub.NextEvent());
        Assert.Equal(CloseReason.ClosedByPeer, left.Reason);
    }

    [Fact]
    public async Task A_hub_serves_its_clients_while_one_client_breaks_the_protocol()
    {
        await using Hub hub = Track(Hub.Bind(NewPlace(), new HubOptions()));
        await using Pair good = Track(await Pair.ConnectAsync(Bare(hub.Address)));
        using RawPeer peer = Connect(hub);
        await peer.ShakeAsync(PatternKind.Pair);
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        HubEvent.Joined offender = Assert.IsType<HubEvent.Joined>(hub.NextEvent());

        await peer.SendAsync(RawPeer.Frame(MessageKind.Send, "last words"u8), RawPeer.Frame((MessageKind)99, []));

        HubEvent.Said said = Assert.IsType<HubEvent.Said>(hub.NextEvent());
        Assert.Equal("last words", said.Message.Text);
        said.Message.Dispose();
        HubEvent.Left left = Assert.IsType<HubEvent.Left>(hub.NextEvent());
        Assert.Equal((offender.Client.Number, CloseReason.ProtocolError), (left.Client.Number, left.Reason));
        Assert.Equal(1, hub.Broadcast("to all"u8));
        using Message message = await good.ReceiveAsync();
        Assert.Equal("to all", message.Text);
    }

    /// <summary>
    /// The peer counts the header fields too. A message that fits only without them is refused here; at the peer it would end the
    /// connection.
    /// </summary>
    [Fact]
    public async Task A_message_that_is_too_long_with_its_head_is_refused_before_it_is_sent()
    {
        await using Responder responder = Track(Responder.Bind(NewPlace(), Patient));
        Task serving = responder.RunAsync((request, _) => request.Memory);
        await using Requester requester = Track(await Requester.ConnectAsync(Bare(responder.Address)));

        await FailsAsync(ErrorCode.TooLarge, async () => await requester.RequestAsync(new byte[4_995], TimeSpan.FromMinutes(1)));
        using (Message reply = await requester.RequestAsync(new byte[5_000]))
        {
            Assert.Equal(5_000, reply.Length);
        }

        await responder.CloseAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving);
    }

    /// <summary>Longer than any array: no memory is allocated for it.</summary>
    [Theory]
    [InlineData(0x7FFFFFBFu)]
    [InlineData(0x7FFFFFFFu)]
    [InlineData(0xFFFFFFFFu)]
    public async Task A_length_beyond_all_memory_ends_only_its_connection(uint length)
    {
        await using Receiver receiver = Track(Receiver.Bind(NewPlace(), Patient with { MaxMessageBytes = int.MaxValue }));
        using RawPeer peer = Connect(receiver);
        await peer.ShakeAsync(PatternKind.Sender);

        await peer.SendAsync(RawPeer.Frame(MessageKind.Send, [], length: length));

        (MessageHeader header, byte[] body)? last = await peer.ReadToEndAsync();
        Assert.Equal((MessageKind.Close, (byte)CloseReason.Limit), (last!.Value.header.Kind, last.Value.body[0]));
        await StillServesAsync(receiver);
    }

    /// <summary>A limit of zero would cut a stream without framing into empty messages, forever.</summary>
    [Fact]
    public async Task A_limit_of_zero_is_a_limit_of_one_byte()
    {
        await using Receiver receiver = Track(Receiver.Bind(NewPlace("framing=none&maxmessage=0")));
        using RawPeer peer = Connect(receiver);
        await peer.SendAsync("ab"u8.ToArray());
        using Message first = await receiver.ReceiveAsync();
        using Message second = await receiver.ReceiveAsync();
        Assert.Equal("ab", first.Text + second.Text);
    }

    [Fact]
    public async Task A_refusal_with_an_invalid_code_and_text_is_an_ordinary_error()
    {
        (System.Net.Sockets.Socket listener, Address address) = Transport.ListenRaw();
        using (listener)
        {
            Task<Sender> connecting = Sender.ConnectAsync(address).AsTask();
            using RawPeer server = new(await listener.AcceptAsync());
            Assert.Equal(MessageKind.Hello, (await server.ReadAsync())!.Value.Header.Kind);
            byte[] body = new Handshake { Pattern = PatternKind.Receiver, Error = (ErrorCode)200, Text = "\u001b[31mno" }.Encode();
            await server.SendAsync(RawPeer.Frame(MessageKind.Refuse, body, Handshake.MagicHigh, Handshake.MagicLow));

            FairleadException error = await Assert.ThrowsAsync<FairleadException>(() => connecting);
            Assert.Equal(ErrorCode.Incompatible, error.Code);
        }
    }

    private static byte[] NoHandshake(string first, Random random)
    {
        byte[] hello = RawPeer.Hello(PatternKind.Sender);
        switch (first)
        {
            case "http":
                return "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray();
            case "zeros":
                return new byte[64];
            case "noise":
                byte[] noise = new byte[1_000];
                random.NextBytes(noise);
                return noise;
            case "welcome":
                hello[4] = (byte)MessageKind.Welcome;
                return hello;
            case "no-magic":
                hello[15]++;
                return hello;
            case "send-first":
                return RawPeer.Frame(MessageKind.Send, "hello"u8);
            case "hello-too-short":
                return RawPeer.Frame(MessageKind.Hello, new byte[10], Handshake.MagicHigh, Handshake.MagicLow);
            case "hello-too-long":
                return RawPeer.Frame(MessageKind.Hello, new byte[Handshake.LongestBody + 1], Handshake.MagicHigh, Handshake.MagicLow);
            default:
                hello[MessageHeader.Size + 36] = 0xFF;
                return hello;
        }
    }

    private static byte[][] Offence(string offence) =>
        offence switch
        {
            "length" => [RawPeer.Frame(MessageKind.Send, [], length: 5_001)],
            "length-4g" => [RawPeer.Frame(MessageKind.Send, [], length: uint.MaxValue)],
            "head" => [RawPeer.Frame(MessageKind.Send, new byte[10], headLength: 11)],
            "head-field" => [RawPeer.Frame(MessageKind.Send, [1, 0, 200, 1, 2], headLength: 5)],
            "kind-unknown" => [RawPeer.Frame((MessageKind)99, [])],
            "kind-inner" => [RawPeer.Frame(MessageKind.Joined, [])],
            "kind-zero" => [RawPeer.Frame(MessageKind.None, [])],
            "kind-not-allowed" => [RawPeer.Frame(MessageKind.Request, "?"u8, id: 1)],
            "hello-again" => [RawPeer.Frame(MessageKind.Hello, [])],
            "after-close" =>
            [
                RawPeer.Frame(MessageKind.Send, "one"u8),
                RawPeer.Frame(MessageKind.Close, [0], flags: MessageFlags.Final),
                RawPeer.Frame(MessageKind.Send, "two"u8),
            ],
            "ack" => [RawPeer.Frame(MessageKind.Ack, [], ack: 1)],
            "ack-huge" => [RawPeer.Frame(MessageKind.Send, "x"u8, ack: uint.MaxValue)],
            "credit-messages" => [.. Enumerable.Repeat(RawPeer.Frame(MessageKind.Send, []), 101)],
            "credit-bytes" => [.. Enumerable.Repeat(RawPeer.Frame(MessageKind.Send, new byte[4_000]), 3)],
            _ => throw new ArgumentOutOfRangeException(nameof(offence)),
        };

    private static async Task<Handshake> RefusalAsync(RawPeer peer)
    {
        (MessageHeader header, byte[] body)? last = await peer.ReadToEndAsync();
        Assert.NotNull(last);
        Assert.Equal(MessageKind.Refuse, last.Value.header.Kind);
        return Handshake.Decode(last.Value.header, last.Value.body);
    }
}
