using System.Runtime.CompilerServices;
using Fairlead.Rpc;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>Remote procedure calls over a broker, and services that are found there.</summary>
public sealed class CallTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Two servers of one queue, found by the name of their service, share its calls.</summary>
    [BrokerFact]
    public async Task Servers_of_one_queue_are_found_by_name_and_share_its_calls()
    {
        Address place = Broker.NewAddress("&heartbeat=1s");
        Address queue = Broker.NewAddress();
        await using RpcServer matchmaker = await Matchmaker.ServeAsync($"{place}");
        await using RpcServer first = await ServeAsync("first", place, queue);
        await using RpcServer second = await ServeAsync("second", place, queue);
        IReadOnlyList<ServiceInstance> found = await Matchmaker.ListAsync($"{place}");
        Assert.Equal([$"{queue}", $"{queue}"], found.Select(one => $"{one.Addresses[0]}"));
        await using RpcClient<ISteps> client = await Rpc.Rpc.ConnectAsync<ISteps>(
            Name(queue), new RpcClientOptions { Matchmaker = $"{place}" });

        Task<string>[] calls = [.. Enumerable.Range(0, 64).Select(_ => client.Service.WhoAsync().AsTask())];
        string[] servers = await Task.WhenAll(calls).WaitAsync(Patience);

        Assert.Equal(["first", "second"], servers.Distinct().Order());
    }

    [BrokerFact]
    public async Task An_entry_disappears_when_its_server_ends()
    {
        Address place = Broker.NewAddress("&heartbeat=1s");
        Address queue = Broker.NewAddress();
        await using RpcServer matchmaker = await Matchmaker.ServeAsync($"{place}");
        await using (await ServeAsync("only", place, queue))
        {
            Assert.Single(await Matchmaker.ListAsync($"{place}"));
        }

        using CancellationTokenSource end = new(Patience);
        while ((await Matchmaker.ListAsync($"{place}", end.Token)).Count > 0)
        {
            end.Token.ThrowIfCancellationRequested();
        }
    }

    [BrokerFact]
    public async Task A_stream_arrives_complete_and_ends_when_its_reader_leaves()
    {
        Address queue = Broker.NewAddress();
        Steps service = new("only");
        await using RpcServer server = await Rpc.Rpc.ServeAsync<ISteps>($"{queue}", service);
        await using RpcClient<ISteps> client = await Rpc.Rpc.ConnectAsync<ISteps>($"{queue}");
        int next = 0;
        await foreach (int step in client.Service.CountAsync(10_000))
        {
            Assert.Equal(next++, step);
        }

        Assert.Equal(10_000, next);
        await foreach (int step in client.Service.CountAsync(int.MaxValue))
        {
            if (step == 100)
            {
                break;
            }
        }

        await service.Ended.WaitAsync(Patience);
    }

    /// <summary>The frames of one stream come to both: it fails, and does not hang.</summary>
    [BrokerFact]
    public async Task Streams_of_servers_that_share_a_queue_fail_with_the_reason()
    {
        Address queue = Broker.NewAddress();
        await using RpcServer first = await Rpc.Rpc.ServeAsync<ISteps>($"{queue}", new Steps("first"));
        await using RpcServer second = await Rpc.Rpc.ServeAsync<ISteps>($"{queue}", new Steps("second"));
        await using RpcClient<ISteps> client = await Rpc.Rpc.ConnectAsync<ISteps>($"{queue}");

        var apart = await Assert.ThrowsAsync<FairleadException>(() => ReadAsync(client).WaitAsync(Patience));

        Assert.Equal(ErrorCode.NotFound, apart.Code);
        Assert.Contains("need one each for streams", apart.Message, StringComparison.Ordinal);

        static async Task ReadAsync(RpcClient<ISteps> client)
        {
            await foreach (int step in client.Service.CountAsync(int.MaxValue))
            {
            }
        }
    }

    private static string Name(Address queue) => queue.Option("name")![..24];

    private static ValueTask<RpcServer> ServeAsync(string who, Address matchmaker, Address queue) =>
        Rpc.Rpc.ServeAsync<ISteps>(
            Name(queue), new Steps(who), new RpcServerOptions { Matchmaker = $"{matchmaker}", NetworkAddress = $"{queue}" });
}

/// <summary>A contract of these tests.</summary>
[RpcContract]
public interface ISteps
{
    /// <summary>Returns which server executes the call.</summary>
    ValueTask<string> WhoAsync(CancellationToken cancellationToken = default);

    /// <summary>Counts from 0.</summary>
    IAsyncEnumerable<int> CountAsync(int count, CancellationToken cancellationToken = default);
}

internal sealed class Steps(string name) : ISteps
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when a stream has ended before its last item.</summary>
    public Task Ended => _ended.Task;

    public ValueTask<string> WhoAsync(CancellationToken cancellationToken) => new(name);

    public async IAsyncEnumerable<int> CountAsync(int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        int i = 0;
        try
        {
            for (; i < count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return i;
                await Task.Yield();
            }
        }
        finally
        {
            if (i < count)
            {
                _ended.TrySetResult();
            }
        }
    }
}
