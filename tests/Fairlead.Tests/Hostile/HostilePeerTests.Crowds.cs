using System.Text;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Tests.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Hostile;

/// <content>Peers that do not read, do not send, or come in crowds.</content>
public abstract partial class HostilePeerTests
{
    private const int ReplyLength = 60_000;

    [Fact]
    public async Task A_handshake_that_arrives_too_slowly_is_given_up_at_its_deadline()
    {
        ManualClock clock = new();
        await using Receiver receiver = Track(
            Receiver.Bind(NewPlace(), Patient with { HandshakeTimeout = 1.Seconds(), TimeProvider = clock }));
        using RawPeer peer = Connect(receiver);
        byte[] hello = RawPeer.Hello(PatternKind.Sender);

        // The deadline counts from the beginning, not from the last byte: it never gets to the end.
        Task<(MessageHeader, byte[])?> end = peer.ReadToEndAsync();
        for (int i = 0; i < hello.Length - 1 && await peer.TrySendAsync([hello[i]]); i++)
        {
            clock.Advance(50.Milliseconds());
        }

        Assert.Null(await MovingAsync(clock, end));
        await StillServesAsync(receiver);
    }

    [Fact]
    public async Task A_message_that_arrives_byte_by_byte_delays_no_other_sender()
    {
        await using Receiver receiver = Track(Receiver.Bind(NewPlace(), Patient));
        await using Sender good = Track(await Sender.ConnectAsync(Bare(receiver.Address)));
        using RawPeer peer = Connect(receiver);
        await peer.ShakeAsync(PatternKind.Sender);

        byte[] drip = RawPeer.Frame(MessageKind.Send, "drip"u8);
        for (int i = 0; i < drip.Length - 1; i++)
        {
            await peer.SendAsync([drip[i]]);
            await good.SendAsync(Encoding.UTF8.GetBytes($"{i}"));
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal($"{i}", message.Text);
        }

        // With its last byte it is an ordinary message; either of the two may come first.
        await peer.SendAsync([drip[^1]]);
        await good.SendAsync("last"u8);
        using Message one = await receiver.ReceiveAsync();
        using Message two = await receiver.ReceiveAsync();
        Assert.Equal(["drip", "last"], new[] { one.Text, two.Text }.Order());
    }

    /// <summary>The event that a client has connected is queued among its messages, but is not one: it takes no credit.</summary>
    [Theory]
    [InlineData(new[] { 100_000, 100_000 })]
    [InlineData(new[] { 0, 0, 0, 0 })]
    [InlineData(new[] { 4_000, 90, 6, 0 })]
    public async Task A_client_may_use_its_whole_credit_before_the_hub_reads_its_events(int[] lengths)
    {
        await using Hub hub = Track(Hub.Bind(NewPlace("messages=4&capacity=4096")));
        await using Pair client = Track(await Pair.ConnectAsync(Bare(hub.Address)));
        Assert.Equal(SendResult.Sent, client.TrySend(new byte[lengths[0]]));
        foreach (int length in lengths[1..])
        {
            await client.SendAsync(new byte[length].AsMemory());
        }

        await Until(() => hub.Statistics.QueueDepth == lengths.Length + 1, "all have arrived");
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        foreach (int length in lengths)
        {
            HubEvent.Said said = Assert.IsType<HubEvent.Said>(hub.NextEvent());
            Assert.Equal(length, said.Message.Length);
            said.Message.Dispose();
        }
    }

    /// <summary>The messages of a sender that reads no receipts are held back like all others, and are not lost when it leaves.</summary>
    [Fact]
    public async Task Messages_that_were_held_back_are_received_after_their_sender_disconnected()
    {
        const int Messages = 10;
        await using Receiver receiver = Track(Receiver.Bind(NewPlace(), Patient));
        RawPeer peer = Connect(receiver);
        await peer.ShakeAsync(PatternKind.Sender);
        await peer.SendAsync([.. Enumerable.Range(1, Messages).SelectMany(id => RawPeer.Frame(MessageKind.Send, [(byte)id], 0))]);
        await Until(() => receiver.Core.Links().Sum(link => link.LinkReceiver.InboundCount) == Messages, "all have been read");
        using CancellationTokenSource enough = new();
        byte[] pings = [.. Enumerable.Repeat(RawPeer.Frame(MessageKind.Ping, []), 4_000).SelectMany(ping => ping)];
        Link link = Assert.Single(receiver.Core.Links());
        Task flood = FloodAsync(peer, pings, enough.Token);
        await UntilFlooded(peer, () => link.Pause.IsHeldBack || link.State == LinkState.Down, "its messages are held back");
        Assert.True(link.State != LinkState.Down, $"The connection has ended: {link.End} {link.Failure}");
        Assert.False(receiver.TryReceive(out _));
        ValueTask<Message> first = receiver.ReceiveAsync();
        Assert.False(first.IsCompleted);

        await enough.CancelAsync();
        peer.Dispose();
        await flood;

        for (int i = 1; i <= Messages; i++)
        {
            using Message message = i == 1 ? await first : await receiver.ReceiveAsync();
            Assert.Equal([(byte)i], message.Memory.ToArray());
        }
    }

    /// <summary>
    /// A sender that wants a receipt must learn that its message was read: the acknowledgement is in transit, or the message waits.
    /// Otherwise the data before an end could report a message as undelivered that a receiver has.
    /// </summary>
    [Fact]
    public async Task A_message_with_a_receipt_is_not_handed_out_while_its_sender_cannot_be_notified()
    {
        await using Pair pair = Track(Pair.Bind(NewPlace(), Patient with { MaxUnreadBytes = 64_000_000 }));
        using RawPeer peer = Connect(pair);
        await peer.ShakeAsync(PatternKind.Pair, window: 64_000_000);
        await Until(() => pair.Peers.Count == 1, "it is here");
        byte[] large = new byte[ReplyLength];
        int sent = 0;

        // More than the kernel finally buffers, also for a TCP connection.
        while (Unwritten(pair) < 20_000_000)
        {
            Assert.Equal(SendResult.Sent, pair.TrySend(large));
            sent++;
        }

        await peer.SendAsync(RawPeer.Frame(MessageKind.Deliver, "x"u8, id: 1));
        await Until(() => pair.Core.Links().Sum(link => link.LinkReceiver.InboundCount) == 1, "it has been read");
        Assert.False(pair.TryReceive(out _));
        Task<Message> receiving = pair.ReceiveAsync().AsTask();
        Assert.False(receiving.IsCompleted);

        uint acknowledged = 0;
        for (int i = 0; i < sent || acknowledged == 0;)
        {
            Assert.True(acknowledged > 0 || !receiving.IsCompleted || Unwritten(pair) == 0);
            (MessageHeader header, _) = (await peer.ReadAsync())!.Value;
            i += header.Kind == MessageKind.Send ? 1 : 0;
            acknowledged = header.Ack;
        }

        using Message message = await receiving;
        Assert.Equal("x", message.Text);
        message.Accept();
        Assert.Equal(MessageKind.Receipt, (await peer.ReadAsync())!.Value.Header.Kind);
    }

    /// <summary>
    /// A receiver acknowledges a message before it hands it out. If the connection has been read to its end, an unacknowledged message has
    /// not been handed out, whatever the reason for the close.
    /// </summary>
    [Fact]
    public async Task A_message_that_the_peer_did_not_acknowledge_before_it_closed_is_not_delivered()
    {
        await using Pair pair = Track(Pair.Bind(NewPlace(), Patient));
        using RawPeer peer = Connect(pair);
        await peer.ShakeAsync(PatternKind.Pair);
        await Until(() => pair.Peers.Count == 1, "it is here");
        Task<Delivery> delivering = pair.DeliverAsync("x"u8.ToArray()).AsTask();
        Assert.Equal(MessageKind.Deliver, (await peer.ReadAsync())!.Value.Header.Kind);

        // Unread messages here keep the link until the end of the connection has been seen.
        byte[] close = RawPeer.Frame(MessageKind.Close, [(byte)CloseReason.Limit]);
        await peer.SendAsync([.. RawPeer.Frame(MessageKind.Send, "unread"u8), .. close]);
        peer.Dispose();

        Assert.Equal(DeliveryStatus.NotDelivered, (await delivering).Status);
    }

    /// <summary>A small limit only affects the peer that announces it.</summary>
    [Fact]
    public async Task The_other_clients_get_a_broadcast_that_one_client_is_too_small_for()
    {
        await using Hub hub = Track(Hub.Bind(NewPlace()));
        using RawPeer peer = Connect(hub);
        await peer.ShakeAsync(PatternKind.Pair, longest: 1);
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        await using Pair good = Track(await Pair.ConnectAsync(Bare(hub.Address)));
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());

        Assert.Equal(1, hub.Broadcast("to all"u8));

        using Message message = await good.ReceiveAsync();
        Assert.Equal("to all", message.Text);
        Assert.Equal(CloseReason.Limit, Assert.IsType<HubEvent.Left>(hub.NextEvent()).Reason);
        (MessageHeader header, byte[] body)? last = await peer.ReadToEndAsync();
        Assert.Equal((MessageKind.Close, (byte)CloseReason.Limit), (last!.Value.header.Kind, last.Value.body[0]));
    }

    [Fact]
    public async Task The_other_subscribers_get_a_message_that_one_subscriber_is_too_small_for()
    {
        await using Publisher publisher = Track(Publisher.Bind(NewPlace()));
        using RawPeer peer = Connect(publisher);
        await peer.ShakeAsync(PatternKind.Subscriber, longest: 1);
        await peer.SendAsync(RawPeer.Frame(MessageKind.Subscribe, ">"u8, id: 1));
        Assert.Equal(MessageKind.Receipt, (await peer.ReadAsync())!.Value.Header.Kind);
        await using Subscriber good = Track(await Subscriber.ConnectAsync(Bare(publisher.Address)));

        Assert.Equal(1, publisher.Publish("topic", "to all"));

        using Message message = await good.ReceiveAsync();
        Assert.Equal("to all", message.Text);
        Assert.Equal(1, publisher.Statistics.Dropped);
    }

    [Fact]
    public async Task Unread_answers_to_pings_do_not_pile_up()
    {
        await using Receiver receiver = Track(Receiver.Bind(NewPlace(), Patient));
        await using Sender good = Track(await Sender.ConnectAsync(Bare(receiver.Address)));
        using RawPeer peer = Connect(receiver);
        await peer.ShakeAsync(PatternKind.Sender);
        using CancellationTokenSource enough = new();
        byte[] pings = [.. Enumerable.Repeat(RawPeer.Frame(MessageKind.Ping, []), 4_000).SelectMany(ping => ping)];

        // It accepts everything until too many answers are queued; from then on the flood stands still.
        Task flood = FloodAsync(peer, pings, enough.Token);
        await UntilFlooded(peer, () => Unwritten(receiver) > 4_000_000, "the answers lie too high");
        for (int i = 0; i < 20; i++)
        {
            await good.SendAsync("between"u8.ToArray());
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal("between", message.Text);
        }

        Assert.InRange(Unwritten(receiver), 0, 6_000_000);
        await enough.CancelAsync();
        peer.Dispose();
        await flood;
    }

    private static long Unwritten(MessagingEndpoint endpoint) => endpoint.Core.Links().Sum(link => (long)link.Connection.Unflushed);

    /// <summary>Completes when a flood has led to the condition. Until then the peer reads a little of its answers.</summary>
    /// <remarks>
    /// A TCP receive buffer that overflows drops segments together with the acknowledgements in them. Then the peer's own data stops, too,
    /// and the endpoint has nothing to answer, until the peer has read. It reads little: its answers must stay unread.
    /// </remarks>
    private Task UntilFlooded(RawPeer peer, Func<bool> condition, string what)
    {
        byte[] little = new byte[1_024];
        return Until(
            () =>
            {
                if (condition())
                {
                    return true;
                }

                if (peer.Socket.Available > 0)
                {
                    _ = peer.Socket.Receive(little);
                }

                return false;
            },
            what);
    }

    private static async Task FloodAsync(RawPeer peer, byte[] frames, CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await peer.Socket.SendAsync(frames, System.Net.Sockets.SocketFlags.None, cancellationToken);
            }
        }
        catch (Exception exception)
            when (exception is System.Net.Sockets.SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The endpoint has disconnected it, or the test is over.
        }
    }
}
