using System.Globalization;
using Fairlead.Logs;
using Fairlead.Memory;
using Fairlead.TestPeer;

namespace Fairlead.Tests.Logs;

/// <summary>
/// Eight processes append and two follow, while one appender after the other is killed at a random moment. FAIRLEAD_TEST_ITEMS records
/// (100,000) are appended in all, or more; FAIRLEAD_KILLS appenders (20) die, or more, until one has died in the middle of a record.
/// </summary>
[SlowRun(Reason = "the kill test of logs")]
public sealed class LogCrashTests(ITestOutputHelper output) : IDisposable
{
    private const int Appenders = 8;

    private static readonly long Items = TestSize.Given("FAIRLEAD_TEST_ITEMS", 100_000);
    private static readonly int Kills = TestSize.Given("FAIRLEAD_KILLS", 20);
    private static readonly int MostKills = 10 * Kills;

    private readonly TemporaryDirectory _directory = new();
    private readonly string _region = $"log-{Guid.NewGuid():N}";

    public void Dispose()
    {
        SharedRegion.Remove(_region);
        _directory.Dispose();
    }

    [Fact]
    public async Task Every_acknowledged_record_exists_once_and_in_order_whichever_process_is_killed()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        string address = $"log://{_directory["orders"]}";
        using var region = SharedRegion.Open(_region, LogBody.AcknowledgedAt(Appenders + MostKills + 1));
        using var log = MappedLog.Open(address, new LogOptions { SegmentSize = 1024 * 1024 });
        List<PeerProcess> living = [];
        List<int> slotOf = [];
        List<int> dead = [];
        await using var first = await StartAsync("follow", address);
        await using var second = await StartAsync("follow", address);
        int slots = 0;
        try
        {
            for (int i = 0; i < Appenders; i++)
            {
                slotOf.Add(slots);
                living.Add(await StartAsync("append", address, _region, Slot(slots++)));
            }

            long part = Math.Max(1, Items / (Kills * Appenders));

            // Continues until one has also died between reserving a record and filling it.
            for (int kill = 0; kill < Kills || log.Info().Voided == 0; kill++)
            {
                Assert.True(kill < MostKills, $"None of {kill} died inside a record.");
                int victim = random.Next(living.Count);
                long moment = Volatile.Read(ref region.At<long>(LogBody.AcknowledgedAt(slotOf[victim]))) + random.NextInt64(part);

                // The others append some records, and it continues until it is killed.
                Volatile.Write(ref region.At<long>(LogBody.IsDoomedAt(slotOf[victim])), 1);
                Volatile.Write(ref region.At<long>(LogBody.AllowedAt), region.At<long>(LogBody.AllowedAt) + (2 * part));
                SpinWait.SpinUntil(() => Volatile.Read(ref region.At<long>(LogBody.AcknowledgedAt(slotOf[victim]))) > moment);
                await living[victim].KillRunningAsync();
                living[victim].Dispose();
                dead.Add(slotOf[victim]);
                slotOf[victim] = slots;
                living[victim] = await StartAsync("append", address, _region, Slot(slots++));
            }

            Volatile.Write(ref region.At<long>(LogBody.AllowedAt), long.MaxValue);
            while (Total(region, slots) < Items)
            {
                await Task.Yield();
            }

            Volatile.Write(ref region.At<long>(LogBody.AllowedAt), -1);
            foreach (var appender in living)
            {
                Assert.Equal("done", await appender.ReadLineAsync());
            }
        }
        finally
        {
            living.ForEach(static appender => appender.Dispose());
        }

        long last = log.Append(Body(slots, 1));
        await first.TellAsync(Slot((int)last));
        await second.TellAsync(Slot((int)last));
        string seen = await first.AnswerAsync();

        Assert.Equal(seen, await second.AnswerAsync());
        string[] words = seen.Split(' ');
        var numbers = words[2]
            .Split(',')
            .Select(static entry => entry.Split(':'))
            .ToDictionary(
                static entry => int.Parse(entry[0], CultureInfo.InvariantCulture),
                static entry => long.Parse(entry[1], CultureInfo.InvariantCulture));
        for (int slot = 0; slot < slots; slot++)
        {
            // One more than acknowledged: it died between the two.
            long acknowledged = region.At<long>(LogBody.AcknowledgedAt(slot));
            Assert.InRange(numbers.GetValueOrDefault(slot), acknowledged, acknowledged + 1);
        }

        var info = log.Info();
        Assert.Empty(info.Damages);
        Assert.Equal(0, info.Unfinished);
        Assert.Equal(info.Records, long.Parse(words[0], CultureInfo.InvariantCulture));
        Assert.Equal(info.Records + info.Voided, info.Next - 1);

        // Each dead process leaves at most one: the record after its last readable one.
        int incomplete = dead.Count(slot => numbers.GetValueOrDefault(slot) == region.At<long>(LogBody.AcknowledgedAt(slot)));
        Assert.InRange(info.Voided, 1, incomplete);
        output.WriteLine(
            $"{info.Records} records in {info.Segments} segments, {slots} appenders, {info.Voided} records of dead ones voided");
    }

    private static byte[] Body(int slot, long number)
    {
        byte[] body = new byte[LogBody.Size];
        LogBody.Fill(body, slot, number);
        return body;
    }

    private static string Slot(int slot) => slot.ToString(CultureInfo.InvariantCulture);

    private static long Total(SharedRegion region, int slots)
    {
        long total = 0;
        for (int slot = 0; slot < slots; slot++)
        {
            total += Volatile.Read(ref region.At<long>(LogBody.AcknowledgedAt(slot)));
        }

        return total;
    }

    private static async Task<PeerProcess> StartAsync(params string[] arguments)
    {
        var peer = PeerProcess.Start(["log", .. arguments]);
        Assert.Equal("ready", await peer.ReadLineAsync());
        return peer;
    }
}
