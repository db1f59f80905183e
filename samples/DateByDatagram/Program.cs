// A date service over UDP, after the daytime protocol: a datagram with any content asks, and one answers. Clients need no Fairlead. Either
// datagram may be lost, so a client repeats its question.
//
//   dotnet run --project samples/DateByDatagram -- server [ADDRESS]
//   echo | nc -u -w1 127.0.0.1 5244                                      in another shell
//   dotnet run --project samples/DateByDatagram -- client [ADDRESS]      the same in C#
//
// With udp://127.0.0.1:5244?reliable=true at both ends nothing is lost; then both must use Fairlead.
using System.Globalization;
using System.Text;
using Fairlead;
using Fairlead.Time;

string address = args.ElementAtOrDefault(1) ?? "udp://127.0.0.1:5244?framing=none";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };

try
{
    switch (args.FirstOrDefault())
    {
        case "server":
            await AnswerAsync();
            return 0;
        case "client":
            return await AskAsync() ? 0 : 1;
        default:
            Console.Error.WriteLine("usage: server [ADDRESS] | client [ADDRESS]");
            return 2;
    }
}
catch (OperationCanceledException)
{
    return 130;
}
catch (Exception problem) when (problem is FairleadException or FormatException)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

async Task AnswerAsync()
{
    await using var hub = await Hub.BindAsync(address);
    Console.Error.WriteLine($"serving the date at {hub.Address}");
    await foreach (HubEvent happened in hub.Events(stop.Token))
    {
        if (happened is HubEvent.Said said)
        {
            hub.TrySend(
                said.Client,
                Encoding.UTF8.GetBytes(TimeProvider.System.GetLocalNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
        }
    }
}

async Task<bool> AskAsync()
{
    await using var pair = await Pair.ConnectAsync(address, cancellationToken: stop.Token);
    for (int attempt = 1; attempt <= 5; attempt++)
    {
        await pair.SendAsync("?"u8, stop.Token);
        if (pair.TryReceive(1.Seconds(), out Message answer, stop.Token))
        {
            Console.WriteLine(answer.Text);
            answer.Dispose();
            return true;
        }
    }

    Console.Error.WriteLine("no answer");
    return false;
}
