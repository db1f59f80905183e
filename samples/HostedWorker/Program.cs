// A worker service: a host that receives orders, handles each in a scope of its own, and stops in order on SIGTERM and Ctrl-C.
//
//   dotnet run --project samples/HostedWorker
//   dotnet run --project samples/WebShop                sends the orders
//   fairlead send unix://shop '{"Thing":"pears","Count":2}'     so does the tool
//
// Another address: --Fairlead:Endpoints:orders:Address=tcp://127.0.0.1:4711, a variable Fairlead__Endpoints__orders__Address, or a file
// appsettings.json.

using System.Text.Json.Serialization;
using Fairlead;
using Fairlead.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddScoped<Stock>();
builder.Services.AddFairlead()
    .AddReceiver<Order, OrderHandler>("orders", ShopJson.Default.Order, options => options.Address = "unix://shop");
await builder.Build().RunAsync();

/// <summary>Handles one order. A new one is made for each, with the services that its constructor names.</summary>
internal sealed partial class OrderHandler(Stock stock, ILogger<OrderHandler> logger) : IMessageHandler<Order>
{
    public ValueTask HandleAsync(Order value, Message message, CancellationToken cancellationToken)
    {
        // An exception rejects the order: its sender learns that it was not delivered.
        stock.Take(value);
        Taken(logger, value.Count, value.Thing, message.Peer);
        return ValueTask.CompletedTask;
    }

    [LoggerMessage(LogLevel.Information, "{Count} {Thing} for {Peer}")]
    private static partial void Taken(ILogger logger, int count, string thing, Peer peer);
}

/// <summary>What a database would be: a service with the life of one order.</summary>
internal sealed class Stock
{
    private const int Most = 100;

    public int Sold { get; private set; }

    public void Take(Order order)
    {
        if (order.Count is <= 0 or > Most)
        {
            throw new InvalidOperationException($"an order has 1 to {Most} things");
        }

        Sold += order.Count;
    }
}

internal sealed record Order(string Thing, int Count);

[JsonSerializable(typeof(Order))]
internal sealed partial class ShopJson : JsonSerializerContext;
