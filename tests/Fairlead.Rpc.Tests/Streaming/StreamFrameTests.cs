using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Tests.Contracts;
using Fairlead.Testing;

namespace Fairlead.Rpc.Tests.Streaming;

/// <summary>The frames of calls with streams, in an order that no stub makes.</summary>
public sealed class StreamFrameTests : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);
    private static readonly RpcContract<IStreams> Contract = RpcContracts.Of<IStreams>();

    private readonly CallDispatcher _dispatcher = new(
        Contract.Description, Contract.CreateSkeleton(new Contracts.Streams()), new RpcServerOptions { MaxStreamingCalls = 1 });

    private readonly List<HandmadeRequest> _requests = [];
    private readonly List<Task> _handled = [];

    public void Dispose()
    {
        _requests.ForEach(static request => request.Cancel());
        Assert.True(Task.WhenAll(_handled).ContinueWith(static _ => { }, TaskScheduler.Default).Wait(Watchdog));
        _requests.ForEach(static request => request.Dispose());
        _dispatcher.Dispose();
    }

    /// <summary>Otherwise more calls run than are accepted.</summary>
    [Fact]
    public async Task Frames_that_are_given_up_do_not_end_the_count_of_a_call_that_has_come()
    {
        var id = Guid.NewGuid();
        (HandmadeRequest first, Task firstHandled) = Handle(Frames.Pull(id, 1));
        (HandmadeRequest second, Task secondHandled) = Handle(Frames.Pull(id, 1));
        first.Cancel();
        await firstHandled.WaitAsync(Watchdog);
        Handle(Open(id));
        second.Cancel();
        await secondHandled.WaitAsync(Watchdog);

        (HandmadeRequest other, Task otherHandled) = Handle(Open(Guid.NewGuid()));
        await otherHandled.WaitAsync(Watchdog);
        Assert.Equal((byte)ReplyStatus.Refused, other.Reply!.Value.Span[0]);
    }

    /// <summary>Each keeps its bytes: a client must not fill the memory with them.</summary>
    [Fact]
    public async Task Only_so_many_frames_of_a_call_wait()
    {
        var id = Guid.NewGuid();
        byte[] push = [.. Frames.Push(id, 0), 0, 0, 0, 0, 0];
        (HandmadeRequest Request, Task Handled)[] pushes = [.. Enumerable.Range(0, RpcLimits.MaxFrames).Select(_ => Handle(push))];
        (HandmadeRequest last, Task lastHandled) = Handle(push);
        await lastHandled.WaitAsync(Watchdog);
        Assert.Equal(ErrorCode.Corrupt, last.Error);
        Assert.DoesNotContain(pushes, static one => one.Handled.IsCompleted);

        // One that is given up makes room.
        pushes[0].Request.Cancel();
        await pushes[0].Handled.WaitAsync(Watchdog);
        Assert.False(Handle(push).Handled.IsCompleted);
    }

    private static byte[] Open(Guid id)
    {
        int member = Contract.Description.Members.Index().Single(static one => one.Item.Name == nameof(IStreams.SilentAsync)).Index;
        RpcWriter call = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            Frames.WriteOpen(ref call, (ushort)member, Contract.Description.Hash, id);
            return call.Written.ToArray();
        }
        finally
        {
            call.Dispose();
        }
    }

    private (HandmadeRequest Request, Task Handled) Handle(byte[] frame)
    {
        var request = HandmadeRequest.Create(frame);
        Task handled = _dispatcher.HandleAsync(request.Request, request.Context).AsTask();
        _requests.Add(request);
        _handled.Add(handled);
        return (request, handled);
    }
}
