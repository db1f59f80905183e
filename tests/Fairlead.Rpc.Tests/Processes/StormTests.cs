using System.Globalization;
using Xunit.Abstractions;

namespace Fairlead.Rpc.Tests.Processes;

/// <summary>Three instances of two versions, which are killed in turn, deny some calls, and are often full.</summary>
/// <remarks>eng/nightly.sh makes 100,000 calls and kills an instance each second.</remarks>
public sealed class StormTests(ITestOutputHelper output) : IDisposable
{
    private const int Clients = 2;

    // By the policy of retries that applies by default.
    private const int MostAttempts = 3;

    private static readonly int Calls =
        int.Parse(Environment.GetEnvironmentVariable("FAIRLEAD_RPC_STORM") ?? "400", CultureInfo.InvariantCulture);

    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly string _service = $"storm-{Guid.NewGuid():N}"[..16];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fairlead-rpc-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Each_call_ends_as_it_says_while_instances_are_killed()
    {
        RpcPeer?[] servers = new RpcPeer?[3];
        List<RpcPeer> clients = [];
        int kills = 0;
        try
        {
            for (int i = 0; i < servers.Length; i++)
            {
                servers[i] = await ServeAsync(i, 0);
            }

            int each = Calls / Clients;
            for (int i = 0; i < Clients; i++)
            {
                clients.Add(RpcPeer.Start("storm-call", _service, $"{i * each}", $"{each}", i % 2 == 0 ? "old" : "new"));
            }

            Task<string[]>[] ends = [.. clients.Select(static client => client.EndAsync(Watchdog))];
            Task<string[][]> all = Task.WhenAll(ends);
            do
            {
                int killed = kills++ % servers.Length;
                servers[killed]!.Dispose();
                servers[killed] = await ServeAsync(killed, kills);
            }
            while (await Task.WhenAny(all, Task.Delay(Interval, TimeProvider.System)) != all);

            Check([.. (await all).SelectMany(static lines => lines)], each * Clients, kills);
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
            Array.ForEach(servers, static server => server?.Dispose());
        }
    }

    // The versions change places: one of the three is always of the other version than its neighbours.
    private async Task<RpcPeer> ServeAsync(int instance, int round)
    {
        string version = instance == 0 || (instance == 2 && round % 2 == 0) ? "old" : "new";
        RpcPeer peer = RpcPeer.Start("storm-serve", _service, Path.Combine(_folder.FullName, $"{instance}-{round}"), version);
        Assert.Equal("ready", await peer.LineAsync());
        return peer;
    }

    private void Check(string[] outcomes, int calls, int kills)
    {
        Dictionary<int, int> executions = _folder
            .EnumerateFiles()
            .SelectMany(static log => File.ReadAllLines(log.FullName))
            .GroupBy(static line => int.Parse(line, CultureInfo.InvariantCulture))
            .ToDictionary(static group => group.Key, static group => group.Count());
        HashSet<int> seen = [];
        SortedDictionary<string, int> counts = new(StringComparer.Ordinal);
        foreach (string line in outcomes)
        {
            string[] fields = line.Split(' ');
            int number = int.Parse(fields[0], CultureInfo.InvariantCulture);
            int executed = executions.GetValueOrDefault(number);
            Assert.True(seen.Add(number), line);
            string outcome = fields[2].Split(':')[0];
            string count = $"{fields[1]} {fields[2]}, executed {executed} times";
            counts[count] = counts.GetValueOrDefault(count) + 1;
            bool isRight = (fields[1], outcome) switch
            {
                ("denied", "not-executed" or "unknown") => executed == 0,
                ("once" or "new", "reply") => executed == 1,
                ("once" or "new", "unknown") => executed <= 1,
                ("repeatable", "reply") => executed is >= 1 and <= MostAttempts,
                ("repeatable", "unknown") => executed <= MostAttempts,
                (not "denied", "not-executed") => executed == 0,
                _ => false,
            };
            Assert.True(isRight, $"{line}, but it was executed {executed} times");
        }

        output.WriteLine($"{calls} calls, {kills} kills");
        foreach ((string outcome, int count) in counts)
        {
            output.WriteLine($"{count,8} {outcome}");
        }

        Assert.Equal(calls, seen.Count);
    }
}
