using Fairlead.Rpc.Calls;
using Fairlead.Testing;

namespace Fairlead.Rpc.Tests.Streaming;

/// <summary>The frames of calls with streams, in an order that no stub makes.</summary>
public sealed class StreamFrameTests : IDisposable
{
    private static readonly TimeSpan Watchdog = FramesAtServer.Watchdog;
    private readonly FramesAtServer _server = new(new RpcServerOptions { MaxStreamingCalls = 1 });

    public void Dispose() => _server.Dispose();

    /// <summary>Otherwise more calls run than are accepted.</summary>
    [Fact]
    public async Task Cancelled_frames_do_not_reduce_the_count_of_running_calls()
    {
        var id = Guid.NewGuid();
        (HandmadeRequest first, Task firstHandled) = _server.Handle(Frames.Pull(id, 1));
        (HandmadeRequest second, Task secondHandled) = _server.Handle(Frames.Pull(id, 1));
        first.Cancel();
        await firstHandled.WaitAsync(Watchdog);
        _server.Handle(FramesAtServer.Open(id));
        second.Cancel();
        await secondHandled.WaitAsync(Watchdog);

        (HandmadeRequest other, Task otherHandled) = _server.Handle(FramesAtServer.Open(Guid.NewGuid()));
        await otherHandled.WaitAsync(Watchdog);
        Assert.Equal((byte)ReplyStatus.Refused, other.Reply!.Value.Span[0]);
    }

    /// <summary>Each keeps its bytes: a client must not fill the memory with them.</summary>
    [Fact]
    public async Task The_number_of_waiting_frames_of_a_call_is_limited()
    {
        var id = Guid.NewGuid();
        byte[] push = [.. Frames.Push(id, 0), 0, 0, 0, 0, 0];
        (HandmadeRequest Request, Task Handled)[] pushes = [.. Enumerable.Range(0, RpcLimits.MaxFrames).Select(_ => _server.Handle(push))];
        (HandmadeRequest last, Task lastHandled) = _server.Handle(push);
        await lastHandled.WaitAsync(Watchdog);
        Assert.Equal(ErrorCode.Corrupt, last.Error);
        Assert.DoesNotContain(pushes, static one => one.Handled.IsCompleted);

        // One that is given up makes room.
        pushes[0].Request.Cancel();
        await pushes[0].Handled.WaitAsync(Watchdog);
        Assert.False(_server.Handle(push).Handled.IsCompleted);
    }
}
