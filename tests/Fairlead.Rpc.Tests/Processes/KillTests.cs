using System.Globalization;
using Fairlead.Processes;
using Fairlead.Rpc.Peer;

namespace Fairlead.Rpc.Tests.Processes;

/// <summary>Calls between processes that are killed or stopped.</summary>
public sealed class KillTests : IDisposable
{
    private const int Clients = 8;
    private const int CallsOfEach = 1250;

    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly string _service = $"work-{Guid.NewGuid():N}"[..16];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fairlead-rpc-");

    [FullRun(Reason.Repeats)]
    [Fact]
    public async Task Each_of_10000_calls_has_its_reported_outcome_although_one_of_three_servers_is_killed()
    {
        List<RpcPeer> peers = [];
        try
        {
            for (int i = 0; i < 3; i++)
            {
                peers.Add(await RpcPeer.ServeAsync(_service, LogOf(i)));
            }

            for (int i = 0; i < Clients; i++)
            {
                peers.Add(RpcPeer.Start("call", _service, $"{i * CallsOfEach}", $"{CallsOfEach}"));
            }

            // In the middle: when it has executed a tenth of all calls.
            Assert.True(SpinWait.SpinUntil(() => Executed(0).Count >= Clients * CallsOfEach / 10, Watchdog));
            peers[0].Dispose();

            List<string> outcomes = [];
            foreach (RpcPeer client in peers[3..])
            {
                outcomes.AddRange(await client.EndAsync());
            }

            Check(outcomes);
        }
        finally
        {
            peers.ForEach(static peer => peer.Dispose());
        }
    }

    [Fact]
    public async Task A_killed_server_ends_the_stream_immediately()
    {
        using RpcPeer server = await RpcPeer.ServeAsync(_service, LogOf(0));
        await using RpcClient<IWork> client = await Rpc.ConnectAsync<IWork>(_service);
        int items = 0;
        var gone = await Assert.ThrowsAsync<FairleadException>(async () =>
        {
            await foreach (int _ in client.Service.EndlessAsync())
            {
                if (++items == 10_000)
                {
                    server.Dispose();
                }
            }
        }).WaitAsync(Watchdog);
        Assert.Equal(ErrorCode.PeerGone, gone.Code);
    }

    [Fact]
    public async Task A_client_killed_during_a_stream_ends_its_producer()
    {
        using RpcPeer server = await RpcPeer.ServeAsync(_service, LogOf(0));
        using (RpcPeer client = RpcPeer.Start("endless", _service))
        {
            Assert.Equal("reading", await client.LineAsync());
        }

        Assert.Equal("ended", await server.LineAsync());
    }

    [Fact]
    public async Task A_call_to_a_stopped_server_times_out_and_the_resumed_server_continues()
    {
        using RpcPeer server = await RpcPeer.ServeAsync(_service, LogOf(0));
        await using RpcClient<IWork> client = await Rpc.ConnectAsync<IWork>(
            _service, new RpcClientOptions { Timeout = 3.Seconds() });
        Assert.Equal(2, await client.Service.OnceAsync(1));
        server.Stop();
        var late = await Assert.ThrowsAsync<FairleadException>(async () => await client.Service.OnceAsync(2)).WaitAsync(Watchdog);
        Assert.Equal(ErrorCode.Timeout, late.Code);
        server.Signal(Signal.Continue);
        await using RpcClient<IWork> patient = await Rpc.ConnectAsync<IWork>(_service);
        Assert.Equal(6, await patient.Service.OnceAsync(3));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private void Check(List<string> outcomes)
    {
        Dictionary<int, int> executions = Enumerable
            .Range(0, 3)
            .SelectMany(Executed)
            .GroupBy(static number => number)
            .ToDictionary(static group => group.Key, static group => group.Count());
        HashSet<int> seen = [];
        Dictionary<string, int> counts = [];
        foreach (string line in outcomes)
        {
            string[] fields = line.Split(' ');
            int number = int.Parse(fields[0], CultureInfo.InvariantCulture);
            int executed = executions.GetValueOrDefault(number);
            Assert.True(seen.Add(number), line);
            counts[$"{fields[1]} {fields[2]}"] = counts.GetValueOrDefault($"{fields[1]} {fields[2]}") + 1;
            bool isRight = (fields[1], fields[2]) switch
            {
                ("once", "reply") => executed == 1,
                ("once", "not-executed") => executed == 0,
                ("once", "unknown" or "cancelled") => executed <= 1,
                ("repeatable", "reply") => executed >= 1,
                ("repeatable", "cancelled") => number % 100 == 0,
                _ => false,
            };
            Assert.True(isRight, $"{line}, but it was executed {executed} times");
        }

        Assert.Equal(Clients * CallsOfEach, seen.Count);
        Assert.InRange(counts.GetValueOrDefault("once reply"), Clients * CallsOfEach / 4, Clients * CallsOfEach);
    }

    private string LogOf(int server) => Path.Combine(_folder.FullName, $"{server}");

    // A killed writer leaves whole lines: each is one write.
    private List<int> Executed(int server) =>
    [
        .. File
            .ReadAllLines(LogOf(server))
            .Select(static line => int.Parse(line, CultureInfo.InvariantCulture)),
    ];
}
