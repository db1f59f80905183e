// A survey: a requester asks all responders and takes replies until a deadline. It also learns which ones are silent or have died.
//
//   dotnet run --project samples/Survey -- server [ADDRESS]                    asks every line of its input
//   dotnet run --project samples/Survey -- client [ADDRESS] NAME               answers; as many as you like
//
// Try also: stop a client with Ctrl-Z, and ask again.
using System.Text;
using Fairlead;
using Fairlead.Time;

string address = args.FirstOrDefault(static argument => argument.Contains("://")) ?? "unix://survey";
string name = args.Skip(1).FirstOrDefault(static argument => !argument.Contains("://")) ?? "somebody";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };

try
{
    switch (args.FirstOrDefault())
    {
        case "server":
            await AskAsync();
            return 0;
        case "client":
            await AnswerAsync();
            return 0;
        default:
            Console.Error.WriteLine("usage: server [ADDRESS] | client [ADDRESS] NAME");
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

async Task AskAsync()
{
    // The requester binds, and the responders connect to it.
    await using var requester = await Requester.BindAsync(address);
    Console.Error.WriteLine($"asking at {requester.Address}");
    while (await NextLineAsync() is { } question)
    {
        int replies = 0;
        int silent = 0;
        byte[] asked = Encoding.UTF8.GetBytes(question);
        await foreach (SurveyReply reply in requester.SurveyAsync(asked, timeout: 1.Seconds(), cancellationToken: stop.Token))
        {
            if (reply.IsReply)
            {
                replies++;
                Console.WriteLine(reply.Message.Text);
            }
            else
            {
                silent++;
                Console.Error.WriteLine($"{reply.Peer}: {reply.Problem!.Code}");
            }
        }

        Console.WriteLine($"{replies} answered, {silent} did not");
    }
}

// Reading the console cannot be cancelled; waiting for it can.
Task<string?> NextLineAsync() => Task.Run(Console.In.ReadLine).WaitAsync(stop.Token);

async Task AnswerAsync()
{
    await using var responder = await Responder.ConnectAsync(address, cancellationToken: stop.Token);
    Console.Error.WriteLine("waiting for questions");
    await responder.RunAsync(
        (request, context) => Encoding.UTF8.GetBytes($"{name}: {request.Text.Length} letters"), cancellationToken: stop.Token);
}
