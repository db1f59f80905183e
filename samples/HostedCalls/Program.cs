// Remote procedure calls between hosts: a client buys in a shop, which asks its stock. Three processes, and one trace through all of them.
//
//   dotnet run --project samples/HostedCalls -- stock          serves until Ctrl-C
//   dotnet run --project samples/HostedCalls -- shop           serves until Ctrl-C, with the stock behind it
//   dotnet run --project samples/HostedCalls -- buy pears      one call
//   fairlead call shop CheckAsync --contract Fairlead.Health   whether the shop works
//
// Each process prints its spans when it ends: those of one call have the same number of the trace in all three. The shop and the stock
// also print how long the slowest of a hundred calls took. The contracts are in Contracts.cs, the services in Services.cs.

using System.Diagnostics;
using Fairlead;
using Fairlead.Hosting;
using Fairlead.Rpc;
using HostedCalls;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

if (args is not (["stock"] or ["shop"] or ["buy", _]))
{
    Console.Error.WriteLine("usage: stock | shop | buy THING");
    return 2;
}

HostApplicationBuilder builder = Host.CreateApplicationBuilder();
List<Activity> spans = [];
List<Metric> metrics = [];
builder.Services.AddOpenTelemetry()
    .WithTracing(tracing => tracing.AddFairleadInstrumentation().AddInMemoryExporter(spans))
    .WithMetrics(metering => metering.AddFairleadInstrumentation().AddInMemoryExporter(metrics));
FairleadBuilder fairlead = builder.Services.AddFairlead();
int code = 0;
if (args is ["stock"])
{
    fairlead.AddRpcServer<IStock, Stock>("stock");
}
else if (args is ["shop"])
{
    fairlead.AddRpcServer<IShop, Shop>("shop").AddRpcHealth("shop").AddRpcClient<IStock>("stock");
}
else
{
    fairlead.AddRpcClient<IShop>("shop");
}

using (IHost host = builder.Build())
{
    if (args is ["buy", var thing])
    {
        await host.StartAsync();
        code = await BuyAsync(host.Services.GetRequiredService<HostedRpcClient<IShop>>(), thing);
        await host.StopAsync();
    }
    else
    {
        await host.RunAsync();
    }
}

Telemetry.Print(spans, metrics);
return code;

static async Task<int> BuyAsync(HostedRpcClient<IShop> shop, string thing)
{
    try
    {
        IShop service = await shop.GetAsync();
        Console.WriteLine(await service.BuyAsync(thing));
        return 0;
    }
    catch (Exception problem) when (problem is FairleadException or RpcException)
    {
        Console.Error.WriteLine(problem.Message);
        return 1;
    }
}
