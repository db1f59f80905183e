using System.Collections.Concurrent;
using System.Globalization;
using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// A work queue between processes, whose workers are killed and stopped in the middle of their work: nothing is lost, and every repetition
/// is marked.
/// </summary>
/// <remarks>
/// FAIRLEAD_TEST_ITEMS makes it longer. With FAIRLEAD_TEST_EVERY_SECOND=1, for demonstrations, a worker is killed every second until all is
/// done, and another is stopped for two seconds. Otherwise both happen after a certain amount of work, independent of any clock.
/// </remarks>
[SlowRun]
public abstract class WorkerCrashContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    private const int Producers = 4;
    private const int Workers = 6;
    private const int Kills = 8;

    private static readonly int Items = TestSize.Given("FAIRLEAD_TEST_ITEMS", TestSize.Of(5_000, full: 20_000));

    private static readonly bool EverySecond = Environment.GetEnvironmentVariable("FAIRLEAD_TEST_EVERY_SECOND") == "1";

    private readonly ConcurrentQueue<(int From, int Number, int Deliveries, bool Redelivered)> _seen = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _milestones = new();
    private readonly List<Task> _reading = [];
    private int _count;

    [Fact]
    public async Task Killed_and_stopped_workers_lose_nothing()
    {
        WorkQueue queue = Track(WorkQueue.Bind(NewPlace(), new() { HandshakeTimeout = 60.Seconds() }));
        string address = Bare(queue.Address).ToString();
        List<PeerProcess> workers = [];
        for (int i = 0; i < Workers; i++)
        {
            workers.Add(await HireAsync(address));
        }

        // The last worker is stopped from the first tenth to the third: its current items wait for it.
        PeerProcess sleeper = workers[^1];
        PeerProcess[] producers =
        [
            .. Enumerable
                .Range(0, Producers)
                .Select(from => Track(PeerProcess.Start("producer", address, $"{from}", $"{Items / Producers}"))),
        ];
        long began = TimeProvider.System.GetTimestamp();
        int step = Items / (Kills + 2);
        int kills = 0;
        using PeriodicTimer second = new(1.Seconds(), TimeProvider.System);
        for (int i = 1; EverySecond ? Volatile.Read(ref _count) < Items : i <= Kills; i++)
        {
            await (EverySecond ? second.WaitForNextTickAsync().AsTask() : SeenAsync(i * step));
            if (i == 1)
            {
                await sleeper.StopAsync();
            }
            else if (i == 3)
            {
                sleeper.Continue();
            }

            PeerProcess victim = workers[0];
            workers.RemoveAt(0);
            await victim.KillAsync();
            kills++;
            workers.Insert(Workers - 2, await HireAsync(address));
        }

        foreach (PeerProcess producer in producers)
        {
            await producer.AnswerAsync();
            Assert.Equal($"{Items / Producers}", await producer.AnswerAsync());
        }

        sleeper.Continue();
        await queue.DrainAsync();
        double seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        long accepted = queue.Accepted;
        queue.Dispose();
        await Task.WhenAll(_reading);

        Dictionary<(int From, int Number), List<(int Deliveries, bool Redelivered)>> done = _seen
            .GroupBy(static one => (one.From, one.Number))
            .ToDictionary(
                static group => group.Key, static group => group.Select(static one => (one.Deliveries, one.Redelivered)).ToList());
        int again = done.Values.Count(static times => times.Count > 1);
        Output.WriteLine(
            $"{Items} items: {accepted} accepted, {_seen.Count} times handed to a worker that said so, {again} of them more than once, "
                + $"{queue.Redeliveries} handed out again; {kills} workers killed, in {seconds:0.0} s");
        Assert.Equal(Items, accepted);
        Assert.Equal(Items, done.Count);
        Assert.Equal(0, queue.GivenUp);

        // Every repetition is marked, and no item is marked that no worker can have seen.
        Assert.All(done.Values, static times => Assert.InRange(times.Count(static one => !one.Redelivered), 0, 1));
        Assert.All(done.Values, static times => Assert.All(times, static one => Assert.Equal(one.Redelivered, one.Deliveries > 0)));
    }

    /// <summary>Starts a worker, and records its lines until it ends.</summary>
    private async Task<PeerProcess> HireAsync(string address)
    {
        PeerProcess worker = Track(PeerProcess.Start("worker", address));
        await worker.AnswerAsync();
        _reading.Add(Task.Run(() => ReadAsync(worker)));
        return worker;
    }

    private async Task ReadAsync(PeerProcess worker)
    {
        while (await worker.TryReadLineAsync() is { } line)
        {
            if (line.Split(' ') is not [var from, var number, var deliveries, var redelivered] || redelivered is not ("True" or "False"))
            {
                // Killed in the middle of this line, whose item it had not accepted.
                continue;
            }

            _seen.Enqueue(
                (
                    int.Parse(from, CultureInfo.InvariantCulture),
                    int.Parse(number, CultureInfo.InvariantCulture),
                    int.Parse(deliveries, CultureInfo.InvariantCulture),
                    redelivered == "True"));
            int count = Interlocked.Increment(ref _count);
            if (_milestones.TryGetValue(count, out TaskCompletionSource? reached))
            {
                reached.TrySetResult();
            }
        }
    }

    /// <summary>Completes when this many lines have come.</summary>
    private async Task SeenAsync(int count)
    {
        TaskCompletionSource reached = _milestones.GetOrAdd(
            count, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (Volatile.Read(ref _count) < count)
        {
            await reached.Task;
        }
    }
}
