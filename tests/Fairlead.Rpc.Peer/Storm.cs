using System.Collections.Concurrent;
using System.Globalization;

namespace Fairlead.Rpc.Peer;

/// <summary>Another version of <see cref="IWork"/>: the same members, and one more.</summary>
[RpcContract(Name = "Fairlead.Rpc.Peer.IWork")]
public interface INewWork : IWork
{
    /// <summary>Returns three times the number.</summary>
    ValueTask<int> TripleAsync(int number, CancellationToken cancellationToken = default);
}

/// <inheritdoc cref="Work"/>
internal sealed class NewWork(Stream log) : Work(log), INewWork
{
    public async ValueTask<int> TripleAsync(int number, CancellationToken cancellationToken) =>
        (await OnceAsync(number, cancellationToken)) / 2 * 3;
}

/// <summary>Servers that deny some calls and are often full, and clients that report the outcome of each call.</summary>
internal static class Storm
{
    private const string Denied = "denied";
    private const int AtOnce = 32;

    /// <summary>Serves one of the versions until stdin ends, and says "ready".</summary>
    public static async Task ServeAsync(string service, string path, bool isNew)
    {
        RpcServerOptions options = new()
        {
            MaxConcurrentCalls = 2,
            MaxQueuedCallsPerClient = 8,
            Authorize = static call => !call.Metadata.ContainsKey(Denied),
        };
        await using FileStream log = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        await using RpcServer server = isNew
            ? await Rpc.ServeAsync<INewWork>(service, new NewWork(log), options)
            : await Rpc.ServeAsync<IWork>(service, new Work(log), options);
        Console.WriteLine("ready");
        await Console.In.ReadToEndAsync();
    }

    /// <summary>Makes calls, and prints for each: number, kind, outcome.</summary>
    public static async Task CallAsync(string service, int first, int count, bool isNew)
    {
        RpcClientOptions options = new()
        {
            Balance = CallBalance.RoundRobin,
            WaitForService = TimeSpan.FromMinutes(1),
            Timeout = TimeSpan.FromMinutes(1),
        };
        ConcurrentBag<string> outcomes = [];
        await using RpcConnection client = isNew
            ? await Rpc.ConnectAsync<INewWork>(service, options)
            : await Rpc.ConnectAsync<IWork>(service, options);
        IWork work = client is RpcClient<INewWork> newer ? newer.Service : ((RpcClient<IWork>)client).Service;
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = AtOnce };
        await Parallel.ForEachAsync(
            Enumerable.Range(first, count), parallel, async (number, _) => outcomes.Add(await CallAsync(work, number)));
        await Console.Out.WriteAsync(string.Concat(outcomes));
    }

    private static async Task<string> CallAsync(IWork work, int number)
    {
        string kind = number % 10 == 7 ? Denied
            : work is INewWork && number % 4 == 1 ? "new"
            : number % 2 == 0 ? "repeatable"
            : "once";
        string outcome;
        try
        {
            using IDisposable? use = kind == Denied
                ? new RpcCallOptions { Metadata = new Dictionary<string, string> { [Denied] = "yes" } }.Use()
                : null;
            int result = kind switch
            {
                "repeatable" => await work.RepeatableAsync(number),
                "new" => await ((INewWork)work).TripleAsync(number),
                _ => await work.OnceAsync(number),
            };
            outcome = result == (kind == "new" ? 3 : 2) * number ? "reply" : "wrong";
        }
        catch (FairleadException exception)
        {
            outcome = $"{(exception.Delivery == DeliveryStatus.NotDelivered ? "not-executed" : "unknown")}:{exception.Code}";
        }

        return string.Create(CultureInfo.InvariantCulture, $"{number} {kind} {outcome}\n");
    }
}
