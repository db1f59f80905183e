// Point to point: two programs talk, in both directions, in any order.
//
//   dotnet run --project samples/PointToPoint [ADDRESS]        in two shells
//
// What is typed in one is shown in the other, and "end" ends both. It does not matter which of them is started first, nor who speaks first:
// the first one binds and the second connects; each direction is independent of the other.
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
    // The loop of the one that connected ends when the other closes. The one that is bound would wait for the next to come: "end" tells it
    // not to.
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
        // Reading a terminal cannot be cancelled, waiting for it can. The end of the input (Ctrl-D) ends the talk too.
        string line = await input.ReadLineAsync().WaitAsync(stop.Token) ?? "end";

        // Where nobody has connected yet, this waits for somebody.
        await pair.SendAsync(Encoding.UTF8.GetBytes(line), stop.Token);
        if (line == "end")
        {
            return;
        }
    }
}
