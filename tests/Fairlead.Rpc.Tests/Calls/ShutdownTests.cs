using System.Buffers.Binary;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

[SlowRun]
public sealed class ShutdownTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_closing_server_finishes_accepted_calls_and_begins_no_other()
    {
        Slow service = new();
        RpcServer server = await Rpc.ServeAsync<ISlow>($"inproc://rpc-{Guid.NewGuid():N}", service);
        await using RpcClient<ISlow> client = await Rpc.ConnectAsync<ISlow>($"{server.Addresses[0]}");
        Task<int> accepted = client.Service.WorkAsync().AsTask();
        await service.Started.Task.WaitAsync(Watchdog);
        Task ending = server.DisposeAsync().AsTask();
        Assert.False(ending.IsCompleted);
        service.Go.SetResult();
        Assert.Equal(1, await accepted.WaitAsync(Watchdog));
        await ending.WaitAsync(Watchdog);
        await Assert.ThrowsAsync<FairleadException>(async () => await client.Service.WorkAsync());
    }

    [Theory]
    [InlineData("inproc", 0)]
    [InlineData("unix", 0)]
    [InlineData("shm", 1)]
    public async Task A_closed_server_has_reported_all_failures(string transport, int blockingThreads)
    {
        RpcServerOptions options = new() { BlockingThreads = blockingThreads };
        RpcServer server = await Rpc.ServeAsync<ISlow>(Places.New(transport), new Broken(), options);
        await using RpcClient<ISlow> client = await Rpc.ConnectAsync<ISlow>($"{server.Addresses[0]}");
        TaskCompletionSource reporting = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ManualResetEventSlim hasEnded = new();
        bool? endedBefore = null;
        server.HandlerFailed += (_, _) =>
        {
            // Long enough for a server that does not wait for this.
            reporting.SetResult();
            endedBefore = hasEnded.Wait(TimeSpan.FromSeconds(1));
        };
        await Assert.ThrowsAsync<RpcException>(() => client.Service.WorkAsync().AsTask().WaitAsync(Watchdog));
        await reporting.Task.WaitAsync(Watchdog);
        await server.DisposeAsync().AsTask().WaitAsync(Watchdog);
        hasEnded.Set();
        Assert.False(endedBefore);
    }

    [Fact]
    public async Task A_server_may_wait_without_limit_for_its_calls()
    {
        RpcServerOptions options = new() { ShutdownTimeout = TimeSpan.MaxValue };
        RpcServer server = await Rpc.ServeAsync<ISlow>($"inproc://rpc-{Guid.NewGuid():N}", new Slow(), options);
        await server.DisposeAsync().AsTask().WaitAsync(Watchdog);
        await server.Completion.WaitAsync(Watchdog);
    }

    [Fact]
    public async Task A_refusal_that_is_too_long_for_its_caller_leaves_no_running_call()
    {
        RpcServerOptions options = new() { MaxConcurrentCalls = 1, MaxQueuedCallsPerClient = 1, ShutdownTimeout = TimeSpan.MaxValue };
        Slow service = new();
        RpcServer server = await Rpc.ServeAsync<ISlow>($"inproc://rpc-{Guid.NewGuid():N}", service, options);
        await using Requester stranger = await Requester.ConnectAsync(server.Addresses[0].With("maxmessage", "32"));
        byte[] call = new byte[Frames.CallHeader];
        call[0] = (byte)FrameKind.Call;
        BinaryPrimitives.WriteUInt32LittleEndian(call.AsSpan(4), (uint)server.Description.Hash);
        Task<Message> runs = stranger.RequestAsync(call).AsTask();
        await service.Started.Task.WaitAsync(Watchdog);

        // One of them waits, and one is refused.
        Task<Message>[] others = [stranger.RequestAsync(call).AsTask(), stranger.RequestAsync(call).AsTask()];
        Task<Message> refused = await Task.WhenAny(others).WaitAsync(Watchdog);
        await Assert.ThrowsAsync<FairleadException>(() => refused);
        service.Go.SetResult();
        (await runs.WaitAsync(Watchdog)).Dispose();
        await server.DisposeAsync().AsTask().WaitAsync(Watchdog);
    }
}

[RpcContract]
public interface ISlow
{
    ValueTask<int> WorkAsync(CancellationToken cancellationToken = default);
}

internal sealed class Broken : ISlow
{
    public async ValueTask<int> WorkAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        throw new InvalidOperationException("as asked");
    }
}

internal sealed class Slow : ISlow
{
    public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask<int> WorkAsync(CancellationToken cancellationToken)
    {
        Started.TrySetResult();
        await Go.Task.WaitAsync(cancellationToken);
        return 1;
    }
}
