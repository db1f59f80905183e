// Values as messages: a serializer that the compiler generates writes and reads them as JSON, without reflection.
//
//   dotnet run --project samples/TypedMessages -- server [ADDRESS]
//   dotnet run --project samples/TypedMessages -- client [ADDRESS]
using System.Text.Json;
using System.Text.Json.Serialization;
using Fairlead;

string address = args.ElementAtOrDefault(1) ?? "unix://shop";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };

try
{
    switch (args.FirstOrDefault())
    {
        case "server":
            await SellAsync();
            return 0;
        case "client":
            await using (var sender = await Sender.ConnectAsync(address, cancellationToken: stop.Token))
            {
                await sender.SendAsync(new Order("apples", 3, 0.35m), ShopJson.Default.Order, stop.Token);
                await sender.SendAsync(new Order("a rope", 1, 12.5m), ShopJson.Default.Order, stop.Token);
                await sender.SendAsync("not an order"u8, stop.Token);
            }

            return 0;
        default:
            Console.Error.WriteLine("usage: server [ADDRESS] | client [ADDRESS]");
            return 2;
    }
}
catch (OperationCanceledException)
{
    return 130;
}
catch (Exception problem) when (problem is FairleadException or AddressFormatException)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

async Task SellAsync()
{
    await using var receiver = await Receiver.BindAsync(address);
    Console.Error.WriteLine($"selling at {receiver.Address}");
    await foreach (var message in receiver.ReceiveAllAsync(stop.Token))
    {
        try
        {
            if (message.Read(ShopJson.Default.Order) is { } order)
            {
                Console.WriteLine($"{order.Count} x {order.Thing}: {order.Count * order.Price:0.00}");
            }
        }
        catch (JsonException)
        {
            // A message is bytes, and its sender may be wrong. The next message comes from another sender.
            Console.WriteLine($"not an order: {message.Text}");
        }
    }
}

internal sealed record Order(string Thing, int Count, decimal Price);

[JsonSerializable(typeof(Order))]
internal sealed partial class ShopJson : JsonSerializerContext;
