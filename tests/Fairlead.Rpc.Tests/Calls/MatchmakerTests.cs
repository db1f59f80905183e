using Fairlead.Diagnostics;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

[SlowRun]
public sealed class MatchmakerTests
{
    private readonly string _name = $"calc-{Guid.NewGuid():N}"[..16];

    [Fact]
    public async Task A_service_is_found_by_its_name()
    {
        await using RpcServer server = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        ServiceInstance instance = Assert.Single(Matchmaker.Find(_name));
        Assert.Equal((_name, typeof(ICalculator).FullName, Environment.ProcessId), (instance.Name, instance.Contract, instance.ProcessId));
        Assert.Equal(RpcContracts.Of<ICalculator>().Description.Hash, instance.Hash);
        Assert.Equal(["shm", "unix"], instance.Addresses.Select(static address => address.Scheme));
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(_name);
        Assert.Equal(5, client.Service.Add(2, 3));
        Assert.Equal("shm", client.Address?.Scheme);
    }

    [Fact]
    public async Task An_unknown_service_name_is_refused_and_the_error_lists_running_services()
    {
        await using RpcServer server = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        var missing = await Assert.ThrowsAsync<FairleadException>(async () => await Rpc.ConnectAsync<ICalculator>("no-such-service"));
        Assert.Equal(ErrorCode.NotFound, missing.Code);
        Assert.Contains(_name, missing.Message, StringComparison.Ordinal);
        Assert.Contains(FairleadDirectory.Runtime, missing.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(async () => await Rpc.ConnectAsync<ICalculator>("no such service"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task An_instance_counts_only_its_calls(int blockingThreads)
    {
        RpcServerOptions options = new() { BlockingThreads = blockingThreads, Endpoint = new EndpointOptions { Label = "blue  one" } };
        await using RpcServer numbers = await Rpc.ServeAsync<IStreams>(_name, new Contracts.Streams(), options);
        await using RpcClient<IStreams> client = await Rpc.ConnectAsync<IStreams>(_name);
        ServiceInstance before = Assert.Single(Matchmaker.Find(_name));
        Assert.Equal((0, 1, "blue  one"), (before.Calls, before.Clients, before.Label));

        Assert.Equal(100_000, await client.Service.CountAsync(100_000).CountAsync());
        Assert.Equal(6, await client.Service.SumAsync(Enumerable.Range(1, 3).ToAsyncEnumerable()));
        Assert.Equal(2, Assert.Single(Matchmaker.Find(_name)).Calls);
    }

    [Fact]
    public async Task A_client_waits_for_its_service()
    {
        ValueTask<RpcClient<ICalculator>> connecting = Rpc.ConnectAsync<ICalculator>(
            _name, new RpcClientOptions { WaitForService = 60.Seconds() });
        Assert.False(connecting.IsCompleted);
        await using RpcServer server = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        await using RpcClient<ICalculator> client = await connecting;
        Assert.Equal(5, client.Service.Add(2, 3));
    }

    [Fact]
    public async Task A_new_client_connects_to_the_instance_with_the_fewest_clients()
    {
        await using RpcServer one = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        await using RpcServer two = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        await using RpcClient<ICalculator> first = await Rpc.ConnectAsync<ICalculator>(_name);
        await using RpcClient<ICalculator> second = await Rpc.ConnectAsync<ICalculator>(_name);
        Assert.NotEqual(first.Address, second.Address);
        Assert.Equal(2, Matchmaker.Find(_name).Count);
    }

    [Fact]
    public async Task A_service_that_has_ended_is_not_found()
    {
        await (await Rpc.ServeAsync<ICalculator>(_name, new Calculator())).DisposeAsync();
        Assert.Empty(Matchmaker.Find(_name));
    }

    [Theory]
    [InlineData(CallBalance.OneInstance)]
    [InlineData(CallBalance.RoundRobin)]
    [InlineData(CallBalance.LeastPending)]
    public async Task A_client_continues_with_another_instance(CallBalance balance)
    {
        RpcServer one = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        await using RpcServer two = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(_name, new RpcClientOptions { Balance = balance });
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(i, client.Service.Add(i, 0));
        }

        await one.DisposeAsync();
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(i, client.Service.Add(i, 0));
            Assert.Equal(i, await client.Service.AddAsync(i, 0));
        }

        Assert.Equal(two.Addresses[0], client.Address);
    }

    [Theory]
    [InlineData(CallBalance.RoundRobin)]
    [InlineData(CallBalance.LeastPending)]
    public async Task Calls_are_spread_over_the_instances(CallBalance balance)
    {
        Calculator[] services = [new(), new(), new()];
        List<RpcServer> servers = [];
        foreach (Calculator service in services)
        {
            servers.Add(await Rpc.ServeAsync<ICalculator>(_name, service));
        }

        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(_name, new RpcClientOptions { Balance = balance });
        using CancellationTokenSource end = new();
        Task[] waiting = [.. services.Select(_ => client.Service.WaitAsync(end.Token).AsTask())];
        await Task.WhenAll(services.Select(static service => service.Waiting.Task)).WaitAsync(TimeSpan.FromMinutes(1));
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(waiting));
        foreach (RpcServer server in servers)
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_client_waits_when_the_last_instance_has_ended()
    {
        RpcServer one = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(
            _name, new RpcClientOptions { WaitForService = 60.Seconds() });
        await one.DisposeAsync();
        Task<int> waiting = client.Service.AddAsync(2, 3).AsTask();
        await using RpcServer two = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        Assert.Equal(5, await waiting.WaitAsync(TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task A_call_after_the_last_instance_ended_fails_as_not_delivered()
    {
        RpcServer one = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(_name);
        await one.DisposeAsync();
        var missing = Assert.Throws<FairleadException>(() => client.Service.Add(2, 3));
        Assert.Equal((ErrorCode.NotFound, DeliveryStatus.NotDelivered), (missing.Code, missing.Delivery));
    }

    [Fact]
    public async Task An_idempotent_call_is_repeated_and_another_is_not()
    {
        Calculator service = new();
        RpcServer one = await Rpc.ServeAsync<ICalculator>(_name, service, new RpcServerOptions { ShutdownTimeout = TimeSpan.Zero });
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(_name);
        Task<int> repeated = client.Service.WaitOnceAsync().AsTask();
        Task unknown = client.Service.WaitAsync().AsTask();
        await service.WaitingOnce.Task.WaitAsync(TimeSpan.FromMinutes(1));
        await service.Waiting.Task.WaitAsync(TimeSpan.FromMinutes(1));
        await using RpcServer two = await Rpc.ServeAsync<ICalculator>(_name, service);
        await one.DisposeAsync();
        Assert.Equal(2, await repeated.WaitAsync(TimeSpan.FromMinutes(1)));
        var gone = await Assert.ThrowsAsync<FairleadException>(() => unknown.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal((ErrorCode.PeerGone, DeliveryStatus.Unknown), (gone.Code, gone.Delivery));
    }

    /// <summary>The endpoints of an instance that ends go one after the other.</summary>
    [Fact]
    public async Task An_ended_instance_is_not_tried_at_another_of_its_endpoints()
    {
        Calculator service = new();
        RpcServer one = await Rpc.ServeAsync<ICalculator>(_name, service, new RpcServerOptions { ShutdownTimeout = TimeSpan.Zero });
        await using Responder last = Responder.Bind($"unix://svc.{_name}.last", new EndpointOptions { Label = LabelOf(_name) });
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(_name);
        Task<int> repeated = client.Service.WaitOnceAsync().AsTask();
        await service.WaitingOnce.Task.WaitAsync(TimeSpan.FromMinutes(1));
        await using RpcServer two = await Rpc.ServeAsync<ICalculator>(_name, service);
        await one.DisposeAsync();
        Assert.Equal(2, await repeated.WaitAsync(TimeSpan.FromMinutes(1)));
        await two.DisposeAsync();
        Task<int> unserved = client.Service.AddAsync(2, 3).AsTask();
        using Request taken = await last.ReceiveAsync(TimeSpan.FromMinutes(1));
        await last.DisposeAsync();
        await Assert.ThrowsAsync<FairleadException>(() => unserved.WaitAsync(TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task A_service_whose_instances_accept_no_connection_is_not_reported_as_missing()
    {
        string folder = Directory.CreateTempSubdirectory("fairlead-").FullName;
        RpcServer one = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        string label = LabelOf(_name);
        await one.DisposeAsync();
        await using (Responder unreached = Responder.Bind($"unix://{folder}/s", new EndpointOptions { Label = label }))
        {
            File.Delete($"{folder}/s");
            var missing = await Assert.ThrowsAsync<FairleadException>(async () => await Rpc.ConnectAsync<ICalculator>(_name));
            Assert.Equal((ErrorCode.NotFound, DeliveryStatus.NotDelivered), (missing.Code, missing.Delivery));
            Assert.StartsWith($"no instance of service '{_name}' has taken a connection", missing.Message, StringComparison.Ordinal);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_watch_reports_instances_that_appear_and_disappear()
    {
        await using IAsyncEnumerator<IReadOnlyList<ServiceInstance>> watch = Matchmaker.WatchAsync(_name).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        Assert.Empty(watch.Current);
        RpcServer one = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        Assert.True(await watch.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Single(watch.Current);
        await one.DisposeAsync();
        Assert.True(await watch.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Empty(watch.Current);
    }

    [Fact]
    public async Task A_label_that_leaves_no_room_for_the_names_is_refused()
    {
        RpcServerOptions options = new() { Endpoint = new EndpointOptions { Label = new string('l', 240) } };
        ArgumentException exception = await Assert.ThrowsAsync<ArgumentException>(
            async () => await Rpc.ServeAsync<ICalculator>(_name, new Calculator(), options));
        Assert.Contains($"Service '{_name}' cannot be registered", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Shorten the label", exception.Message, StringComparison.Ordinal);
    }

    /// <summary>Returns the label of the endpoints of a service's instance.</summary>
    private static string LabelOf(string name) =>
        EndpointRegistry.List().First(endpoint => endpoint.Label.StartsWith($"rpc {name} ", StringComparison.Ordinal)).Label;
}
