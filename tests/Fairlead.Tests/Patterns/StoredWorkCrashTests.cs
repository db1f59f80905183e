using System.Collections.Concurrent;
using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Patterns;

/// <summary>The host of a work queue with a store is killed again and again, in the middle of everything. So are some workers.</summary>
[SlowRun(Reason = "the kill test of durable queues")]
public sealed class StoredWorkCrashTests(ITestOutputHelper output) : WatchedTest(output)
{
    private static readonly int ItemsPerRound = TestSize.Of(200, full: 1_100);
    private static readonly int Kills = TestSize.Of(8, full: 200);

    private readonly TemporaryDirectory _directory = new();
    private readonly ConcurrentQueue<(int Number, bool Redelivered)> _seen = new();

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await base.DisposeAsync();
        }
        finally
        {
            _directory.Dispose();
        }
    }

    [Fact]
    public async Task Every_acknowledged_item_is_done_at_least_once_and_repeated_only_with_its_mark()
    {
        string place = $"unix://stored-{Guid.NewGuid():N}";
        string store = $"log://{_directory.Path}/jobs?segment=64KiB";
        Random random = RandomSeed.Printed(Output);
        HashSet<int> acknowledged = [];
        int next = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            await using PeerProcess host = PeerProcess.Start("queue", place, store);
            await host.AnswerAsync();
            int waiting = int.Parse(await host.AskAsync("count"), CultureInfo.InvariantCulture);
            await using Sender sender = await Sender.ConnectAsync(place);
            await using Sender safe = await Sender.ConnectAsync($"{place}?durable=true");
            bool isWorkerKilled = kill % 3 == 1;
            await using Receiver? worker = isWorkerKilled ? null : await Receiver.ConnectAsync(place);
            int limit = random.Next(1, waiting + ItemsPerRound);
            Task working = worker is null ? DieAtWorkAsync(place, limit) : WorkAsync(worker, limit);
            int flushed = random.Next(1, ItemsPerRound);
            await Task.WhenAll(Enumerable.Range(next, flushed).Select(number => safe.SendAsync(Encode(number)).AsTask()));
            acknowledged.UnionWith(Enumerable.Range(next, flushed));
            next += flushed;

            // Some are under way when the host dies.
            Task sending = SendMoreAsync(sender, next);
            next += ItemsPerRound;
            if (isWorkerKilled || kill % 2 == 0)
            {
                await working;
            }

            await host.KillRunningAsync();
            await Record.ExceptionAsync(() => sending);
            await Record.ExceptionAsync(() => working);
        }

        await using WorkQueue last = await WorkQueue.BindAsync(place, new() { Store = store });
        await using Receiver rest = await Receiver.ConnectAsync(place);
        Task finishing = WorkAsync(rest, int.MaxValue);
        await last.DrainAsync();
        await last.CloseAsync(5.Seconds());
        await Record.ExceptionAsync(() => finishing);

        Output.WriteLine($"{Kills} kills, {acknowledged.Count} acknowledged, {_seen.Count} handed out");
        acknowledged.ExceptWith(_seen.Select(static one => one.Number));
        Assert.Empty(acknowledged);
        HashSet<int> before = [];
        Assert.All(_seen, one => Assert.True(before.Add(one.Number) || one.Redelivered, $"{one.Number} came again without its mark"));
    }

    private static byte[] Encode(int number) => Payload.Make(number, 1000);

    private static async Task SendMoreAsync(Sender sender, int first)
    {
        for (int i = 0; i < ItemsPerRound; i++)
        {
            await sender.SendAsync(Encode(first + i));
        }
    }

    private async Task WorkAsync(Receiver worker, int limit)
    {
        for (int i = 0; i < limit; i++)
        {
            using Message item = await worker.ReceiveAsync();
            _seen.Enqueue((Payload.Check(item.Span).Number, item.Redelivered));
            item.Accept();
        }
    }

    /// <summary>A process works alone, and is killed when it has said this many items. All that it said is read before this ends.</summary>
    private async Task DieAtWorkAsync(string place, int limit)
    {
        await using PeerProcess worker = PeerProcess.Start("worker", place);
        await worker.AnswerAsync();
        for (int said = 1; await worker.TryReadLineAsync() is { } line; said++)
        {
            if (said == limit)
            {
                worker.KillAndGoOn();
            }

            // It says an item before it accepts it: the item of half a line was not accepted.
            if (line.Split(' ') is [_, var number, _, var mark and ("True" or "False")])
            {
                _seen.Enqueue((int.Parse(number, CultureInfo.InvariantCulture), mark == "True"));
            }
        }
    }
}
