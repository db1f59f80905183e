using System.Globalization;

namespace Fairlead.Rpc.Tests.Processes;

/// <summary>Three instances of two versions, which are killed in turn, deny some calls, and are often full.</summary>
/// <remarks>eng/nightly.sh makes 100,000 calls and kills an instance each second.</remarks>
[FullRun(Reason.Repeats)]
public sealed class StormTests(ITestOutputHelper output) : IDisposable
{
    private const int Clients = 2;

    // By the policy of retries that applies by default.
    private const int MostAttempts = 3;

    private const int ShortCalls = 300;
    private const int ShortKills = 3;
    private const int LongKills = 120;

    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly int? LongCalls = Environment.GetEnvironmentVariable("FAIRLEAD_RPC_STORM") is { } calls
        ? int.Parse(calls, CultureInfo.InvariantCulture)
        : null;

    private readonly string _service = $"storm-{Guid.NewGuid():N}"[..16];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fairlead-rpc-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Each_call_has_its_reported_outcome_while_instances_are_killed()
    {
        int kills = LongCalls is null ? ShortKills : LongKills;
        int each = (LongCalls ?? ShortCalls) / kills / Clients;
        Task<Instance>[] instances = [.. Enumerable.Range(0, 3).Select(place => ServeAsync(place, 0))];
        List<RpcPeer> clients = [];
        using PeriodicTimer seconds = new(TimeSpan.FromSeconds(1));
        try
        {
            await Task.WhenAll(instances);
            for (int i = 0; i < Clients; i++)
            {
                clients.Add(RpcPeer.Start("storm", "call", _service, $"{i + 1}", $"{Clients}", i % 2 == 0 ? "old" : "new"));
            }

            foreach (RpcPeer client in clients)
            {
                Assert.Equal("ready", await client.LineAsync());
            }

            for (int i = 0; i < kills; i++)
            {
                int place = i % instances.Length;
                Instance[] living = await Task.WhenAll(instances);
                long[] worked = [.. living.Select(static instance => instance.Worked)];
                await Task.WhenAll(clients.Select(client => client.SayAsync($"{each}")));
                if (LongCalls is null)
                {
                    // In the middle of its work. Clients do not know an instance that has just begun.
                    Assert.True(SpinWait.SpinUntil(
                        () => (place = Array.FindIndex(living, one => one.Worked > worked[Array.IndexOf(living, one)])) >= 0, Patience));
                }
                else
                {
                    await seconds.WaitForNextTickAsync();
                }

                living[place].Peer.Dispose();
                instances[place] = ServeAsync(place, i + 1);
            }

            clients.ForEach(static client => client.EndInput());
            string[][] outcomes = await Task.WhenAll(clients.Select(static client => client.EndAsync(Watchdog)));
            Check([.. outcomes.SelectMany(static lines => lines)], each * kills * Clients, kills);
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
            foreach (Task<Instance> instance in instances)
            {
                (await instance).Peer.Dispose();
            }
        }
    }

    // The versions change: one of the three is always of the other version than its neighbours.
    private async Task<Instance> ServeAsync(int place, int round)
    {
        string version = place == 0 || (place == 2 && round % 2 == 0) ? "old" : "new";
        string log = Path.Combine(_folder.FullName, $"{place}-{round}");
        var peer = RpcPeer.Start("storm", "serve", _service, log, version);
        if (await peer.LineAsync() != "ready")
        {
            peer.Dispose();
            Assert.Fail("An instance does not serve.");
        }

        return new Instance(peer, log);
    }

    private void Check(string[] outcomes, int calls, int kills)
    {
        // Servers note executions as numbers, and denials as negative ones.
        Dictionary<int, int> noted = _folder
            .EnumerateFiles()
            .SelectMany(static log => File.ReadAllLines(log.FullName))
            .GroupBy(static line => int.Parse(line, CultureInfo.InvariantCulture))
            .ToDictionary(static group => group.Key, static group => group.Count());
        HashSet<int> seen = [];
        SortedDictionary<string, int> counts = new(StringComparer.Ordinal);
        foreach (string line in outcomes)
        {
            string[] fields = line.Split(' ', 4);
            int number = int.Parse(fields[0], CultureInfo.InvariantCulture);
            int executed = noted.GetValueOrDefault(number);
            int denied = noted.GetValueOrDefault(-number);
            Assert.True(seen.Add(number), line);
            string count = $"{fields[1]} {fields[2]}, executed {executed} times, denied {denied} times";
            counts[count] = counts.GetValueOrDefault(count) + 1;
            Assert.True(IsRight(fields[1], fields[2], executed, denied), $"{line}, but executed {executed} times, denied {denied} times");
        }

        output.WriteLine($"{calls} calls, {kills} kills, {noted.Values.Sum()} executions and denials");
        foreach ((string outcome, int count) in counts)
        {
            output.WriteLine($"{count,8} {outcome}");
        }

        Assert.Equal(Enumerable.Range(1, calls), seen.Order());
    }

    private static bool IsRight(string kind, string outcome, int executed, int denied) => (kind, outcome) switch
    {
        ("denied", "not-executed:PermissionDenied") => (executed, denied) == (0, 1),
        ("denied", "unknown:PeerGone") => executed == 0 && denied <= 1,
        ("once" or "new", "reply") => (executed, denied) == (1, 0),
        ("once" or "new", "unknown:PeerGone") => executed <= 1 && denied == 0,
        ("repeatable", "reply") => executed is >= 1 and <= MostAttempts && denied == 0,
        ("repeatable", "unknown:PeerGone" or "unknown:Full") => executed <= MostAttempts && denied == 0,
        (_, "not-executed:Full" or "not-executed:PeerGone") => (executed, denied) == (0, 0),
        _ => false,
    };

    private sealed record Instance(RpcPeer Peer, string Log)
    {
        public long Worked => new FileInfo(Log).Length;
    }
}
