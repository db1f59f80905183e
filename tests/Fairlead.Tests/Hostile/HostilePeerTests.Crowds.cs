using System.Text;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Hostile;

/// <content>Peers that do not read, do not speak, or come in crowds.</content>
public abstract partial class HostilePeerTests
{
    private const int ReplyLength = 60_000;
    private const int Requests = 300;
    private const int Handlers = 4;
    private const int RequestsEach = 2;

    // Twice what the kernel takes of a connection over TCP, and more.
    private static readonly byte[] LongAnswer = new byte[16 * 1024 * 1024];

    [Fact]
    public async Task A_handshake_that_drips_is_given_up_at_its_deadline()
    {
        ManualClock clock = new();
        await using Receiver receiver = Track(Receiver.Bind(NewPlace(), Patient with { HandshakeTimeout = 1.Seconds(), TimeProvider = clock }));
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
    public async Task A_message_that_drips_holds_up_nobody()
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

        // With its last byte it is a message like another; which of the two comes first is open.
        await peer.SendAsync([drip[^1]]);
        await good.SendAsync("last"u8);
        using Message one = await receiver.ReceiveAsync();
        using Message two = await receiver.ReceiveAsync();
        Assert.Equal(["drip", "last"], new[] { one.Text, two.Text }.Order());
    }

    /// <summary>The coming of a client stands among its messages, and is none: it takes no credit.</summary>
    [Theory]
    [InlineData(new[] { 100_000, 100_000 })]
    [InlineData(new[] { 0, 0, 0, 0 })]
    [InlineData(new[] { 4_000, 90, 6, 0 })]
    public async Task A_client_may_use_its_whole_credit_before_the_hub_looks(int[] lengths)
    {
        await using Hub hub = Track(Hub.Bind(NewPlace("messages=4&capacity=4096")));
        await using Pair client = Track(await Pair.ConnectAsync(Bare(hub.Address)));
        Assert.Equal(SendResult.Sent, client.TrySend(new byte[lengths[0]]));
        foreach (int length in lengths[1..])
        {
            await client.SendAsync(new byte[length].AsMemory());
        }

        await Until(() => hub.Statistics.QueueDepth == lengths.Length + 1, "all have arrived");
        Assert.IsType<Joined>(hub.NextEvent());
        foreach (int length in lengths)
        {
            Said said = Assert.IsType<Said>(hub.NextEvent());
            Assert.Equal(length, said.Message.Length);
            said.Message.Dispose();
        }
    }

    /// <summary>A requester that never reads its replies: the responder stops asking for more instead of piling them up, and goes on when they are read after all.</summary>
    [Fact]
    public async Task Replies_that_nobody_reads_do_not_pile_up()
    {
        await using Responder responder = Track(Responder.Bind(NewPlace(), Patient with { Messages = 10 * Requests, MaxMessage = null }));
        byte[] reply = new byte[ReplyLength];
        Task serving = responder.RunAsync((_, _) => reply, Handlers);
        using RawPeer peer = Connect(responder);
        await peer.ShakeAsync(PatternKind.Requester);
        await using Requester good = Track(await Requester.ConnectAsync(Bare(responder.Address)));

        for (uint id = 1; id <= Requests; id++)
        {
            await peer.SendAsync(RawPeer.Frame(MessageKind.Request, "?"u8, id));
            using Message answer = await good.RequestAsync("!"u8.ToArray());
            Assert.Equal(ReplyLength, answer.Length);
        }

        await AllAreHeldBackUntilReadAsync(responder, serving, peer);
    }

    /// <summary>The same where all were read at once, before there was a single answer: then they are held back.</summary>
    [Fact]
    public async Task Requests_of_who_reads_no_replies_are_held_back_though_they_were_read()
    {
        await using Responder responder = Track(Responder.Bind(NewPlace(), Patient with { Messages = 10 * Requests, MaxMessage = null }));
        using RawPeer peer = Connect(responder);
        await peer.ShakeAsync(PatternKind.Requester);
        await peer.SendAsync([.. Enumerable.Range(1, Requests).SelectMany(id => RawPeer.Frame(MessageKind.Request, "?"u8, (uint)id))]);
        await Until(() => responder.Core.Links().Sum(link => link.InboundCount) == Requests, "all have been read");

        byte[] reply = new byte[ReplyLength];
        Task serving = responder.RunAsync((_, _) => reply, Handlers);
        await Until(() => responder.Core.Links().Any(link => link.IsHeldBack), "the others are held back");
        await using Requester good = Track(await Requester.ConnectAsync(Bare(responder.Address)));
        for (int i = 0; i < 20; i++)
        {
            using Message answer = await good.RequestAsync("!"u8.ToArray());
            Assert.Equal(ReplyLength, answer.Length);
        }

        await AllAreHeldBackUntilReadAsync(responder, serving, peer);
    }

    /// <summary>The memory that unread answers cost is bounded for all such requesters together, and not only for each.</summary>
    [Fact]
    public async Task Handlers_count_until_their_answers_are_read()
    {
        await using Responder responder = Track(Responder.Bind(NewPlace(), Patient));
        RawPeer[] peers = await AskAsync(responder, Handlers + 1);
        int calls = 0;

        Task serving = responder.RunAsync((_, _) => LongReply(ref calls), Handlers);

        // As many as may run have begun within the call, and go on to no other.
        Assert.Equal(Handlers, calls);
        await Task.WhenAll(peers.Select(ReadLongRepliesAsync));
        Assert.Equal(peers.Length * RequestsEach, calls);
        await responder.CloseAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving);
    }

    /// <summary>One that does not read has all handlers at once, and keeps half of them.</summary>
    [Fact]
    public async Task A_requester_that_reads_nothing_leaves_handlers_to_the_others()
    {
        await using Responder responder = Track(Responder.Bind(NewPlace(), Patient));
        TaskCompletionSource begin = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int calls = 0;
        Task serving = responder.RunAsync(
            async (request, _) =>
            {
                if (request.Text == "?")
                {
                    Interlocked.Increment(ref calls);
                    await begin.Task;
                    return LongAnswer;
                }

                return "there"u8.ToArray();
            },
            Handlers);
        using RawPeer peer = Connect(responder);
        await peer.ShakeAsync(PatternKind.Requester, longest: 1 << 30);
        await peer.SendAsync([.. Enumerable.Range(1, Handlers).SelectMany(id => RawPeer.Frame(MessageKind.Request, "?"u8, (uint)id))]);
        await Until(() => Volatile.Read(ref calls) == Handlers, "it has all handlers");
        begin.SetResult();

        await using Requester good = Track(await Requester.ConnectAsync(Bare(responder.Address)));
        using Message answer = await good.RequestAsync("!"u8.ToArray());

        Assert.Equal("there", answer.Text);
        Assert.Contains(responder.Core.Links(), static link => link.IsHeldBack);
        await responder.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving);
    }

    /// <summary>It costs nobody anything until others wait; then it has as long as for a handshake to read something.</summary>
    [Fact]
    public async Task A_requester_that_reads_nothing_is_sent_away_when_others_wait_for_its_handler()
    {
        ManualClock clock = new();
        EndpointOptions options = Patient with { HandshakeTimeout = 1.Seconds(), Heartbeat = TimeSpan.Zero, TimeProvider = clock };
        await using Responder responder = Track(Responder.Bind(NewPlace(), options));
        RawPeer[] peers = await AskAsync(responder, Handlers);
        int calls = 0;
        Task serving = responder.RunAsync((_, _) => LongReply(ref calls), Handlers);
        for (int i = 0; i < 10; i++)
        {
            clock.Advance(1.Seconds());
        }

        Assert.Equal(Handlers, responder.Peers.Count);
        RawPeer[] later = await AskAsync(responder, 1);
        clock.Advance(1.Seconds());
        clock.Advance(1.Seconds());

        await ReadLongRepliesAsync(later[0]);

        // What the kernel had taken by then, which ends in the middle of the answer. An acknowledgement may stand before it.
        while (await peers[0].ReadAsync() is { } frame)
        {
            Assert.Equal(MessageKind.Ack, frame.Header.Kind);
        }

        await responder.CloseAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving);
    }

    [Fact]
    public async Task A_reply_that_is_awaited_is_there_when_it_is_read()
    {
        await using Responder responder = Track(Responder.Bind(NewPlace(), Patient));
        RawPeer[] peers = await AskAsync(responder, 1);
        using Request request = await responder.ReceiveAsync();

        Task<bool> replying = request.ReplyAsync(LongAnswer).AsTask();
        Assert.False(replying.IsCompleted);
        MessageKind kind;
        do
        {
            kind = (await peers[0].ReadAsync())!.Value.Header.Kind;
        }
        while (kind == MessageKind.Ack);

        Assert.Equal(MessageKind.Reply, kind);
        Assert.True(await replying);
        using Request second = await responder.ReceiveAsync();
        using CancellationTokenSource cancel = new();
        replying = second.ReplyAsync(LongAnswer, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => replying);
    }

    /// <summary>What a sender that reads no receipts has sent is held back with all else, and is not lost when it goes.</summary>
    [Fact]
    public async Task What_was_held_back_is_received_when_its_sender_has_gone()
    {
        const int Messages = 10;
        await using Receiver receiver = Track(Receiver.Bind(NewPlace(), Patient));
        RawPeer peer = Connect(receiver);
        await peer.ShakeAsync(PatternKind.Sender);
        await peer.SendAsync([.. Enumerable.Range(1, Messages).SelectMany(id => RawPeer.Frame(MessageKind.Send, [(byte)id], 0))]);
        await Until(() => receiver.Core.Links().Sum(link => link.InboundCount) == Messages, "all have been read");
        using CancellationTokenSource enough = new();
        byte[] pings = [.. Enumerable.Repeat(RawPeer.Frame(MessageKind.Ping, []), 4_000).SelectMany(ping => ping)];
        Task flood = FloodAsync(peer, pings, enough.Token);
        await Until(() => receiver.Core.Links().Any(link => link.IsHeldBack), "its messages are held back");
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
    /// A receipt's sender is to know that his message was read by the time that it is: the acknowledgement is under way, or the message waits. Else what is written before an end would call one undelivered that somebody has.
    /// </summary>
    [Fact]
    public async Task What_wants_a_receipt_is_not_handed_out_while_its_sender_cannot_be_told()
    {
        await using Pair pair = Track(Pair.Bind(NewPlace(), Patient));
        using RawPeer peer = Connect(pair);
        await peer.ShakeAsync(PatternKind.Pair, window: 64_000_000);
        await Until(() => pair.Peers.Count == 1, "it is here");
        byte[] large = new byte[ReplyLength];
        int sent = 0;

        // More than the kernel takes at last, of a connection over TCP, too.
        while (Unwritten(pair) < 20_000_000)
        {
            Assert.Equal(SendResult.Sent, pair.TrySend(large));
            sent++;
        }

        await peer.SendAsync(RawPeer.Frame(MessageKind.Deliver, "x"u8, id: 1));
        await Until(() => pair.Core.Links().Sum(link => link.InboundCount) == 1, "it has been read");
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

    /// <summary>18 MB were asked for. What lies here is the limit, and what was in hand when it was reached; the rest is answered as the peer reads.</summary>
    private async Task AllAreHeldBackUntilReadAsync(Responder responder, Task serving, RawPeer peer)
    {
        Output.WriteLine($"{Unwritten(responder)} bytes wait to be written");
        Assert.InRange(Unwritten(responder), 0, Link.MostUnreadAnswers + (Handlers * (ReplyLength + MessageHeader.Size)));

        for (int replies = 0; replies < Requests;)
        {
            (MessageHeader header, byte[] body) = (await peer.ReadAsync())!.Value;
            Assert.True(header.Kind is MessageKind.Reply or MessageKind.Ack);
            Assert.True(header.Kind == MessageKind.Ack || body.Length == ReplyLength);
            replies += header.Kind == MessageKind.Reply ? 1 : 0;
        }

        await responder.CloseAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving);
    }

    /// <summary>
    /// A receiver acknowledges a message before it hands it out. So a message that is unacknowledged when the connection has been read to
    /// its end has not been handed out, whatever the reason of the close.
    /// </summary>
    [Fact]
    public async Task What_a_peer_had_not_acknowledged_when_it_sent_this_side_away_is_not_delivered()
    {
        await using Pair pair = Track(Pair.Bind(NewPlace(), Patient));
        using RawPeer peer = Connect(pair);
        await peer.ShakeAsync(PatternKind.Pair);
        await Until(() => pair.Peers.Count == 1, "it is here");
        Task<Delivery> delivering = pair.DeliverAsync("x"u8.ToArray()).AsTask();
        Assert.Equal(MessageKind.Deliver, (await peer.ReadAsync())!.Value.Header.Kind);

        // What lies here unread keeps the link until the end of the connection has been seen.
        byte[] close = RawPeer.Frame(MessageKind.Close, [(byte)CloseReason.Limit]);
        await peer.SendAsync([.. RawPeer.Frame(MessageKind.Send, "unread"u8), .. close]);
        peer.Dispose();

        Assert.Equal(DeliveryStatus.NotDelivered, (await delivering).Status);
    }

    /// <summary>A small limit is the affair of who announces it.</summary>
    [Fact]
    public async Task A_client_that_takes_nothing_keeps_a_broadcast_from_nobody()
    {
        await using Hub hub = Track(Hub.Bind(NewPlace()));
        using RawPeer peer = Connect(hub);
        await peer.ShakeAsync(PatternKind.Pair, longest: 1);
        Assert.IsType<Joined>(hub.NextEvent());
        await using Pair good = Track(await Pair.ConnectAsync(Bare(hub.Address)));
        Assert.IsType<Joined>(hub.NextEvent());

        Assert.Equal(1, hub.Broadcast("to all"u8));

        using Message message = await good.ReceiveAsync();
        Assert.Equal("to all", message.Text);
        Assert.Equal(CloseReason.Limit, Assert.IsType<Left>(hub.NextEvent()).Reason);
        (MessageHeader header, byte[] body)? last = await peer.ReadToEndAsync();
        Assert.Equal((MessageKind.Close, (byte)CloseReason.Limit), (last!.Value.header.Kind, last.Value.body[0]));
    }

    [Fact]
    public async Task A_subscriber_that_takes_nothing_keeps_a_publication_from_nobody()
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
    public async Task Pings_whose_answers_nobody_reads_do_not_pile_up()
    {
        await using Receiver receiver = Track(Receiver.Bind(NewPlace(), Patient));
        await using Sender good = Track(await Sender.ConnectAsync(Bare(receiver.Address)));
        using RawPeer peer = Connect(receiver);
        await peer.ShakeAsync(PatternKind.Sender);
        using CancellationTokenSource enough = new();
        byte[] pings = [.. Enumerable.Repeat(RawPeer.Frame(MessageKind.Ping, []), 4_000).SelectMany(ping => ping)];

        // It takes all that it is sent until the answers lie too high; from then on the flood stands still.
        Task flood = FloodAsync(peer, pings, enough.Token);
        await Until(() => Unwritten(receiver) > 4_000_000, "the answers lie too high");
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

    /// <summary>So many requesters ask <see cref="RequestsEach"/> times; returns when all requests lie there.</summary>
    private async Task<RawPeer[]> AskAsync(Responder responder, int count)
    {
        int before = responder.Core.Links().Sum(link => link.InboundCount);
        RawPeer[] peers = [.. Enumerable.Range(0, count).Select(_ => Connect(responder))];
        foreach (RawPeer peer in peers)
        {
            await peer.ShakeAsync(PatternKind.Requester, longest: 1 << 30);
            IEnumerable<int> ids = Enumerable.Range(1, RequestsEach);
            await peer.SendAsync([.. ids.SelectMany(id => RawPeer.Frame(MessageKind.Request, "?"u8, (uint)id))]);
        }

        await Until(() => responder.Core.Links().Sum(link => link.InboundCount) == before + (count * RequestsEach), "all have been read");
        return peers;
    }

    private static async Task ReadLongRepliesAsync(RawPeer peer)
    {
        for (int replies = 0; replies < RequestsEach;)
        {
            (MessageHeader header, byte[] body) = (await peer.ReadAsync())!.Value;
            Assert.True(header.Kind == MessageKind.Ack || body.Length == LongAnswer.Length);
            replies += header.Kind == MessageKind.Reply ? 1 : 0;
        }
    }

    private static ReadOnlyMemory<byte> LongReply(ref int calls)
    {
        Interlocked.Increment(ref calls);
        return LongAnswer;
    }

    private static long Unwritten(Endpoint endpoint) => endpoint.Core.Links().Sum(link => (long)link.Connection.Unflushed);

    private static async Task FloodAsync(RawPeer peer, byte[] frames, CancellationToken token)
    {
        try
        {
            while (!token.IsCancellationRequested)
            {
                await peer.Socket.SendAsync(frames, System.Net.Sockets.SocketFlags.None, token);
            }
        }
        catch (Exception exception) when (exception is System.Net.Sockets.SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The endpoint has thrown it out, or the test is over.
        }
    }
}
