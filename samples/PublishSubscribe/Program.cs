// Publish-subscribe: a publisher does not know its subscribers; each subscriber asks for topics.
//
//   dotnet run --project samples/PublishSubscribe -- server [ADDRESS]
//   dotnet run --project samples/PublishSubscribe -- client [ADDRESS] TOPIC …
//
// The server publishes typed lines: "eu.bond.10y 101.25" is the topic and the message. A client's topics may have wildcards: * for one
// word, > for all that follow. A subscriber does not get messages published before its subscription.
using Fairlead;

string address = args.FirstOrDefault(static argument => argument.Contains("://")) ?? "unix://prices";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };

try
{
    switch (args.FirstOrDefault())
    {
        case "server":
            await PublishAsync();
            return 0;
        case "client":
            await SubscribeAsync([.. args.Skip(1).Where(static argument => !argument.Contains("://"))]);
            return 0;
        default:
            Console.Error.WriteLine("usage: server [ADDRESS] | client [ADDRESS] TOPIC …");
            return 2;
    }
}
catch (OperationCanceledException)
{
    return 130;
}
catch (Exception problem) when (problem is FairleadException or ArgumentException or FormatException)
{
    // An ArgumentException reports a wrong topic, a FormatException a wrong address.
    Console.Error.WriteLine(problem.Message);
    return 1;
}

async Task PublishAsync()
{
    await using var publisher = await Publisher.BindAsync(address);
    Console.Error.WriteLine($"publishing at {publisher.Address}");
    using var input = new StreamReader(Console.OpenStandardInput());
    while (await input.ReadLineAsync().WaitAsync(stop.Token) is { } line)
    {
        if (line.Split(' ', 2) is not [var topic, var price])
        {
            Console.Error.WriteLine("write: TOPIC MESSAGE");
            continue;
        }

        // Never waits: a subscriber that does not read misses messages, and learns how many.
        int subscribers = publisher.Publish(topic, price);
        Console.Error.WriteLine($"{topic} for {subscribers} of {publisher.Peers.Count} subscribers");
    }
}

async Task SubscribeAsync(string[] topics)
{
    await using var subscriber = await Subscriber.ConnectAsync(
        address, topics.Length == 0 ? ">" : string.Join(',', topics), cancellationToken: stop.Token);
    Console.Error.WriteLine($"subscribed to {string.Join(", ", subscriber.Topics)}");

    // Ends when the publisher closes.
    await foreach (var message in subscriber.ReceiveAllAsync(stop.Token))
    {
        string missed = message.Missed > 0 ? $" ({message.Missed} missed before)" : "";
        Console.WriteLine($"{message.Topic}: {message.Text}{missed}");
    }
}
