// JobServer: a service with streams both ways, cancellation and callbacks. A job counts primes; the client sees its progress.
//
//   dotnet run --project samples/JobServer -- server           serves until Ctrl-C
//   dotnet run --project samples/JobServer -- run LIMIT        runs a job: counts the primes below LIMIT; Ctrl-C cancels it
//   dotnet run --project samples/JobServer -- cancel JOB       cancels a job of any client
//   dotnet run --project samples/JobServer -- watch            prints each job that ends, until Ctrl-C
//   dotnet run --project samples/JobServer -- upload FILE      sends a file in chunks; the server stores it until it ends
//
// The contract is in Contract.cs, the server in JobService.cs and Job.cs, the client in JobClient.cs.
// Try also: run 500000000, and kill -9 of that client: the server cancels its job. Or kill -9 of the server: the client says so at once.
using System.Globalization;
using Fairlead;
using Fairlead.Rpc;
using JobServer;

const string Service = "jobs";
using CancellationTokenSource stop = new();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };
try
{
    return args switch
    {
        ["server"] => await ServeAsync(stop.Token),
        ["run", var limit] => await CallAsync(client => JobClient.RunAsync(client.Service, Parse(limit), stop.Token), stop.Token),
        ["cancel", var job] => await CallAsync(
            client => client.Service.CancelAsync((int)Parse(job), stop.Token).AsTask(), stop.Token),
        ["watch"] => await CallAsync(client => JobClient.WatchAsync(client.Service, stop.Token), stop.Token),
        ["upload", var file] => await CallAsync(client => JobClient.UploadAsync(client.Service, file, stop.Token), stop.Token),
        _ => Usage(),
    };
}
catch (OperationCanceledException)
{
    return 130;
}
catch (Exception problem) when (problem is FairleadException or RpcException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

static async Task<int> ServeAsync(CancellationToken stop)
{
    using JobService service = new();
    await using RpcServer server = await Rpc.ServeAsync<IJobs>(Service, service, new RpcServerOptions { MaxConcurrentCalls = 1000 });
    Console.Error.WriteLine($"serving '{Service}'");
    await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    // The end of the server waits for the calls that run: these end now, and their clients hear why.
    service.End();
    return 130;
}

static async Task<int> CallAsync(Func<RpcClient<IJobs>, Task> command, CancellationToken stop)
{
    await using RpcClient<IJobs> client = await Rpc.ConnectAsync<IJobs>(Service, cancellationToken: stop);
    await command(client);
    return 0;
}

static long Parse(string text) =>
    long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= int.MaxValue
        ? number
        : throw new IOException($"'{text}' is not a number from 0 to {int.MaxValue}");

static int Usage()
{
    Console.Error.WriteLine("usage: server | run LIMIT | cancel JOB | watch | upload FILE");
    return 2;
}
