using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Threading.Channels;

namespace Fairlead.Rpc.Peer;

/// <summary>Another version of <see cref="IWork"/>: the same members, and one more.</summary>
[RpcContract(Name = "Fairlead.Rpc.Peer.IWork")]
public interface INewWork : IWork
{
    /// <summary>Returns three times the number.</summary>
    ValueTask<int> TripleAsync(int number, CancellationToken cancellationToken = default);
}

/// <summary>Work that lasts, so a death of its process often interrupts it.</summary>
internal class SlowWork(Stream log) : Work(log), IWork
{
    private static readonly TimeSpan Duration = TimeSpan.FromMilliseconds(2);

    async ValueTask<int> IWork.OnceAsync(int number, CancellationToken cancellationToken)
    {
        int twice = await OnceAsync(number, cancellationToken);
        await Task.Delay(Duration, TimeProvider.System, cancellationToken);
        return twice;
    }

    ValueTask<int> IWork.RepeatableAsync(int number, CancellationToken cancellationToken) =>
        ((IWork)this).OnceAsync(number, cancellationToken);
}

/// <inheritdoc cref="SlowWork"/>
internal sealed class NewWork(Stream log) : SlowWork(log), INewWork
{
    public async ValueTask<int> TripleAsync(int number, CancellationToken cancellationToken) =>
        await ((IWork)this).OnceAsync(number, cancellationToken) / 2 * 3;
}

/// <summary>Servers that deny some calls and are often full, and clients that report the outcome of each call.</summary>
internal static class Storm
{
    private const string Denied = "denied";
    private const int AtOnce = 10;

    /// <summary>Serves one of the versions until stdin ends, and says "ready". Notes each denial as a negative number.</summary>
    public static async Task ServeAsync(string service, string path, bool isNew)
    {
        await using FileStream file = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        await using var log = Stream.Synchronized(file);
        RpcServerOptions options = new()
        {
            MaxConcurrentCalls = 2,
            MaxQueuedCallsPerClient = 8,
            Authorize = call =>
            {
                if (!call.Metadata.TryGetValue(Denied, out string? number))
                {
                    return true;
                }

                log.Write(Encoding.ASCII.GetBytes($"-{number}\n"));
                return false;
            },
        };
        await using RpcServer server = isNew
            ? await Rpc.ServeAsync<INewWork>(service, new NewWork(log), options)
            : await Rpc.ServeAsync<IWork>(service, new SlowWork(log), options);
        Console.WriteLine("ready");
        await Console.In.ReadToEndAsync();
    }

    /// <summary>Makes as many calls as each line of stdin says until it ends. Prints for each: number, kind, outcome, error.</summary>
    public static async Task CallAsync(string service, int first, int step, bool isNew)
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
        Console.WriteLine("ready");

        var numbers = Channel.CreateUnbounded<int>();
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = AtOnce };
        Task calls = Parallel.ForEachAsync(
            numbers.Reader.ReadAllAsync(), parallel, async (number, _) => outcomes.Add(await CallAsync(work, number)));
        int next = first;
        while (await Console.In.ReadLineAsync() is { } line)
        {
            for (int left = int.Parse(line, CultureInfo.InvariantCulture); left > 0; left--, next += step)
            {
                numbers.Writer.TryWrite(next);
            }
        }

        numbers.Writer.Complete();
        await calls;
        await Console.Out.WriteAsync(string.Concat(outcomes));
    }

    private static async Task<string> CallAsync(IWork work, int number)
    {
        string kind = number / 2 % 10 == 7 ? Denied
            : work is INewWork && number / 2 % 4 == 1 ? "new"
            : number / 2 % 3 == 0 ? "repeatable"
            : "once";
        string outcome;
        try
        {
            using IDisposable? use = kind == Denied
                ? new RpcCallOptions
                {
                    Metadata = new Dictionary<string, string> { [Denied] = number.ToString(CultureInfo.InvariantCulture) },
                }.Use()
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
            string delivery = exception.Delivery == DeliveryStatus.NotDelivered ? "not-executed" : "unknown";
            outcome = $"{delivery}:{exception.Code} {exception.Message.ReplaceLineEndings(" ")}";
        }

        return string.Create(CultureInfo.InvariantCulture, $"{number} {kind} {outcome}\n");
    }
}
