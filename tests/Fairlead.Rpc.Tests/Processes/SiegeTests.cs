using System.Globalization;

namespace Fairlead.Rpc.Tests.Processes;

/// <summary>A hostile process sends frames of each kind over several connections. An honest process beside it is served.</summary>
/// <remarks>
/// eng/nightly.sh measures the rate of the honest client, and demands half of what it has alone. The hostile process gets the processor
/// time that the others leave: an attacker on another machine takes none of the honest client's.
/// </remarks>
[FullRun(Reason.Measures)]
public sealed class SiegeTests(ITestOutputHelper output)
{
    private const double LeastShare = 0.5;
    private const long Budget = 32 * 1024 * 1024;

    // The server's whole heap: the option, what ten connections have sent that is not handled yet, and garbage. Without a limit, the
    // collector lets garbage lie by the size of the machine's caches, which would look as if the server held it.
    private const string HeapLimit = "A000000";

    // The heap, and code, stacks and native memory.
    private const long MostMore = 192 * 1024 * 1024;
    private const int Connections = 10;
    private const int Short = 50;
    private const int Long = 300;

    // The best of them counts, alone and beside: other processes of the machine only take from it.
    private const int Rounds = 5;

    private static readonly bool IsMeasured = Environment.GetEnvironmentVariable("FAIRLEAD_RPC_SIEGE") is not null;

    [Theory]
    [InlineData("unix", "-", "-")]
    [InlineData("tcp", "127.0.0.2", "127.0.0.1")]
    public async Task A_well_behaved_process_keeps_its_rate_during_an_attack(string transport, string hostileFrom, string honestFrom)
    {
        using var server = RpcPeer.StartWith(
            "DOTNET_GCHeapHardLimit",
            HeapLimit,
            ["siege", "serve", Contracts.Places.New(transport), Budget.ToString(CultureInfo.InvariantCulture)]);
        string address = (await server.LineAsync())!;
        using var honest = RpcPeer.Start("siege", "call", address, honestFrom);
        Assert.Equal("ready", await honest.LineAsync());
        await RateAsync(honest, 1);
        long before = server.PeakMemory();
        List<string> faults = [];
        string[] kinds = IsMeasured
            ? ["calls", "malformed", "arguments", "keys", "counts", "long", "sessions", "polls", "pushes", "streams"]
            : ["malformed", "counts", "long", "sessions", "pushes"];
        foreach (string kind in kinds)
        {
            double alone = await RateAsync(honest, Rounds);
            server.ForgetPeakMemory();
            string[] attack = ["siege", "attack", kind, address, hostileFrom, Connections.ToString(CultureInfo.InvariantCulture)];
            using RpcPeer hostile = IsMeasured ? RpcPeer.StartAside(attack) : RpcPeer.Start(attack);
            Assert.Equal("attacking", await hostile.LineAsync());
            await CollectionsAsync(server);
            double beside = await RateAsync(honest, Rounds);
            (string collections, string refused) = await CollectionsAsync(server);
            hostile.EndInput();
            string? answers = await hostile.LineAsync();
            long memory = server.PeakMemory();
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{transport}, {kind}: {alone:F0} calls/s alone, {beside:F0} beside ({beside / alone:F2}), "
                    + $"{memory >> 20} MiB of {before >> 20} before, {answers} answers, {collections}"));
            if (refused != "0")
            {
                faults.Add($"{kind}: {refused} times without memory");
            }

            if (memory > before + MostMore)
            {
                faults.Add($"{kind}: {memory >> 20} MiB");
            }

            // The collector stops all threads while it marks the 27 MB of small objects that the share of a client may have: 0.2 to 1.0 of
            // the rate were measured beside "counts".
            if (IsMeasured && kind != "counts" && beside < alone * LeastShare)
            {
                faults.Add($"{kind}: {beside / alone:F2} of the rate");
            }
        }

        Assert.Empty(faults);
        honest.EndInput();
        await honest.EndAsync();
    }

    /// <summary>Returns what the collector did in the server since the last call of this, and how often it had no memory so far.</summary>
    private static async Task<(string Collections, string Refused)> CollectionsAsync(RpcPeer server)
    {
        await server.SayAsync("collections");
        return (await server.LineAsync())!.Split(' ') is [var paused, var seconds, var full, var refused]
            ? ($"stopped for {paused} ms of {seconds} s by the collector, {full} full collections", refused)
            : throw new InvalidOperationException("The server did not say what its collector did.");
    }

    /// <summary>Returns the most calls a second of some rounds.</summary>
    private static async Task<double> RateAsync(RpcPeer honest, int rounds)
    {
        double best = 0;
        for (int i = 0; i < (IsMeasured ? rounds : 1); i++)
        {
            await honest.SayAsync((IsMeasured ? Long : Short).ToString(CultureInfo.InvariantCulture));
            best = Math.Max(best, double.Parse((await honest.LineAsync())!, CultureInfo.InvariantCulture));
        }

        return best;
    }
}
