using System.Globalization;
using Fairlead;
using Fairlead.Processes;
using Fairlead.Rpc;
using Fairlead.Rpc.Peer;

// A second process for the tests of remote procedure calls. Usage:
//   serve SERVICE LOG [LABEL]    serves until stdin ends, and says "ready"
//   at ADDRESS                   serves until stdin ends, and says where
//   heir serve|call              serves or calls over the channel to its parent
//   register MATCHMAKER SERVICE  the same, also at a matchmaker on the network
//   call SERVICE FIRST COUNT     makes calls at the same time, and prints for each: number, kind, outcome
//   storm serve SERVICE LOG old|new  serves a version of the contract, denies some calls and is often full
//   storm call SERVICE FIRST STEP old|new  makes every STEP-th call from FIRST on, as many as stdin says, and prints the same
//   endless SERVICE              reads a stream without end, and says "reading"
//   siege serve ADDRESS BYTES    serves with a limit for each client, and says where
//   siege call ADDRESS FROM      calls for as many milliseconds as each line of stdin says, and prints how many a second
//   siege attack KIND ADDRESS FROM CONNECTIONS  sends hostile frames until stdin ends, and says "attacking"; FROM is an address, or "-"
switch (args)
{
    case ["serve", var service, var path, .. var label]:
        RpcServerOptions served = new() { Endpoint = new EndpointOptions { Label = string.Join(' ', label) } };
        await using (FileStream log = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0))
        await using (await Rpc.ServeAsync<IWork>(service, new Work(log), served))
        {
            Console.WriteLine("ready");
            await Console.In.ReadToEndAsync();
        }

        return 0;

    case ["at", var address]:
        await using (RpcServer server = await Rpc.ServeAsync<IWork>(address, new Work(Stream.Null)))
        {
            Console.WriteLine(server.Addresses[0]);
            await Console.In.ReadToEndAsync();
        }

        return 0;

    case ["heir", "serve"]:
        await using (RpcServer server = await Rpc.ServeAsync<IWork>($"{Inherited.Address}", new Work(Stream.Null)))
        {
            await server.Completion;
        }

        return 0;

    case ["heir", "call"]:
        await using (RpcClient<IWork> client = await Rpc.ConnectAsync<IWork>($"{Inherited.Address}"))
        {
            return await client.Service.OnceAsync(21) == 42 ? 0 : 1;
        }

    case ["register", var matchmaker, var service]:
        RpcServerOptions registered = new() { Matchmaker = matchmaker, NetworkAddress = "tcp://127.0.0.1:0" };
        await using (await Rpc.ServeAsync<IWork>(service, new Work(Stream.Null), registered))
        {
            Console.WriteLine("ready");
            await Console.In.ReadToEndAsync();
        }

        return 0;

    case ["call", var service, var first, var count]:
        RpcClientOptions options = new() { Balance = CallBalance.RoundRobin };
        await using (RpcClient<IWork> client = await Rpc.ConnectAsync<IWork>(service, options))
        {
            int from = int.Parse(first, CultureInfo.InvariantCulture);
            string[] outcomes = await Task.WhenAll(
                Enumerable.Range(from, int.Parse(count, CultureInfo.InvariantCulture)).Select(number => CallAsync(client.Service, number)));
            await Console.Out.WriteAsync(string.Concat(outcomes));
        }

        return 0;

    case ["storm", "serve", var service, var path, var version]:
        await Storm.ServeAsync(service, path, version == "new");
        return 0;

    case ["storm", "call", var service, var first, var step, var version]:
        await Storm.CallAsync(
            service, int.Parse(first, CultureInfo.InvariantCulture), int.Parse(step, CultureInfo.InvariantCulture), version == "new");
        return 0;

    case ["siege", "serve", var address, var bytes]:
        await Siege.ServeAsync(address, long.Parse(bytes, CultureInfo.InvariantCulture));
        return 0;

    case ["siege", "call", var address, var from]:
        await Siege.CallAsync(address, from);
        return 0;

    case ["siege", "attack", var kind, var address, var from, var connections]:
        await Siege.AttackAsync(kind, address, from, int.Parse(connections, CultureInfo.InvariantCulture));
        return 0;

    case ["endless", var service]:
        await using (RpcClient<IWork> client = await Rpc.ConnectAsync<IWork>(service))
        {
            await foreach (int i in client.Service.EndlessAsync())
            {
                if (i == 10_000)
                {
                    Console.WriteLine("reading");
                }
            }
        }

        return 0;

    default:
        Console.Error.WriteLine("usage: Fairlead.Rpc.Peer serve SERVICE LOG | call SERVICE FIRST COUNT | endless SERVICE");
        return 2;
}

static async Task<string> CallAsync(IWork service, int number)
{
    bool isRepeatable = number % 2 == 0;
    using CancellationTokenSource giveUp = new();
    if (number % 100 == 0)
    {
        giveUp.CancelAfter(TimeSpan.FromMilliseconds(1));
    }

    string outcome;
    try
    {
        int twice = isRepeatable
            ? await service.RepeatableAsync(number, giveUp.Token)
            : await service.OnceAsync(number, giveUp.Token);
        outcome = twice == 2 * number ? "reply" : "wrong";
    }
    catch (OperationCanceledException)
    {
        outcome = "cancelled";
    }
    catch (FairleadException exception)
    {
        outcome = exception.Delivery == DeliveryStatus.NotDelivered ? "not-executed" : "unknown";
    }

    return string.Create(CultureInfo.InvariantCulture, $"{number} {(isRepeatable ? "repeatable" : "once")} {outcome}\n");
}
