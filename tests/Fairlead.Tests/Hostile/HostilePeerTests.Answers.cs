using Fairlead.Framing;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Time;

namespace Fairlead.Tests.Hostile;

/// <content>Requesters that do not read their answers.</content>
public abstract partial class HostilePeerTests
{
    private const int Requests = 300;
    private const int Handlers = 4;
    private const int RequestsEach = 2;

    // More than twice what the kernel buffers for a TCP connection.
    private static readonly byte[] LongAnswer = new byte[16 * 1024 * 1024];

    // The peers answer no heartbeat, and on a slow machine one would come before they have read everything.
    private static readonly EndpointOptions Silent = Patient with { Heartbeat = TimeSpan.Zero };

    /// <summary>
    /// A requester that never reads its replies: the responder stops reading requests instead of piling up replies, and continues when they
    /// are read.
    /// </summary>
    [Fact]
    public async Task Unread_replies_do_not_pile_up()
    {
        await using Responder responder = Track(
            Responder.Bind(NewPlace(), Silent with { MaxUnreadMessages = 10 * Requests, MaxMessageBytes = null }));
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

    /// <summary>The same if all requests were read at once, before there was an answer: then they are held back.</summary>
    [Fact]
    public async Task Requests_of_a_requester_that_reads_no_replies_are_held_back_after_they_were_read()
    {
        await using Responder responder = Track(
            Responder.Bind(NewPlace(), Silent with { MaxUnreadMessages = 10 * Requests, MaxMessageBytes = null }));
        using RawPeer peer = Connect(responder);
        await peer.ShakeAsync(PatternKind.Requester);
        await peer.SendAsync([.. Enumerable.Range(1, Requests).SelectMany(id => RawPeer.Frame(MessageKind.Request, "?"u8, (uint)id))]);
        await Until(() => responder.Core.Links().Sum(link => link.LinkReceiver.InboundCount) == Requests, "all have been read");

        byte[] reply = new byte[ReplyLength];
        Task serving = responder.RunAsync((_, _) => reply, Handlers);
        await Until(() => responder.Core.Links().Any(link => link.Pause.IsHeldBack), "the others are held back");
        await using Requester good = Track(await Requester.ConnectAsync(Bare(responder.Address)));
        for (int i = 0; i < 20; i++)
        {
            using Message answer = await good.RequestAsync("!"u8.ToArray());
            Assert.Equal(ReplyLength, answer.Length);
        }

        await AllAreHeldBackUntilReadAsync(responder, serving, peer);
    }

    /// <summary>The memory for unread answers is bounded for all such requesters together, and not only for each.</summary>
    [Fact]
    public async Task A_handler_counts_as_running_until_its_reply_is_read()
    {
        await using Responder responder = Track(Responder.Bind(NewPlace(), Silent));
        RawPeer[] peers = await AskAsync(responder, Handlers + 1);
        int calls = 0;

        Task serving = responder.RunAsync((_, _) => LongReply(ref calls), Handlers);

        // The call has begun as many handlers as may run, and they continue with no other request.
        Assert.Equal(Handlers, calls);
        await Task.WhenAll(peers.Select(ReadLongRepliesAsync));
        Assert.Equal(peers.Length * RequestsEach, calls);
        await responder.CloseAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving);
    }

    /// <summary>A requester that does not read occupies all handlers at first, and keeps half of them.</summary>
    [Fact]
    public async Task A_requester_that_reads_nothing_leaves_half_of_the_handlers_to_others()
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
        Assert.Contains(responder.Core.Links(), static link => link.Pause.IsHeldBack);
        await responder.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving);
    }

    /// <summary>It does no harm until others wait; then it has the time of a handshake to read something.</summary>
    [Fact]
    public async Task A_requester_that_reads_nothing_is_disconnected_when_others_wait_for_its_handler()
    {
        ManualClock clock = new();
        EndpointOptions options = Silent with { HandshakeTimeout = 1.Seconds(), TimeProvider = clock };
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

        // Reads the part that the kernel had accepted by then, which ends in the middle of the answer. An acknowledgement may precede it.
        while (await peers[0].ReadAsync() is { } frame)
        {
            Assert.Equal(MessageKind.Ack, frame.Header.Kind);
        }

        await responder.CloseAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving);
    }

    [Fact]
    public async Task ReplyAsync_completes_when_the_requester_reads_the_reply()
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

    /// <summary>
    /// 18 MB were requested. The limit is queued here, plus the answers in progress when it was reached; the rest is answered as the peer
    /// reads.
    /// </summary>
    private async Task AllAreHeldBackUntilReadAsync(Responder responder, Task serving, RawPeer peer)
    {
        Output.WriteLine($"{Unwritten(responder)} bytes wait to be written");
        Assert.InRange(Unwritten(responder), 0, ReadPause.MostUnreadAnswers + (Handlers * (ReplyLength + MessageHeader.Size)));

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

    /// <summary>This many requesters send <see cref="RequestsEach"/> requests each; returns when all requests have arrived.</summary>
    private async Task<RawPeer[]> AskAsync(Responder responder, int count)
    {
        int before = responder.Core.Links().Sum(link => link.LinkReceiver.InboundCount);
        RawPeer[] peers = [.. Enumerable.Range(0, count).Select(_ => Connect(responder))];
        foreach (RawPeer peer in peers)
        {
            await peer.ShakeAsync(PatternKind.Requester, longest: 1 << 30);
            IEnumerable<int> ids = Enumerable.Range(1, RequestsEach);
            await peer.SendAsync([.. ids.SelectMany(id => RawPeer.Frame(MessageKind.Request, "?"u8, (uint)id))]);
        }

        await Until(
            () => responder.Core.Links().Sum(link => link.LinkReceiver.InboundCount) == before + (count * RequestsEach),
            "all have been read");
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
}
