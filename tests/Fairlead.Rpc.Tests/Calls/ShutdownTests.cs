using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

public sealed class ShutdownTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task What_a_server_has_accepted_is_finished_and_nothing_after_it_begun()
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

    [Fact]
    public async Task A_server_may_wait_without_limit_for_its_calls()
    {
        RpcServerOptions options = new() { ShutdownTimeout = TimeSpan.MaxValue };
        RpcServer server = await Rpc.ServeAsync<ISlow>($"inproc://rpc-{Guid.NewGuid():N}", new Slow(), options);
        await server.DisposeAsync().AsTask().WaitAsync(Watchdog);
        await server.Completion.WaitAsync(Watchdog);
    }
}

[RpcContract]
public interface ISlow
{
    ValueTask<int> WorkAsync(CancellationToken cancellationToken = default);
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
