using Fairlead.Rpc.Calls;
using Fairlead.Testing;
using Client = Fairlead.Peer;

namespace Fairlead.Rpc.Tests.Streaming;

/// <summary>The frames that one client makes a server keep are limited, and leave the others their share.</summary>
public sealed class HeldFrameTests
{
    private static readonly Client One = HandmadePeer();
    private static readonly Client Other = HandmadePeer();

    private static Client HandmadePeer() => new() { ProcessId = Environment.ProcessId };

    [Fact]
    public async Task Frames_that_are_kept_have_nothing_behind_their_identity()
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
    public async Task Items_that_are_not_read_fill_the_share_of_their_client_only()
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
    public async Task Items_that_overtake_their_call_count_too()
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
