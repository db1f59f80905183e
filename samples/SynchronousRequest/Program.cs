// Type 4, the synchronous request: the calling thread waits for the reply. Without await: for the shortest round trip, and for code that is
// not asynchronous.
//
//   dotnet run --project samples/SynchronousRequest -- server [ADDRESS]
//   dotnet run --project samples/SynchronousRequest -- client [ADDRESS] TERM …
//
// A term is "2 + 3", with + - * or /.
using System.Globalization;
using System.Text;
using Fairlead;
using Fairlead.Time;

string address = args.FirstOrDefault(static argument => argument.Contains("://")) ?? "unix://calculator";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };

try
{
    switch (args.FirstOrDefault())
    {
        case "server":
            Serve();
            return 0;
        case "client":
            return Ask(args.Skip(1).Where(static argument => !argument.Contains("://")));
        default:
            Console.Error.WriteLine("usage: server [ADDRESS] | client [ADDRESS] TERM …");
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

void Serve()
{
    using var responder = Responder.Bind(address);
    Console.Error.WriteLine($"calculating at {responder.Address}");
    while (true)
    {
        // Blocks until a request arrives. Ctrl-C ends the wait, like every other.
        using Request request = responder.Receive(cancellationToken: stop.Token);
        if (Calculate(request.Text) is { } result)
        {
            request.Reply(Encoding.UTF8.GetBytes(result.ToString(CultureInfo.InvariantCulture)));
        }
        else
        {
            // The client gets this as a FairleadException with this code.
            request.Fail(ErrorCode.Failed, $"'{request.Text}' is not a term; write 2 + 3");
        }
    }
}

int Ask(IEnumerable<string> terms)
{
    using var requester = Requester.Connect(address);
    int failed = 0;
    foreach (string term in terms)
    {
        try
        {
            using Message reply = requester.Request(Encoding.UTF8.GetBytes(term), 5.Seconds(), stop.Token);
            Console.WriteLine($"{term} = {reply.Text}");
        }
        catch (FairleadException problem) when (problem.Code is ErrorCode.Failed or ErrorCode.Timeout)
        {
            // This term has no result, or not in time; the next one may.
            Console.Error.WriteLine(problem.Message);
            failed++;
        }
    }

    return failed == 0 ? 0 : 1;
}

static double? Calculate(string term)
{
    if (term.Split(' ') is not [var first, var sign, var second]
        || !double.TryParse(first, CultureInfo.InvariantCulture, out double a)
        || !double.TryParse(second, CultureInfo.InvariantCulture, out double b))
    {
        return null;
    }

    return sign switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        _ => null,
    };
}
