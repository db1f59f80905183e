// Producer and consumer on one machine today, and with a broker tomorrow: the address is all that changes.
//
//   dotnet run --project samples/AnyAddress -- consumer [ADDRESS]
//   dotnet run --project samples/AnyAddress -- producer [ADDRESS] [COUNT]
//
// ADDRESS is unix://orders by default; shm://orders, tcp://127.0.0.1:5242, amqp://localhost/?name=orders&durable=true, and
// tls://127.0.0.1:5243 (with certificates from the environment: fairlead certificate makes them) work as well. The producer waits for the
// receipt of each order, and the consumer ends with the last one.
using System.Globalization;
using Fairlead;
using Fairlead.RabbitMQ;
using Fairlead.Time;

RabbitMqTransport.Register();
string address = args.ElementAtOrDefault(1) ?? "unix://orders";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };

try
{
    switch (args.FirstOrDefault())
    {
        case "consumer":
            await ConsumeAsync();
            return 0;
        case "producer":
            await ProduceAsync(int.Parse(args.ElementAtOrDefault(2) ?? "3", CultureInfo.InvariantCulture));
            return 0;
        default:
            Console.Error.WriteLine("usage: AnyAddress consumer [ADDRESS] | producer [ADDRESS] [COUNT]");
            return 2;
    }
}
catch (OperationCanceledException)
{
    return 130;
}
catch (Exception problem) when (problem is FairleadException or AddressFormatException or FormatException)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

async Task ConsumeAsync()
{
    await using Receiver receiver = await Receiver.BindAsync(address, cancellationToken: stop.Token);
    Console.Error.WriteLine($"consuming at {receiver.Address}");
    await foreach (Message order in receiver.ReceiveAllAsync(stop.Token))
    {
        Console.WriteLine(order.Text);
        order.Accept();
        if (order.Text == "end")
        {
            break;
        }
    }
}

async Task ProduceAsync(int count)
{
    await using Sender sender = await Sender.ConnectAsync(address, new EndpointOptions { ConnectTimeout = 5.Seconds() }, stop.Token);
    for (int i = 1; i <= count; i++)
    {
        Delivery delivery = await sender.DeliverAsync($"order {i}", cancellationToken: stop.Token);
        Console.WriteLine($"order {i}: {delivery}");
    }

    await sender.DeliverAsync("end", cancellationToken: stop.Token);
}
