// A server with three small services: echo, date, time.
//
//   dotnet run --project samples/EchoServer -- server [ADDRESS]
//   dotnet run --project samples/EchoServer -- client [ADDRESS] echo TEXT | date | time
//
// The tool can ask it as well: fairlead request unix://services 'echo hello'
using System.Globalization;
using System.Text;
using Fairlead;
using Fairlead.Time;

string address = args.FirstOrDefault(static argument => argument.Contains("://")) ?? "unix://services";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };

try
{
    switch (args.FirstOrDefault())
    {
        case "server":
            await using (var responder = await Responder.BindAsync(address))
            {
                Console.Error.WriteLine($"serving echo, date and time at {responder.Address}");

                // The handler runs for many requests at once. Its return value is the reply; the requester gets its exceptions.
                await responder.RunAsync((request, context) => Encoding.UTF8.GetBytes(Answer(request.Text)), cancellationToken: stop.Token);
            }

            return 0;
        case "client":
            string question = string.Join(' ', args.Skip(1).Where(static argument => !argument.Contains("://")));
            await using (var requester = await Requester.ConnectAsync(address, cancellationToken: stop.Token))
            {
                using Message reply = await requester.RequestAsync(Encoding.UTF8.GetBytes(question), 5.Seconds(), stop.Token);
                Console.WriteLine(reply.Text);
            }

            return 0;
        default:
            Console.Error.WriteLine("usage: server [ADDRESS] | client [ADDRESS] echo TEXT | date | time");
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

static string Answer(string question) => question.Split(' ', 2) switch
{
    ["echo", var text] => text,
    ["date"] => TimeProvider.System.GetLocalNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
    ["time"] => TimeProvider.System.GetLocalNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture),
    _ => throw new FairleadException(ErrorCode.NotSupported, $"there is no service '{question}'", "Ask for echo TEXT, date or time."),
};
