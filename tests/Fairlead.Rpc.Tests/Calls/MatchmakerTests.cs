using Fairlead.Diagnostics;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

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
        Assert.Equal("shm", client.Address.Scheme);
    }

    [Fact]
    public async Task A_name_of_no_service_is_refused_with_the_names_that_live()
    {
        await using RpcServer server = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        var missing = await Assert.ThrowsAsync<FairleadException>(async () => await Rpc.ConnectAsync<ICalculator>("no-such-service"));
        Assert.Equal(ErrorCode.NotFound, missing.Code);
        Assert.Contains(_name, missing.Message, StringComparison.Ordinal);
        Assert.Contains(FairleadDirectory.Runtime, missing.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(async () => await Rpc.ConnectAsync<ICalculator>("no such service"));
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
    public async Task A_new_client_goes_to_the_instance_with_the_fewest()
    {
        await using RpcServer one = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        await using RpcServer two = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        await using RpcClient<ICalculator> first = await Rpc.ConnectAsync<ICalculator>(_name);
        await using RpcClient<ICalculator> second = await Rpc.ConnectAsync<ICalculator>(_name);
        Assert.NotEqual(first.Address.ToString(), second.Address.ToString());
        Assert.Equal(2, Matchmaker.Find(_name).Count);
    }

    [Fact]
    public async Task A_service_that_has_ended_is_not_found()
    {
        await (await Rpc.ServeAsync<ICalculator>(_name, new Calculator())).DisposeAsync();
        Assert.Empty(Matchmaker.Find(_name));
    }
}
