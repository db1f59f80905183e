using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Matchmaking;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>A matchmaker over the network. Only the loopback interface is used.</summary>
[SlowRun]
public sealed partial class NetworkMatchmakerTests : IAsyncLifetime
{
    private const string Loopback = "tcp://127.0.0.1:0";
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly string _name = $"calc-{Guid.NewGuid():N}"[..16];
    private RpcServer _matchmaker = null!;

    private string Place => $"{_matchmaker.Addresses[0]}";

    private RpcClientOptions Client => new() { Matchmaker = Place };

    public async ValueTask InitializeAsync() => _matchmaker = await Matchmaker.ServeAsync(Loopback);

    public async ValueTask DisposeAsync() => await _matchmaker.DisposeAsync();

    [Fact]
    public async Task A_server_with_a_malformed_matchmaker_address_does_not_start()
    {
        RpcServerOptions options = new() { Matchmaker = "tcp://127.0.0.1:nonsense", NetworkAddress = Loopback };
        await Assert.ThrowsAsync<AddressFormatException>(
            () => Rpc.ServeAsync<ICalculator>(_name, new Calculator(), options).AsTask().WaitAsync(Watchdog));
        Assert.Empty(Matchmaker.Find(_name));
    }

    [Fact]
    public async Task A_client_may_wait_without_limit_for_a_service()
    {
        RpcClientOptions options = new() { Matchmaker = $"{_matchmaker.Addresses[0]}", WaitForService = TimeSpan.MaxValue };
        Task<RpcClient<ICalculator>> connecting = Rpc.ConnectAsync<ICalculator>(_name, options).AsTask();
        RpcServerOptions served = new() { Matchmaker = $"{_matchmaker.Addresses[0]}", NetworkAddress = Loopback };
        await using RpcServer server = await Rpc.ServeAsync<ICalculator>(_name, new Calculator(), served);
        await using RpcClient<ICalculator> client = await connecting.WaitAsync(Watchdog);
        Assert.Equal(5, await client.Service.AddAsync(2, 3));
    }

    [FullRun(Reason.Repeats)]
    [Fact]
    public async Task A_matchmaker_with_too_many_watches_is_reported_as_full()
    {
        // Where it knows its client's process, the limit is that of the process.
        await using RpcServer matchmaker = await Matchmaker.ServeAsync($"unix://{_name}");
        string place = $"{matchmaker.Addresses[0]}";
        List<IAsyncEnumerator<IReadOnlyList<ServiceEntry>>> watches = [];
        await using RpcClient<IMatchmaker> watch = await Rpc.ConnectAsync<IMatchmaker>(place);
        for (int i = 0; i < MatchmakerService.MostOfClient; i++)
        {
            watches.Add(watch.Service.WatchAsync("other").GetAsyncEnumerator());
            Assert.True(await watches[i].MoveNextAsync());
        }

        RpcClientOptions options = new() { Matchmaker = place, WaitForService = TimeSpan.FromSeconds(10) };
        var full = await Assert.ThrowsAsync<FairleadException>(async () => await Rpc.ConnectAsync<ICalculator>(_name, options));
        Assert.Equal((ErrorCode.Full, DeliveryStatus.NotDelivered), (full.Code, full.Delivery));
        foreach (IAsyncEnumerator<IReadOnlyList<ServiceEntry>> each in watches)
        {
            await each.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_service_is_found_at_a_matchmaker()
    {
        await using RpcServer server = await ServeAsync("blue");
        ServiceInstance instance = Assert.Single(await Matchmaker.ListAsync(Place));
        Assert.Equal((_name, "blue", Environment.ProcessId), (instance.Name, instance.Label, instance.ProcessId));
        Assert.Equal(RpcContracts.Of<ICalculator>().Description.Hash, instance.Hash);
        Assert.Equal(server.Addresses[^1], Assert.Single(instance.Addresses));
        Assert.NotEqual("", instance.Host);

        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(_name, Client);
        Assert.Equal(5, client.Service.Add(2, 3));
        Assert.Equal("tcp", client.Address?.Scheme);

        // Here it is found over shared memory.
        await using RpcClient<ICalculator> local = await Rpc.ConnectAsync<ICalculator>(_name);
        Assert.Equal("shm", local.Address?.Scheme);
    }

    [Fact]
    public async Task An_entry_disappears_when_its_server_ends()
    {
        RpcServer server = await ServeAsync();
        await using RpcClient<IMatchmaker> watch = await Rpc.ConnectAsync<IMatchmaker>(Place);
        await using IAsyncEnumerator<IReadOnlyList<ServiceEntry>> seen = watch.Service.WatchAsync(_name).GetAsyncEnumerator();
        Assert.True(await seen.MoveNextAsync());
        Assert.Single(seen.Current);
        await server.DisposeAsync();
        Assert.True(await seen.MoveNextAsync().AsTask().WaitAsync(Watchdog));
        Assert.Empty(seen.Current);
        var missing = await Assert.ThrowsAsync<FairleadException>(async () => await Rpc.ConnectAsync<ICalculator>(_name, Client));
        Assert.Equal(ErrorCode.NotFound, missing.Code);
        Assert.Contains($"no service '{_name}' is registered at the matchmaker {Place}", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_error_for_an_unreachable_instance_names_its_address()
    {
        await using RpcClient<IMatchmaker> client = await Rpc.ConnectAsync<IMatchmaker>(Place);
        ServiceEntry unreachable = Entry();
        await using IAsyncEnumerator<bool> registered = client.Service.RegisterAsync(unreachable).GetAsyncEnumerator();
        Assert.True(await registered.MoveNextAsync());
        var missing = await Assert.ThrowsAsync<FairleadException>(async () => await Rpc.ConnectAsync<ICalculator>(_name, Client));
        Assert.Equal(ErrorCode.NotFound, missing.Code);
        Assert.Contains($"no instance of service '{_name}' at the matchmaker {Place}", missing.Message, StringComparison.Ordinal);
        Assert.Contains($"can reach {unreachable.Addresses[0]}", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_registers_again_when_its_matchmaker_restarts()
    {
        await using RpcServer server = await ServeAsync();
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(_name, Client);
        string place = Place;
        await _matchmaker.DisposeAsync();

        // Calls need it no more.
        Assert.Equal(5, client.Service.Add(2, 3));
        await Assert.ThrowsAsync<FairleadException>(async () => await Rpc.ConnectAsync<ICalculator>(_name, new() { Matchmaker = place }));

        // A client may wait for both.
        ValueTask<RpcClient<ICalculator>> waiting = Rpc.ConnectAsync<ICalculator>(
            _name, new RpcClientOptions { Matchmaker = place, WaitForService = Watchdog });
        _matchmaker = await Matchmaker.ServeAsync(place);
        await using RpcClient<ICalculator> second = await waiting;
        Assert.Equal(5, second.Service.Add(2, 3));
    }

    [Fact]
    public async Task A_client_waits_for_a_service()
    {
        ValueTask<RpcClient<ICalculator>> waiting = Rpc.ConnectAsync<ICalculator>(_name, Client with { WaitForService = Watchdog });
        await using RpcServer server = await ServeAsync();
        await using RpcClient<ICalculator> client = await waiting;
        Assert.Equal(5, client.Service.Add(2, 3));
    }

    [Fact]
    public async Task A_client_continues_with_another_instance()
    {
        List<RpcServer> servers = [await ServeAsync(), await ServeAsync()];
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(_name, Client);
        Assert.Equal(5, client.Service.Add(2, 3));
        RpcServer used = servers.Single(server => server.Addresses[^1] == client.Address);
        await used.DisposeAsync();
        Assert.Equal(7, client.Service.Add(3, 4));
        await servers.Single(server => server != used).DisposeAsync();
    }

    [Fact]
    public async Task A_server_without_its_matchmaker_does_not_start()
    {
        string place = Place;
        await _matchmaker.DisposeAsync();
        var missing = await Assert.ThrowsAsync<FairleadException>(async () => await ServeAsync());
        Assert.Contains($"no matchmaker is reached at {place}", missing.Message, StringComparison.Ordinal);
        Assert.Empty(Matchmaker.Find(_name));
        missing = await Assert.ThrowsAsync<FairleadException>(async () => await Matchmaker.ListAsync(place));
        Assert.Contains($"no matchmaker is reached at {place}", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_are_checked()
    {
        RpcServerOptions options = new() { Matchmaker = Place, NetworkAddress = Loopback };
        foreach (RpcServerOptions wrong in (RpcServerOptions[])
        [
            options with { NetworkAddress = null },
            options with { NetworkAddress = "tcp://0.0.0.0:0" },
            options with { NetworkAddress = "tcp://*:0" },
            options with { NetworkAddress = "tcp://[::]:0" },
            options with { Matchmaker = "host" },
        ])
        {
            await Assert.ThrowsAnyAsync<Exception>(async () => await Rpc.ServeAsync<ICalculator>(_name, new Calculator(), wrong));
        }

        await Assert.ThrowsAsync<ArgumentException>(async () => await Rpc.ServeAsync<ICalculator>(Loopback, new Calculator(), options));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Rpc.ConnectAsync<ICalculator>(_name, new() { Matchmaker = "host" }));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Matchmaker.ListAsync("host"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Matchmaker.ServeAsync("host"));
        Assert.Empty(await Matchmaker.ListAsync(Place));
    }

    private ValueTask<RpcServer> ServeAsync(string label = "") => Rpc.ServeAsync<ICalculator>(
        _name,
        new Calculator(),
        new RpcServerOptions { Matchmaker = Place, NetworkAddress = Loopback, Endpoint = new EndpointOptions { Label = label } });

    // A call whose items are never asked for.
    private static byte[] Watch()
    {
        RpcDescription contract = RpcContracts.Of<IMatchmaker>().Description;
        int member = contract.Members.Index().Single(static one => one.Item.Name == nameof(IMatchmaker.WatchAsync)).Index;
        RpcWriter call = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            Frames.WriteOpen(ref call, (ushort)member, contract.Hash, Guid.NewGuid());
            call.WriteString("other");
            return call.Written.ToArray();
        }
        finally
        {
            call.Dispose();
        }
    }

    private ServiceEntry Entry() =>
        Matchmaker.EntryOf(_name, [RpcContracts.Of<ICalculator>().Description], Address.Parse("tcp://127.0.0.1:1"), "");
}
