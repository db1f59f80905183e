// Programs without Fairlead: with ?framing=line a message is a line, and every program that reads and writes lines can take part.
//
//   dotnet run --project samples/ForeignPeers -- server [ADDRESS]
//   printf 'hello\n' | nc -N 127.0.0.1 5242                                     in another shell
//
//   nc -lU /tmp/lines                                                           a server without Fairlead
//   dotnet run --project samples/ForeignPeers -- client 'unix:///tmp/lines?framing=line' LINE …
//
// Such a program sends no receipts, and its replies look like messages: there are asynchronous messages only.
using System.Text;
using Fairlead;
using Fairlead.Time;

string address = args.ElementAtOrDefault(1) ?? "tcp://127.0.0.1:5242?framing=line";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };

try
{
    switch (args.FirstOrDefault())
    {
        case "server":
            await ServeAsync();
            return 0;
        case "client":
            await TalkAsync(args.Skip(2));
            return 0;
        default:
            Console.Error.WriteLine("usage: server [ADDRESS] | client ADDRESS LINE …");
            return 2;
    }
}
catch (OperationCanceledException)
{
    return 130;
}
catch (Exception problem) when (problem is FairleadException or ArgumentException or FormatException)
{
    // An ArgumentException says that a line has a newline in it.
    Console.Error.WriteLine(problem.Message);
    return 1;
}

async Task ServeAsync()
{
    await using var hub = await Hub.BindAsync(address);
    Console.Error.WriteLine($"reading lines at {hub.Address}");
    await foreach (HubEvent happened in hub.Events(stop.Token))
    {
        if (happened is HubEvent.Said said)
        {
            string line = said.Message.Text;
            Console.WriteLine($"{said.Client}: {line}");

            // Without waiting: a client that does not read, or has gone, delays no other.
            hub.TrySend(said.Client, Encoding.UTF8.GetBytes(line.ToUpperInvariant()));
        }
        else
        {
            Console.WriteLine($"{happened.Client} {(happened is HubEvent.Joined ? "joined" : "left")}");
        }
    }
}

async Task TalkAsync(IEnumerable<string> lines)
{
    await using var pair = await Pair.ConnectAsync(address, cancellationToken: stop.Token);
    foreach (string line in lines)
    {
        await pair.SendAsync(Encoding.UTF8.GetBytes(line), stop.Token);
        using Message answer = await pair.ReceiveAsync(10.Seconds(), stop.Token);
        Console.WriteLine(answer.Text);
    }
}
