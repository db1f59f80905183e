using Fairlead.Rpc.Calls;
using Fairlead.Testing;
using Client = Fairlead.Peer;

namespace Fairlead.Rpc.Tests.Streaming;

/// <summary>The frames that one client makes a server keep are limited, and leave the others their share.</summary>
public sealed class HeldFrameTests
{
    private static readonly Client One = new() { ProcessId = 1 };
    private static readonly Client Again = new() { ProcessId = 1 };
    private static readonly Client Other = new() { ProcessId = 2 };

    [Fact]
    public async Task Held_frames_with_bytes_after_their_identity_are_refused()
    {
        using FramesAtServer server = new(new RpcServerOptions());
        var id = Guid.NewGuid();
        foreach (byte[] frame in (byte[][])[Frames.Pull(id, 1), Frames.Session(id), Frames.Poll(id)])
        {
            HandmadeRequest refused = await server.AnswerAsync([.. frame, .. new byte[1 << 20]]);
            Assert.Equal(ErrorCode.Corrupt, refused.Error);
        }
    }

    [Fact]
    public async Task Unread_items_fill_only_the_share_of_their_client()
    {
        using FramesAtServer server = new(new RpcServerOptions { MaxQueuedBytesPerClient = 100_000 });
        var id = Guid.NewGuid();
        (HandmadeRequest open, Task opened) = server.Handle(FramesAtServer.Open(id), One);
        await server.AnswerAsync(Push(id), One);
        await server.AnswerAsync(Push(id), One);
        HandmadeRequest refused = await server.AnswerAsync(Push(id), One);
        Assert.Equal(ErrorCode.Full, refused.Error);
        Assert.Contains("100000 bytes", refused.ErrorText, StringComparison.Ordinal);

        var others = Guid.NewGuid();
        server.Handle(FramesAtServer.Open(others), Other);
        HandmadeRequest taken = await server.AnswerAsync(Push(others), Other);
        Assert.Null(taken.Error);

        // The end of the call gives its bytes back.
        open.Cancel();
        await opened.WaitAsync(FramesAtServer.Watchdog);
        id = Guid.NewGuid();
        server.Handle(FramesAtServer.Open(id), One);
        Assert.Null((await server.AnswerAsync(Push(id), One)).Error);
    }

    /// <summary>Items whose call does not come are kept while they wait for it.</summary>
    [Fact]
    public async Task Items_that_overtake_their_call_count_toward_the_share()
    {
        using FramesAtServer server = new(new RpcServerOptions { MaxQueuedBytesPerClient = 100_000 });
        server.Handle(Push(Guid.NewGuid()), One);
        server.Handle(Push(Guid.NewGuid()), One);
        Assert.Equal(ErrorCode.Full, (await server.AnswerAsync(Push(Guid.NewGuid()), One)).Error);
    }

    [Fact]
    public async Task One_client_leaves_a_quarter_of_the_streams_to_others()
    {
        using FramesAtServer server = new(new RpcServerOptions { MaxStreamingCalls = 4 });
        for (int i = 0; i < 3; i++)
        {
            Assert.False(server.Handle(FramesAtServer.Open(Guid.NewGuid()), One).Handled.IsCompleted);
        }

        HandmadeRequest refused = await server.AnswerAsync(FramesAtServer.Open(Guid.NewGuid()), One);
        Assert.Equal((byte)ReplyStatus.Refused, refused.Reply!.Value.Span[0]);
        (HandmadeRequest open, Task opened) = server.Handle(FramesAtServer.Open(Guid.NewGuid()), Other);
        Assert.False(opened.IsCompleted);

        // One that ends makes room for another of the same client.
        open.Cancel();
        await opened.WaitAsync(FramesAtServer.Watchdog);
        Assert.False(server.Handle(FramesAtServer.Open(Guid.NewGuid()), Other).Handled.IsCompleted);
    }

    [Fact]
    public async Task One_client_leaves_a_quarter_of_the_sessions_to_others()
    {
        using FramesAtServer server = new(new RpcServerOptions { MaxStreamingCalls = 4 });
        for (int i = 0; i < 3; i++)
        {
            Assert.False(server.Handle(Frames.Session(Guid.NewGuid()), One).Handled.IsCompleted);
        }

        HandmadeRequest refused = await server.AnswerAsync(Frames.Session(Guid.NewGuid()), One);
        Assert.Equal((byte)ReplyStatus.Refused, refused.Reply!.Value.Span[0]);
        Assert.False(server.Handle(Frames.Session(Guid.NewGuid()), Other).Handled.IsCompleted);
    }

    /// <summary>A client that opens a hundred connections has no more than with one.</summary>
    [Fact]
    public async Task Connections_of_one_client_have_one_share()
    {
        using FramesAtServer server = new(new RpcServerOptions { MaxStreamingCalls = 4, MaxQueuedBytesPerClient = 100_000 });
        for (int i = 0; i < 3; i++)
        {
            Client connection = i == 1 ? Again : One;
            Assert.False(server.Handle(FramesAtServer.Open(Guid.NewGuid()), connection).Handled.IsCompleted);
            Assert.False(server.Handle(Frames.Session(Guid.NewGuid()), connection).Handled.IsCompleted);
        }

        HandmadeRequest refused = await server.AnswerAsync(FramesAtServer.Open(Guid.NewGuid()), Again);
        Assert.Equal((byte)ReplyStatus.Refused, refused.Reply!.Value.Span[0]);
        refused = await server.AnswerAsync(Frames.Session(Guid.NewGuid()), Again);
        Assert.Equal((byte)ReplyStatus.Refused, refused.Reply!.Value.Span[0]);
        Assert.False(server.Handle(Frames.Session(Guid.NewGuid()), Other).Handled.IsCompleted);
        Assert.False(server.Handle(FramesAtServer.Open(Guid.NewGuid()), Other).Handled.IsCompleted);
    }

    [Fact]
    public async Task Items_over_several_connections_fill_one_share()
    {
        using FramesAtServer server = new(new RpcServerOptions { MaxQueuedBytesPerClient = 100_000 });
        server.Handle(Push(Guid.NewGuid()), One);
        server.Handle(Push(Guid.NewGuid()), Again);
        Assert.Equal(ErrorCode.Full, (await server.AnswerAsync(Push(Guid.NewGuid()), new Client { ProcessId = 1 })).Error);
        Assert.False(server.Handle(Push(Guid.NewGuid()), Other).Handled.IsCompleted);
    }

    /// <summary>The frames of a connection that has ended may still be handled. They take no room from its next connection.</summary>
    [Fact]
    public async Task A_closed_connection_keeps_no_session_and_no_waiting_poll()
    {
        using FramesAtServer server = new(new RpcServerOptions { MaxStreamingCalls = 4 });
        (HandmadeRequest Request, Task Handled)[] sessions =
        [
            .. Enumerable.Range(0, 3).Select(_ => server.Handle(Frames.Session(Guid.NewGuid()), One)),
        ];
        (HandmadeRequest Request, Task Handled)[] polls =
        [
            .. Enumerable.Range(0, 3).Select(_ => server.Handle(Frames.Poll(Guid.NewGuid()), One)),
        ];
        server.Leave(Again);
        Assert.True(server.Handle(Frames.Session(Guid.NewGuid()), Again).Handled.IsCompleted);
        Assert.True(server.Handle(Frames.Poll(Guid.NewGuid()), Again).Handled.IsCompleted);

        server.Leave(One);
        await Task.WhenAll(polls.Select(static poll => poll.Handled)).WaitAsync(FramesAtServer.Watchdog);
        Assert.All(polls, static poll => Assert.Equal((byte)ReplyStatus.Refused, poll.Request.Reply!.Value.Span[0]));
        var id = Guid.NewGuid();
        Assert.False(server.Handle(Frames.Session(id), Again).Handled.IsCompleted);
        Assert.False(server.Handle(Frames.Poll(Guid.NewGuid()), Again).Handled.IsCompleted);

        // The end of a former session is not that of another.
        Array.ForEach(sessions, static session => session.Request.Cancel());
        await Task.WhenAll(sessions.Select(static session => session.Handled)).WaitAsync(FramesAtServer.Watchdog);
        Assert.False(server.Handle(Frames.Poll(id), Again).Handled.IsCompleted);
    }

    /// <summary>A batch that is read makes room, however many of them a stream has.</summary>
    [Fact]
    public async Task A_stream_that_is_read_carries_more_than_the_share()
    {
        await using RpcServer server = await Rpc.ServeAsync<Contracts.IStreams>(
            $"inproc://rpc-{Guid.NewGuid():N}", new Contracts.Streams(), new RpcServerOptions { MaxQueuedBytesPerClient = 1_000_000 });
        await using var client = await Rpc.ConnectAsync<Contracts.IStreams>($"{server.Addresses[0]}");
        Assert.Equal(1_000_000, await client.Service.SumAsync(Enumerable.Repeat(1, 1_000_000).ToAsyncEnumerable()));
    }

    private static byte[] Push(Guid id) => [.. Frames.Push(id, 0), 0, 1, 0, 0, 0, .. new byte[40_000]];
}
