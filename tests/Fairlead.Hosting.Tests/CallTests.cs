using Fairlead.Rpc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Fairlead.Hosting.Tests;

/// <summary>Servers and clients of remote procedure calls in a host.</summary>
public sealed class CallTests
{
    private readonly string _name = Hosts.NewName();

    private string Address => $"unix://{_name}";

    [Theory]
    [InlineData("call", 2)]
    [InlineData("connection", 1)]
    public async Task Each_call_or_connection_has_an_object_and_a_scope_of_its_own(string lifetime, int second)
    {
        using IHost host = Hosts.Make(
            AddShop, (Hosts.AddressOf("shop"), Address), ("Fairlead:Endpoints:shop:Lifetime", lifetime));
        await host.StartAsync();
        Seen seen = host.Services.GetRequiredService<Seen>();
        int begun = seen.Scopes;
        await using (RpcClient<IShop> client = await Rpc.Rpc.ConnectAsync<IShop>(Address))
        {
            Assert.Equal($"pears from {begun + 1}", await client.Service.BuyAsync("pears"));
            Assert.Equal($"plums from {begun + second}", await client.Service.BuyAsync("plums"));
        }

        await host.StopAsync();
        Assert.Equal(seen.Scopes, seen.Disposed);
    }

    [Fact]
    public async Task A_server_offers_all_contracts_of_its_name_and_is_found_by_a_plain_name()
    {
        using IHost host = Hosts.Make(builder =>
        {
            builder.Services.AddScoped<Seen.Scope>();
            builder.AddRpcServer<IShop, Shop>(_name).AddRpcServer<IStock, Stock>(_name);
        });
        await host.StartAsync();
        await using RpcClient<IShop> client = await Rpc.Rpc.ConnectAsync<IShop>(_name);
        Assert.StartsWith("pears from", await client.Service.BuyAsync("pears"), StringComparison.Ordinal);
        IStock stock = await client.GetServiceAsync<IStock>();
        Assert.Equal(5, await stock.CountAsync("pears"));
        await host.StopAsync();
    }

    [Fact]
    public async Task A_stop_waits_for_running_calls()
    {
        LogList log = new();
        using IHost host = Hosts.Make(AddShop, log, (Hosts.AddressOf("shop"), Address));
        await host.StartAsync();
        Seen seen = host.Services.GetRequiredService<Seen>();
        await using RpcClient<IShop> client = await Rpc.Rpc.ConnectAsync<IShop>(Address);
        Task<string> running = client.Service.BuyAsync("wait").AsTask();
        Assert.Equal("wait", await seen.NextAsync());

        Task stopped = host.StopAsync();
        await log.ForEventAsync(8);
        seen.Gate.SetResult();

        Assert.StartsWith("wait from", await running, StringComparison.Ordinal);
        await stopped.WaitAsync(Hosts.Limit);
        Assert.Contains(log.OfHost, static entry => entry.Event == 10);
    }

    [Fact]
    public async Task Running_calls_are_cancelled_at_the_close_timeout()
    {
        using IHost host = Hosts.Make(
            AddShop, (Hosts.AddressOf("shop"), Address), ("Fairlead:Endpoints:shop:CloseTimeout", "00:00:00.05"));
        await host.StartAsync();
        Seen seen = host.Services.GetRequiredService<Seen>();
        await using RpcClient<IShop> client = await Rpc.Rpc.ConnectAsync<IShop>(Address);
        Task<string> running = client.Service.BuyAsync("wait").AsTask();
        Assert.Equal("wait", await seen.NextAsync());

        await host.StopAsync();

        Assert.Equal("cancelled", await seen.NextAsync());
        Assert.Equal(ErrorCode.PeerGone, (await Assert.ThrowsAsync<FairleadException>(() => running)).Code);
    }

    [Fact]
    public async Task A_failed_call_is_logged_with_its_cause()
    {
        LogList log = new();
        using IHost host = Hosts.Make(AddShop, log, (Hosts.AddressOf("shop"), Address));
        await host.StartAsync();
        await using RpcClient<IShop> client = await Rpc.Rpc.ConnectAsync<IShop>(Address);

        RpcException failed = await Assert.ThrowsAsync<RpcException>(() => client.Service.BuyAsync("fail").AsTask());

        Assert.DoesNotContain("a secret", failed.Message, StringComparison.Ordinal);
        await log.ForEventAsync(9);
        Assert.Equal("a secret", log.OfHost.First(static entry => entry.Event == 9).Exception!.Message);
        await host.StopAsync();
    }

    [Fact]
    public async Task A_missing_service_fails_the_start()
    {
        using IHost host = Hosts.Make(
            static builder => builder.AddRpcServer<IStock, NeedyStock>("stock"), (Hosts.AddressOf("stock"), Address));

        InvalidOperationException wrong = await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync());

        Assert.StartsWith("The service NeedyStock of the endpoint 'stock' cannot be made", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Address", "two words", "The endpoint 'stock': 'two words' is not a name of a service")]
    [InlineData("Address", "unix//x://", "The endpoint 'stock': unix//x://")]
    [InlineData("Lifetime", "Forever", "Fairlead:Endpoints:stock:Lifetime is 'Forever', which is not one of Connection, Call")]
    [InlineData("Role", "Bind", "Fairlead:Endpoints:stock:Role is not a setting; the settings are Address, Lifetime, CloseTimeout")]
    public async Task An_invalid_setting_of_a_server_fails_the_start(string setting, string value, string error)
    {
        using IHost host = Hosts.Make(
            static builder => builder.AddRpcServer<IStock, Stock>("stock"), ($"Fairlead:Endpoints:stock:{setting}", value));

        OptionsValidationException wrong = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains(error, wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Address", "two words", "The endpoint 'stock': 'two words' is not a name of a service")]
    [InlineData("Timeout", "0", "The endpoint 'stock': its Timeout is 00:00:00; take more than zero, or none")]
    [InlineData("Role", "Bind", "Fairlead:Endpoints:stock:Role is not a setting; the settings are Address, Start, Timeout")]
    public async Task An_invalid_setting_of_a_client_fails_the_start(string setting, string value, string error)
    {
        using IHost host = Hosts.Make(
            static builder => builder.AddRpcClient<IStock>("stock"), ($"Fairlead:Endpoints:stock:{setting}", value));

        OptionsValidationException wrong = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains(error, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_reconnects_to_a_restarted_server_and_its_health_follows()
    {
        using IHost host = Hosts.Make(static builder => builder.AddRpcClient<IStock>("stock"), (Hosts.AddressOf("stock"), Address));
        await host.StartAsync();
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();
        HostedRpcClient<IStock> client = host.Services.GetRequiredService<HostedRpcClient<IStock>>();
        FairleadException absent = await Assert.ThrowsAsync<FairleadException>(() => client.GetAsync().AsTask());
        Assert.Equal(ErrorCode.NotFound, absent.Code);
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync()).Status);
        for (int life = 0; life < 3; life++)
        {
            await using RpcServer server = await Rpc.Rpc.ServeAsync<IStock>(Address, new Stock());
            Assert.Equal(3, await (await client.GetAsync()).CountAsync("fig"));
            Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);

            Task ended = client.Current!.Completion;
            await server.DisposeAsync();
            await ended.WaitAsync(Hosts.Limit);
            Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync()).Status);
        }

        await host.StopAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.GetAsync().AsTask());
    }

    [Fact]
    public async Task A_client_that_connects_at_start_fails_the_start_without_a_server()
    {
        using IHost host = Hosts.Make(
            static builder => builder.AddRpcClient<IStock>("stock"),
            (Hosts.AddressOf("stock"), Address),
            ("Fairlead:Endpoints:stock:Start", "atstart"));

        FairleadException wrong = await Assert.ThrowsAsync<FairleadException>(() => host.StartAsync());

        Assert.Equal(ErrorCode.NotFound, wrong.Code);
    }

    [Fact]
    public void Several_clients_of_a_contract_are_resolved_by_their_names()
    {
        using IHost host = Hosts.Make(static builder => builder.AddRpcClient<IStock>("near").AddRpcClient<IStock>("far"));
        Assert.Equal("near", host.Services.GetRequiredKeyedService<HostedRpcClient<IStock>>("near").Name);
        Assert.Equal("far", host.Services.GetRequiredKeyedService<HostedRpcClient<IStock>>("far").Name);
        InvalidOperationException several = Assert.Throws<InvalidOperationException>(
            () => host.Services.GetRequiredService<HostedRpcClient<IStock>>());
        Assert.Contains("[FromKeyedServices(\"far\")]", several.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_cannot_have_two_kinds_of_endpoints()
    {
        Assert.Throws<ArgumentException>(() => Hosts.Make(static builder => builder.AddRpcClient<IStock>("x").AddSender("x")));
        Assert.Throws<ArgumentException>(() => Hosts.Make(static builder => builder.AddSender("x").AddRpcServer<IStock, Stock>("x")));
    }

    [Fact]
    public async Task The_health_service_reports_the_state_of_the_host_until_it_stops()
    {
        using IHost host = Hosts.Make(
            builder => builder.AddRpcServer<IStock, Stock>("stock").AddRpcHealth("stock").AddSender("out"),
            (Hosts.AddressOf("stock"), Address),
            (Hosts.AddressOf("out"), $"{Address}-nobody"));
        await host.StartAsync();
        await using RpcClient<IServiceHealth> client = await Rpc.Rpc.ConnectAsync<IServiceHealth>(Address);
        Assert.Equal(new ServiceHealth(ServiceState.Serving, ""), await client.Service.CheckAsync());

        await Assert.ThrowsAsync<FairleadException>(() => host.Endpoint<Sender>("out").GetAsync().AsTask());

        ServiceHealth ill = await client.Service.CheckAsync();
        Assert.Equal(ServiceState.NotServing, ill.State);
        Assert.Contains("sender 'out'", ill.Text, StringComparison.Ordinal);

        Task? stopped = null;
        List<ServiceHealth> seen = [];
        await foreach (ServiceHealth now in client.Service.WatchAsync())
        {
            seen.Add(now);
            stopped ??= host.StopAsync();
        }

        await stopped!.WaitAsync(Hosts.Limit);
        Assert.Equal([ill, new ServiceHealth(ServiceState.NotServing, "the host stops")], seen);
    }

    private static void AddShop(FairleadBuilder builder)
    {
        builder.Services.AddScoped<Seen.Scope>();
        builder.AddRpcServer<IShop, Shop>("shop");
    }
}
