// Type 2, the synchronous message: the sender continues when it knows whether the receiver has accepted the message.
//
//   dotnet run --project samples/SynchronousMessage -- server [ADDRESS]
//   dotnet run --project samples/SynchronousMessage -- client [ADDRESS] ORDER …
//
// An order is a number and a thing: "3 apples". The server refuses anything else. Try also: kill -9 or kill -STOP the server, then order.
using System.Text;
using Fairlead;
using Fairlead.Time;

string address = args.FirstOrDefault(static argument => argument.Contains("://")) ?? "unix://orders";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };

try
{
    switch (args.FirstOrDefault())
    {
        case "server":
            await TakeOrdersAsync();
            return 0;
        case "client":
            return await OrderAsync(args.Skip(1).Where(static argument => !argument.Contains("://")));
        default:
            Console.Error.WriteLine("usage: server [ADDRESS] | client [ADDRESS] ORDER …");
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

async Task TakeOrdersAsync()
{
    await using var receiver = await Receiver.BindAsync(address);
    Console.Error.WriteLine($"taking orders at {receiver.Address}");
    await foreach (var message in receiver.ReceiveAllAsync(stop.Token))
    {
        string order = message.Text;
        if (!int.TryParse(order.Split(' ')[0], out int count) || count < 1)
        {
            // The sender gets this sentence as its negative receipt.
            message.Reject($"'{order}' does not begin with a number of things");
            continue;
        }

        Console.WriteLine(order);

        // Asking for the next message accepts this one. To accept earlier, call message.Accept().
    }
}

async Task<int> OrderAsync(IEnumerable<string> orders)
{
    await using var sender = await Sender.ConnectAsync(address);
    int failed = 0;
    foreach (string order in orders)
    {
        // A negative receipt is a result, not an exception; the reaction depends on its kind.
        Delivery delivery = await sender.DeliverAsync(Encoding.UTF8.GetBytes(order), 2.Seconds(), stop.Token);
        Console.WriteLine(delivery.Status switch
        {
            DeliveryStatus.Delivered => $"{order}: delivered",
            DeliveryStatus.NotDelivered => $"{order}: not delivered ({delivery.Reason}), ordering it again is safe",
            _ => $"{order}: unknown ({delivery.Reason}), ordering it again may double it",
        });
        failed += delivery.IsDelivered ? 0 : 1;
    }

    return failed == 0 ? 0 : 1;
}
