// Type 1, the asynchronous message: the sender continues as soon as the message is buffered, whatever the receiver is doing.
//
//   dotnet run --project samples/AsynchronousMessage -- server [ADDRESS]
//   dotnet run --project samples/AsynchronousMessage -- client [COUNT] [ADDRESS]
//
// The client measures something 1,000 times and sends each reading. It waits for the server only if the server has no capacity for more
// unread messages; nothing is lost.
using System.Text;
using Fairlead;
using Fairlead.Time;

string address = args.FirstOrDefault(static argument => argument.Contains("://")) ?? "unix://readings";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };

try
{
    switch (args.FirstOrDefault())
    {
        case "server":
            await ReceiveAsync();
            return 0;
        case "client":
            return await SendAsync(int.TryParse(args.ElementAtOrDefault(1), out int count) ? count : 1000);
        default:
            Console.Error.WriteLine("usage: server [ADDRESS] | client [COUNT] [ADDRESS]");
            return 2;
    }
}
catch (OperationCanceledException)
{
    // Ctrl-C. The endpoints have been closed on the way here, and the name is free again.
    return 130;
}
catch (Exception problem) when (problem is FairleadException or AddressFormatException)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

async Task ReceiveAsync()
{
    await using var receiver = await Receiver.BindAsync(address);
    Console.Error.WriteLine($"receiving at {receiver.Address}");

    // A message is a lease on the memory in which it arrived; the loop releases it when it asks for the next one.
    await foreach (var message in receiver.ReceiveAllAsync(stop.Token))
    {
        Console.WriteLine(message.Text);
    }
}

async Task<int> SendAsync(int count)
{
    await using var sender = await Sender.ConnectAsync(address);
    int full = 0;
    for (int i = 1; i <= count; i++)
    {
        byte[] reading = Encoding.UTF8.GetBytes($"reading {i}");

        // To do other work instead of waiting, try first: a full queue is a result, not an exception.
        if (sender.TrySend(reading) == SendResult.Full)
        {
            full++;
            await sender.SendAsync(reading, stop.Token);
        }
    }

    // "Buffered" is not "read". Closing waits until all is read, within this time, and reports the rest.
    CloseReport report = await sender.CloseAsync(10.Seconds());
    Console.WriteLine(
        $"sent {report.Sent}, acknowledged {report.Acknowledged}, not delivered {report.NotDelivered}, in doubt {report.InDoubt}");
    Console.Error.WriteLine($"waited for capacity {full} times");
    return report.IsComplete ? 0 : 1;
}
