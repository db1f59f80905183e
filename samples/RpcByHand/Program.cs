// RpcByHand: the way of a remote call, step by step. Stub, skeleton and marshalling are written by hand here; read them beside
// RemoteCalculator, for which the generator writes them. Both programs understand each other.
//
//   dotnet run --project samples/RpcByHand -- server          serves until Ctrl-C
//   dotnet run --project samples/RpcByHand -- client A B      calls Add(A, B)
//
//   1  the stub marshals                              Stub.cs
//   2  the matchmaker locates the server              below
//   3  the message goes                               Stub.cs
//   4  the skeleton unmarshals and calls              Skeleton.cs
//   5  the reply goes back                            Skeleton.cs, Stub.cs
//
// Each side prints its steps.
//
// Try also: the client of this sample with the server of RemoteCalculator.
using System.Globalization;
using Fairlead;
using Fairlead.Processes;
using Fairlead.Rpc;
using RpcByHand;

// Generated code does this by itself when its assembly is loaded.
RpcContracts.Register(new CalculatorContract());
try
{
    switch (args)
    {
        case ["server"]:
            await ServeAsync();
            return 130;
        case ["client", var first, var second]:
            await CallAsync(int.Parse(first, CultureInfo.InvariantCulture), int.Parse(second, CultureInfo.InvariantCulture));
            return 0;
        default:
            Console.Error.WriteLine("usage: server | client A B");
            return 2;
    }
}
catch (Exception problem) when (problem is FairleadException or RpcException or FormatException or OverflowException)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

static async Task ServeAsync()
{
    // The server binds, and its entry stands in the registry of this user until the process ends: there the matchmaker finds it.
    await using RpcServer server = await Rpc.ServeAsync<ICalculator>("calc", new Calculator());
    Console.Error.WriteLine("serving");
    await foreach (SignalInfo _ in Signals.ListenAsync(Signal.Interrupt))
    {
        break;
    }
}

static async Task CallAsync(int a, int b)
{
    // Step 2: the matchmaker locates the server. The client does it once, before its first call. Rpc.ConnectAsync("calc") does the same.
    if (Matchmaker.Find("calc") is not [var instance, ..])
    {
        throw new FairleadException(ErrorCode.NotFound, "no service 'calc' lives", "Start the server of this sample first.");
    }

    Walk.Show(2, $"the matchmaker locates calc: pid {instance.ProcessId} at {instance.Addresses[0]}");

    await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(instance.Addresses[0].ToString());
    Console.WriteLine($"{a} + {b} = {client.Service.Add(a, b)}");
}

internal sealed class Calculator : ICalculator
{
    public int Add(int a, int b) => a + b;
}
