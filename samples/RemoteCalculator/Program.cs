// RemoteCalculator: remote procedure calls. A C# interface is the contract, and the service is found by its name.
//
//   dotnet run --project samples/RemoteCalculator -- server          serves until Ctrl-C
//   dotnet run --project samples/RemoteCalculator -- client A B      calls each member
//
// Try also: kill -9 of the server, and then the client: it says at once that no service of that name lives.
using System.Globalization;
using Fairlead;
using Fairlead.Processes;
using Fairlead.Rpc;

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
catch (Exception problem) when (problem is FairleadException or RpcException or FormatException)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

static async Task ServeAsync()
{
    await using RpcServer server = await Rpc.ServeAsync<ICalculator>("calc", new Calculator());
    Console.Error.WriteLine("serving");
    await foreach (SignalInfo _ in Signals.ListenAsync(Signal.Interrupt))
    {
        break;
    }
}

static async Task CallAsync(int a, int b)
{
    await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>("calc");
    ICalculator calc = client.Service;
    Console.WriteLine($"{a} + {b} = {calc.Add(a, b)}");
    Division division = await calc.DivideAsync(a, b);
    Console.WriteLine($"{a} = {division.Quotient} * {b} + {division.Rest}");
    Console.WriteLine($"sum of 1 to {a}: {await calc.SumAsync([.. Enumerable.Range(1, a)])}");
    calc.Note($"{Environment.UserName} has calculated");
}

/// <summary>The contract: the client calls it, the server implements it.</summary>
[RpcContract]
internal interface ICalculator
{
    /// <summary>Blocks until the sum has arrived.</summary>
    int Add(int a, int b);

    ValueTask<Division> DivideAsync(int a, int b, CancellationToken cancellationToken = default);

    [Idempotent]
    ValueTask<long> SumAsync(IReadOnlyList<int> numbers, CancellationToken cancellationToken = default);

    [OneWay]
    void Note(string line);
}

/// <summary>A value of the contract.</summary>
internal readonly record struct Division(int Quotient, int Rest);

internal sealed class Calculator : ICalculator
{
    public int Add(int a, int b) => a + b;

    public ValueTask<Division> DivideAsync(int a, int b, CancellationToken cancellationToken) =>
        b == 0 ? throw new RpcException(1, $"{a} cannot be divided by 0") : new(new Division(a / b, a % b));

    public ValueTask<long> SumAsync(IReadOnlyList<int> numbers, CancellationToken cancellationToken) =>
        new(numbers.Sum(static number => (long)number));

    public void Note(string line) => Console.WriteLine(line);
}
