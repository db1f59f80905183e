// Type 3, the asynchronous request: the caller continues, the reply comes later, many requests are in flight.
//
//   dotnet run --project samples/AsynchronousRequest -- server [ADDRESS]
//   dotnet run --project samples/AsynchronousRequest -- client [ADDRESS] NUMBER …
//
// The server counts the primes below a number. The client sends requests for all its numbers at once and prints each reply when it comes:
// short work overtakes long work.
using System.Globalization;
using System.Text;
using Fairlead;
using Fairlead.Time;

string address = args.FirstOrDefault(static argument => argument.Contains("://")) ?? "unix://primes";
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
            return await AskAsync(args.Skip(1).Where(static argument => !argument.Contains("://")));
        default:
            Console.Error.WriteLine("usage: server [ADDRESS] | client [ADDRESS] NUMBER …");
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

async Task ServeAsync()
{
    await using var responder = await Responder.BindAsync(address);
    Console.Error.WriteLine($"counting primes at {responder.Address}");
    await responder.RunAsync(
        async (request, context) =>
        {
            if (!int.TryParse(request.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int below))
            {
                // The requester gets this code and this text.
                throw new FairleadException(ErrorCode.Failed, $"'{request.Text}' is not a number");
            }

            // A handler begins on the thread that read the request. Move long work elsewhere, and the thread can read the next request.
            // The token is cancelled when the client gives up or dies.
            int primes = await Task.Run(() => CountPrimes(below, context.CancellationToken), context.CancellationToken);
            return Encoding.UTF8.GetBytes($"{primes}");
        },
        cancellationToken: stop.Token);
}

async Task<int> AskAsync(IEnumerable<string> numbers)
{
    await using var requester = await Requester.ConnectAsync(address);

    // All requests are on their way before the first reply is awaited.
    List<Task<string>> calls = [.. numbers.Select(AskOneAsync)];
    int failed = 0;
    await foreach (Task<string> call in Task.WhenEach(calls))
    {
        try
        {
            Console.WriteLine(await call);
        }
        catch (FairleadException problem)
        {
            // One request failed; the others continue.
            Console.Error.WriteLine(problem.Message);
            failed++;
        }
    }

    return failed == 0 ? 0 : 1;

    async Task<string> AskOneAsync(string number)
    {
        using Message reply = await requester.RequestAsync(Encoding.UTF8.GetBytes(number), 30.Seconds(), stop.Token);
        return $"{reply.Text} primes below {number}";
    }
}

static int CountPrimes(int below, CancellationToken cancellationToken)
{
    int count = 0;
    for (int candidate = 2; candidate < below; candidate++)
    {
        cancellationToken.ThrowIfCancellationRequested();
        bool isPrime = true;
        for (int divisor = 2; divisor <= candidate / divisor && isPrime; divisor++)
        {
            isPrime = candidate % divisor != 0;
        }

        count += isPrime ? 1 : 0;
    }

    return count;
}
