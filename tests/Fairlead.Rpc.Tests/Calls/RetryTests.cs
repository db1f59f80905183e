using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>A call across the instances of a service: how often it is tried, and how it ends.</summary>
public sealed class RetryTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);
    private readonly string _name = $"guard-{Guid.NewGuid():N}"[..16];

    [Theory]
    [InlineData(CallBalance.OneInstance)]
    [InlineData(CallBalance.RoundRobin)]
    [InlineData(CallBalance.LeastPending)]
    public async Task A_denied_call_is_not_tried_at_another_instance(CallBalance balance)
    {
        int asked = 0;
        RpcServerOptions options = new() { Authorize = _ => Interlocked.Increment(ref asked) < 0 };
        await using RpcServer one = await ServeAsync(static (number, _) => new(number), options);
        await using RpcServer other = await ServeAsync(static (number, _) => new(number), options);
        await using RpcClient<IGuarded> client = await ConnectAsync(balance);
        var denied = await Assert.ThrowsAsync<FairleadException>(
            () => client.Service.RepeatAsync(1).AsTask().WaitAsync(Watchdog));
        Assert.Equal((ErrorCode.PermissionDenied, DeliveryStatus.NotDelivered), (denied.Code, denied.Delivery));
        Assert.Equal(1, asked);
    }

    [Theory]
    [InlineData(CallBalance.RoundRobin)]
    [InlineData(CallBalance.LeastPending)]
    public async Task Calls_fail_as_full_if_all_instances_are_full(CallBalance balance)
    {
        TaskCompletionSource go = new();
        RpcServerOptions options = new() { MaxConcurrentCalls = 1, MaxQueuedCallsPerClient = 1 };
        await using RpcServer one = await ServeAsync(WaitAsync, options);
        await using RpcServer other = await ServeAsync(WaitAsync, options);
        await using RpcClient<IGuarded> client = await ConnectAsync(balance);
        List<Task<int>> calls = [.. Enumerable.Range(0, 12).Select(number => client.Service.PassAsync(number).AsTask())];

        // Four have a place or wait for one, whichever they are; each of the others ends.
        for (int i = 0; i < 8; i++)
        {
            Task<int> ended = await Task.WhenAny(calls).WaitAsync(Watchdog);
            calls.Remove(ended);
            var full = await Assert.ThrowsAsync<FairleadException>(() => ended);
            Assert.Equal((ErrorCode.Full, DeliveryStatus.NotDelivered), (full.Code, full.Delivery));
        }

        go.SetResult();
        await Task.WhenAll(calls).WaitAsync(Watchdog);

        async ValueTask<int> WaitAsync(int number, CancellationToken cancellationToken)
        {
            await go.Task.WaitAsync(cancellationToken);
            return number;
        }
    }

    [Fact]
    public async Task A_call_refused_by_a_full_instance_is_executed_by_another()
    {
        TaskCompletionSource go = new();
        RpcServerOptions options = new() { MaxConcurrentCalls = 1, MaxQueuedCallsPerClient = 1 };
        await using RpcServer one = await ServeAsync(
            async (number, cancellationToken) =>
            {
                await go.Task.WaitAsync(cancellationToken);
                return number;
            },
            options);
        await using RpcServer other = await ServeAsync(static (number, _) => new(number));
        await using RpcClient<IGuarded> client = await ConnectAsync(CallBalance.RoundRobin);
        Task<int>[] calls = [.. Enumerable.Range(0, 20).Select(number => client.Service.PassAsync(number).AsTask())];
        Assert.True(SpinWait.SpinUntil(() => calls.Count(static call => call.IsCompletedSuccessfully) >= 18, Watchdog));
        go.SetResult();
        Assert.Equal(Enumerable.Range(0, 20), await Task.WhenAll(calls).WaitAsync(Watchdog));
    }

    [Fact]
    public async Task A_call_refused_by_the_only_full_instance_is_tried_there_again()
    {
        TaskCompletionSource go = new();
        RpcServerOptions full = new() { MaxConcurrentCalls = 1, MaxQueuedCallsPerClient = 1 };
        await using RpcServer only = await ServeAsync(
            async (number, cancellationToken) =>
            {
                await go.Task.WaitAsync(cancellationToken);
                return number;
            },
            full);
        RpcClientOptions options = new()
        {
            Retry = new RpcRetry { MaxAttempts = int.MaxValue, FirstPause = TimeSpan.FromMilliseconds(1) },
        };
        await using RpcClient<IGuarded> client = await Rpc.ConnectAsync<IGuarded>(_name, options);
        Task<int>[] kept = [client.Service.PassAsync(1).AsTask(), client.Service.PassAsync(2).AsTask()];
        Assert.True(SpinWait.SpinUntil(() => only.Waiting == 1, Watchdog));
        Task<int> refused = client.Service.PassAsync(3).AsTask();
        Assert.True(SpinWait.SpinUntil(() => Matchmaker.Find(_name)[0].Calls > kept.Length + 1, Watchdog));
        go.SetResult();
        Task<int>[] all = [.. kept, refused];
        int[] results = await Task.WhenAll(all).WaitAsync(Watchdog);
        Assert.Equal([1, 2, 3], results);
    }

    /// <summary>The last error alone would say that nothing was executed.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_that_a_lost_instance_may_have_executed_ends_as_unknown(bool isBlocking)
    {
        TaskCompletionSource began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        RpcServer only = await ServeEndlessAsync(began);
        await using RpcClient<IGuarded> client = await ConnectAsync(CallBalance.OneInstance);
        Task<int> call = isBlocking
            ? Task.Run(() => client.Service.RepeatAsync(1).AsTask().GetAwaiter().GetResult())
            : client.Service.RepeatAsync(1).AsTask();
        await began.Task.WaitAsync(Watchdog);
        await LoseAsync(only);
        var lost = await Assert.ThrowsAnyAsync<FairleadException>(() => call.WaitAsync(Watchdog));
        Assert.Equal(DeliveryStatus.Unknown, lost.Delivery);
    }

    /// <summary>The other instance has another contract, in which the member has another number.</summary>
    [Fact]
    public async Task An_idempotent_call_to_a_lost_instance_is_repeated_at_an_instance_of_another_version()
    {
        TaskCompletionSource began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RpcServer newer = await Rpc.ServeAsync<IGuardedMore>(_name, new GuardedMore());
        RpcServer older = await ServeEndlessAsync(began);
        await using RpcClient<IGuarded> client = await ConnectAsync(CallBalance.OneInstance);
        Task<int> result = client.Service.RepeatAsync(1).AsTask();
        await began.Task.WaitAsync(Watchdog);
        await LoseAsync(older);
        Assert.Equal(1, await result.WaitAsync(Watchdog));
        Assert.Equal(2, await client.Service.RepeatAsync(2).AsTask().WaitAsync(Watchdog));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public async Task A_call_that_ends_its_instance_is_tried_only_up_to_the_limit(int most, int executions)
    {
        int executed = 0;
        List<RpcServer> servers = [];
        for (int i = 0; i < 3; i++)
        {
            int self = i;
            servers.Add(await ServeAsync(
                async (number, cancellationToken) =>
                {
                    Interlocked.Increment(ref executed);
                    _ = LoseAsync(servers[self]);
                    await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
                    return 0;
                },
                new RpcServerOptions { ShutdownTimeout = TimeSpan.Zero }));
        }

        try
        {
            RpcClientOptions options = new() { Balance = CallBalance.RoundRobin, Retry = new RpcRetry { MaxAttempts = most } };
            await using RpcClient<IGuarded> client = await Rpc.ConnectAsync<IGuarded>(_name, options);
            var lost = await Assert.ThrowsAnyAsync<FairleadException>(() => client.Service.RepeatAsync(1).AsTask().WaitAsync(Watchdog));
            Assert.Equal(DeliveryStatus.Unknown, lost.Delivery);
            Assert.Equal(executions, executed);
        }
        finally
        {
            foreach (RpcServer server in servers)
            {
                await server.DisposeAsync();
            }
        }
    }

    /// <summary>Each is chosen first in turn: the one with the fewest clients.</summary>
    [Fact]
    public async Task Clients_of_two_versions_find_their_instances_under_one_name()
    {
        await using RpcServer older = await Rpc.ServeAsync<IOldVersion>(_name, new OldVersion());
        await using RpcServer newer = await Rpc.ServeAsync<INewVersion>(_name, new NewVersion());
        List<IAsyncDisposable> clients = [];
        for (int i = 0; i < 6; i++)
        {
            RpcClient<IOldVersion> one = await Rpc.ConnectAsync<IOldVersion>(_name);
            RpcClient<INewVersion> other = await Rpc.ConnectAsync<INewVersion>(_name);
            clients.AddRange([one, other]);
            Assert.Equal(3, one.Service.Count(3));
            Assert.Equal("3", other.Service.Count("3"));
        }

        foreach (IAsyncDisposable client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_client_without_an_instance_of_its_version_gets_the_difference_as_error()
    {
        await using RpcServer newer = await Rpc.ServeAsync<INewVersion>(_name, new NewVersion());
        var different = await Assert.ThrowsAsync<FairleadException>(() => Rpc.ConnectAsync<IOldVersion>(_name).AsTask());
        Assert.Equal(ErrorCode.Incompatible, different.Code);
        Assert.Contains("Count differs", different.Message, StringComparison.Ordinal);
    }

    /// <summary>As in a rolling upgrade, while all instances of this client's version restart.</summary>
    [Fact]
    public async Task A_client_that_waits_for_its_service_waits_for_its_version()
    {
        await using RpcServer newer = await Rpc.ServeAsync<INewVersion>(_name, new NewVersion());
        ValueTask<RpcClient<IOldVersion>> connecting = Rpc.ConnectAsync<IOldVersion>(
            _name, new RpcClientOptions { WaitForService = TimeSpan.FromMinutes(1) });

        await using RpcServer older = await Rpc.ServeAsync<IOldVersion>(_name, new OldVersion());
        await using RpcClient<IOldVersion> client = await connecting.AsTask().WaitAsync(Watchdog);
        Assert.Equal(3, client.Service.Count(3));
    }

    [Fact]
    public async Task A_client_that_waits_in_vain_for_its_version_gets_the_difference_as_error()
    {
        await using RpcServer newer = await Rpc.ServeAsync<INewVersion>(_name, new NewVersion());
        RpcClientOptions options = new() { WaitForService = TimeSpan.FromMilliseconds(200) };
        var different = await Assert.ThrowsAsync<FairleadException>(
            () => Rpc.ConnectAsync<IOldVersion>(_name, options).AsTask().WaitAsync(Watchdog));
        Assert.Equal(ErrorCode.Incompatible, different.Code);
    }

    [Fact]
    public void Limits_of_attempts_are_checked()
    {
        foreach (RpcRetry wrong in (RpcRetry[])
            [
                new() { MaxAttempts = 0 }, new() { FirstPause = TimeSpan.FromTicks(-1) }, new() { MaxPause = TimeSpan.FromMilliseconds(1) },
                new() { MaxPause = TimeSpan.FromDays(2) },
            ])
        {
            Assert.ThrowsAny<ArgumentException>(
                () => Rpc.Connect<IGuarded>("inproc://nowhere", new RpcClientOptions { Retry = wrong }));
        }
    }

    // Its calls begin, and last until the server ends.
    private Task<RpcServer> ServeEndlessAsync(TaskCompletionSource began) => ServeAsync(
        async (_, cancellationToken) =>
        {
            began.TrySetResult();
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            return 0;
        },
        new RpcServerOptions { ShutdownTimeout = TimeSpan.Zero });

    // As by a crash: calls that are under way have no reply.
    private static async Task LoseAsync(RpcServer server) => await server.DisposeAsync();

    private async Task<RpcServer> ServeAsync(Func<int, CancellationToken, ValueTask<int>> pass, RpcServerOptions? options = null) =>
        await Rpc.ServeAsync<IGuarded>(_name, new Guarded(pass), options ?? new RpcServerOptions());

    private async Task<RpcClient<IGuarded>> ConnectAsync(CallBalance balance) =>
        await Rpc.ConnectAsync<IGuarded>(_name, new RpcClientOptions { Balance = balance });
}

/// <summary>A newer version of <see cref="IGuarded"/>.</summary>
[RpcContract]
public interface IGuardedMore : IGuarded
{
    int More();
}

internal sealed class GuardedMore : IGuardedMore
{
    public int More() => 1;

    public ValueTask<int> PassAsync(int number, CancellationToken cancellationToken) => new(number);

    public ValueTask<int> RepeatAsync(int number, CancellationToken cancellationToken) => new(number);
}

[RpcContract(Name = "Fairlead.Tests.Versioned")]
public interface IOldVersion
{
    int Count(int number);
}

[RpcContract(Name = "Fairlead.Tests.Versioned")]
public interface INewVersion
{
    string Count(string number);
}

internal sealed class OldVersion : IOldVersion
{
    public int Count(int number) => number;
}

internal sealed class NewVersion : INewVersion
{
    public string Count(string number) => number;
}
