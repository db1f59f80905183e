using Fairlead.Rpc.Callbacks;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Callbacks;

/// <summary>A session of callbacks whose other side is not there yet.</summary>
[SlowRun]
public sealed class LateSessionTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly string _name = $"late-{Guid.NewGuid():N}"[..16];

    [Fact]
    public async Task An_awaited_call_that_passes_an_object_waits_for_an_instance_without_blocking_a_thread()
    {
        await using RpcClient<ICallbacks> client = await LeftAloneAsync(new RpcClientOptions { WaitForService = TimeSpan.FromHours(1) });
        Watcher watcher = new();
        using CancellationTokenSource giveUp = new();
        Task<int>[] calls = await StartAsync(() =>
        [
            client.Service.AskBackAsync(watcher, 3).AsTask(), client.Service.AskBackAsync(watcher, 4, giveUp.Token).AsTask(),
        ]);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calls[1].WaitAsync(Watchdog));
        Assert.False(calls[0].IsCompleted);
        await using RpcServer late = await Rpc.ServeAsync<ICallbacks>(_name, new Contracts.Callbacks());
        Assert.Equal(6, await calls[0].WaitAsync(Watchdog));
    }

    [Fact]
    public async Task A_call_that_waits_for_an_instance_ends_at_its_timeout_and_with_its_client()
    {
        RpcClientOptions options = new() { WaitForService = TimeSpan.FromHours(1) };
        RpcClient<ICallbacks> client = await LeftAloneAsync(options);
        Watcher watcher = new();
        RpcCallOptions brief = new() { Timeout = TimeSpan.FromMilliseconds(100) };
        Task<int>[] calls = await StartAsync(() =>
        {
            Task<int> endless = client.Service.AskBackAsync(watcher, 3).AsTask();
            using (brief.Use())
            {
                return [endless, client.Service.AskBackAsync(watcher, 3).AsTask(), Task.Run(() => client.Service.AskBack(watcher))];
            }
        });
        foreach (Task<int> call in calls[1..])
        {
            var late = await Assert.ThrowsAsync<FairleadException>(() => call.WaitAsync(Watchdog));
            Assert.Equal((ErrorCode.Timeout, DeliveryStatus.NotDelivered), (late.Code, late.Delivery));
        }

        await client.DisposeAsync().AsTask().WaitAsync(Watchdog);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => calls[0].WaitAsync(Watchdog));
    }

    [Fact]
    public async Task A_call_to_a_missing_service_fails_and_the_next_call_connects_again()
    {
        await using RpcClient<ICallbacks> client = await LeftAloneAsync(new RpcClientOptions());
        Watcher watcher = new();
        var missing = await Assert.ThrowsAsync<FairleadException>(
            () => client.Service.AskBackAsync(watcher, 3).AsTask().WaitAsync(Watchdog));
        Assert.Equal(ErrorCode.NotFound, missing.Code);
        await using RpcServer late = await Rpc.ServeAsync<ICallbacks>(_name, new Contracts.Callbacks());
        Assert.Equal(6, await client.Service.AskBackAsync(watcher, 3).AsTask().WaitAsync(Watchdog));
    }

    [Fact]
    public async Task The_timeout_of_a_callback_includes_the_wait_for_its_session()
    {
        TaskCompletionSource<ServerSession> never = new();
        CallbackLane lane = new(never.Task, 1);
        RequestOptions brief = new() { Timeout = TimeSpan.FromMilliseconds(50) };
        var late = await Assert.ThrowsAsync<FairleadException>(() => lane.RequestAsync([2], brief, default).AsTask().WaitAsync(Watchdog));
        Assert.Equal((ErrorCode.Timeout, DeliveryStatus.NotDelivered), (late.Code, late.Delivery));
        late = await Assert.ThrowsAsync<FairleadException>(
            () => Task.Run(() => lane.Request([2], brief, default).Dispose()).WaitAsync(Watchdog));
        Assert.Equal(ErrorCode.Timeout, late.Code);
    }

    [Fact]
    public async Task A_callback_may_have_any_time_limit()
    {
        ServerSession session = new(new Fairlead.Peer { ProcessId = 1 });
        CallbackLane lane = new(Task.FromResult(session), 1);
        Task<Message> call = lane.RequestAsync([2], new RequestOptions { Timeout = TimeSpan.MaxValue }, default).AsTask();
        Assert.False(call.IsCompleted);
        session.End();
        var gone = await Assert.ThrowsAsync<FairleadException>(() => call.WaitAsync(Watchdog));
        Assert.Equal(ErrorCode.PeerGone, gone.Code);
    }

    // A call that blocked its caller would not let the calls be returned.
    private static Task<Task<int>[]> StartAsync(Func<Task<int>[]> start) => Task.Run(start).WaitAsync(Watchdog);

    private async Task<RpcClient<ICallbacks>> LeftAloneAsync(RpcClientOptions options)
    {
        RpcServer only = await Rpc.ServeAsync<ICallbacks>(_name, new Contracts.Callbacks());
        RpcClient<ICallbacks> client = await Rpc.ConnectAsync<ICallbacks>(_name, options);
        await only.DisposeAsync();
        Assert.True(SpinWait.SpinUntil(() => client.Address is null, Watchdog));
        return client;
    }
}
