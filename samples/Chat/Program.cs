// A chat: one server, any number of numbered clients.
//
//   dotnet run --project samples/Chat -- server [ADDRESS]
//   dotnet run --project samples/Chat -- client [ADDRESS]
//
// Lines typed at a client or the server go to all. "@2 text" goes only to number 2, and does not appear at the server. "end" leaves, or at
// the server ends the chat.
// With the address tcp://127.0.0.1:5242?framing=line every line-oriented program can join: nc 127.0.0.1 5242.
using System.Text;
using Fairlead;

string address = args.ElementAtOrDefault(1) ?? "unix://chat";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };

try
{
    switch (args.FirstOrDefault())
    {
        case "server":
            await using (var hub = await Hub.BindAsync(address, new() { MaxClients = 100 }))
            {
                Console.Error.WriteLine($"chatting at {hub.Address}");
                await await Task.WhenAny(ServeAsync(hub), TypeAtServerAsync(hub));
            }

            return 0;
        case "client":
            await using (var pair = await Pair.ConnectAsync(address, cancellationToken: stop.Token))
            {
                await await Task.WhenAny(ListenAsync(pair), SpeakAsync(pair));
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

async Task ServeAsync(Hub hub)
{
    // One loop serves all clients: their events come one after the other, so nothing here needs a lock.
    await foreach (HubEvent happened in hub.Events(stop.Token))
    {
        HubClient client = happened.Client;
        switch (happened)
        {
            case HubEvent.Joined:
                Console.WriteLine($"{client} joined");
                Tell(hub, client, $"you are number {client.Number} of {hub.Clients.Count}");
                await hub.BroadcastAsync($"{client} joined", except: client);
                break;
            case HubEvent.Said said when said.Message.Text == "end":
                // A client of this sample closes to leave; programs like nc send "end".
                hub.Disconnect(client, "good bye");
                break;
            case HubEvent.Said said:
                string text = said.Message.Text;
                if (!text.StartsWith('@'))
                {
                    Console.WriteLine($"{client}: {text}");
                }

                PassOn(hub, client, text);
                break;
            case HubEvent.Left left:
                Console.WriteLine($"{client} left ({left.Reason})");
                await hub.BroadcastAsync($"{client} left");
                break;
        }
    }
}

async Task TypeAtServerAsync(Hub hub)
{
    using var input = new StreamReader(Console.OpenStandardInput());
    string? line;
    while ((line = await input.ReadLineAsync().WaitAsync(stop.Token)) is not (null or "end"))
    {
        PassOn(hub, null, line);
    }

    if (line is null)
    {
        // The input has ended: the server serves until Ctrl-C.
        await Task.Delay(Timeout.Infinite, stop.Token);
    }
}

void PassOn(Hub hub, HubClient? from, string text)
{
    string who = from?.ToString() ?? "server";
    if (!text.StartsWith('@'))
    {
        hub.Broadcast(Encoding.UTF8.GetBytes($"{who}: {text}"), except: from);
        return;
    }

    // A number, and perhaps a text for it.
    string[] words = text[1..].Trim().Split(' ', 2);
    if (int.TryParse(words[0], out int number) && hub.Client(number) is { } client)
    {
        Tell(hub, client, $"{who}, to you: {(words.Length > 1 ? words[1].Trim() : "")}");
    }
    else if (from is not null)
    {
        Tell(hub, from, $"there is no client with that number: {text}");
    }
    else
    {
        Console.Error.WriteLine($"there is no client with that number: {text}");
    }
}

static void Tell(Hub hub, HubClient client, string text)
{
    // Waiting for one client would delay all others. If the client has left, the loop reports that later.
    if (hub.TrySend(client, Encoding.UTF8.GetBytes(text)) == SendResult.Full)
    {
        hub.Disconnect(client, "you do not read");
    }
}

async Task ListenAsync(Pair pair)
{
    // Ends when the server closes, or disconnects this client.
    await foreach (var message in pair.ReceiveAllAsync(stop.Token))
    {
        Console.WriteLine(message.Text);
    }
}

async Task SpeakAsync(Pair pair)
{
    using var input = new StreamReader(Console.OpenStandardInput());
    while (await input.ReadLineAsync().WaitAsync(stop.Token) is not (null or "end") and string line)
    {
        await pair.SendAsync(Encoding.UTF8.GetBytes(line), stop.Token);
    }

    // Closing, which follows, waits until the server has read all messages.
}
