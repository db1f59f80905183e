// Point to point: two programs exchange messages, in both directions, in any order.
//
//   dotnet run --project samples/PointToPoint [ADDRESS]        in two shells
//
// Text typed in one appears in the other, and "end" ends both. Start them in any order: the first one binds and the second connects. Each
// direction is independent of the other.
using System.Text;
using Fairlead;

string address = args.FirstOrDefault() ?? "unix://talk";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };

try
{
    await using Pair pair = await MeetAsync();
    Console.Error.WriteLine(pair.IsBound ? $"first at {pair.Address}: waiting for the other" : $"connected to {pair.Peers[0]}");
    await await Task.WhenAny(ListenAsync(pair), SpeakAsync(pair));
    return 0;
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

async Task<Pair> MeetAsync()
{
    try
    {
        return await Pair.BindAsync(address);
    }
    catch (FairleadException taken) when (taken.Code == ErrorCode.AlreadyExists)
    {
        return await Pair.ConnectAsync(address, cancellationToken: stop.Token);
    }
}

async Task ListenAsync(Pair pair)
{
    // The loop of the connected program ends when the other closes. The bound one would wait for the next peer: "end" prevents that.
    await foreach (var message in pair.ReceiveAllAsync(stop.Token))
    {
        if (message.Text == "end")
        {
            return;
        }

        Console.WriteLine(message.Text);
    }
}

async Task SpeakAsync(Pair pair)
{
    using var input = new StreamReader(Console.OpenStandardInput());
    while (true)
    {
        // Reading a terminal cannot be cancelled, waiting for it can. The end of the input (Ctrl-D) ends the program too.
        string line = await input.ReadLineAsync().WaitAsync(stop.Token) ?? "end";

        // Without a peer, this waits for one.
        await pair.SendAsync(Encoding.UTF8.GetBytes(line), stop.Token);
        if (line == "end")
        {
            return;
        }
    }
}
