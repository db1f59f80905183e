using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.Conformance.Contracts;

/// <summary>Processes die inside, in the wait queue, and anywhere else: the next one enters at once, and is told.</summary>
[SlowRun]
public abstract class MutexDeathContract(LockUnderTest under, ITestOutputHelper output) : LockContract(under, output)
{
    private const int Processes = 8;
    private const int DeathsInside = 3;

    /// <summary>The approximate number of increments.</summary>
    private const int BetweenKills = 500;

    private static readonly int Kills = KillsOr(12);

    [Fact]
    public async Task OwnerDied_is_reported_to_each_next_owner_until_one_marks_the_state_consistent()
    {
        (NamedMutex mutex, string place) = NewMutex();
        PeerProcess[] peers = [await StartAsync("mutex", place), await StartAsync("mutex", place)];
        Assert.Equal("", await peers[0].AskAsync("enter"));
        await peers[1].TellAsync("enter");
        await UntilWaiting(mutex, 1);
        await peers[0].KillRunningAsync();
        Assert.Equal("died", await peers[1].AnswerAsync());
        await peers[1].AskAsync("leave");
        using (MutexScope scope = mutex.Enter(cancellationToken: Token))
        {
            Assert.True(scope.OwnerDied);
        }

        await using (MutexScope scope = await mutex.EnterAsync(Token))
        {
            Assert.True(scope.OwnerDied);
            scope.MarkConsistent();
            Assert.False(scope.OwnerDied);
        }

        Assert.Equal("", await peers[1].AskAsync("enter"));
        await peers[1].KillRunningAsync();
        Assert.True(mutex.TryEnter(TimeSpan.Zero, out MutexScope last));
        Assert.True(last.OwnerDied);
        last.MarkConsistent();
        last.Dispose();
        Assert.False(last.OwnerDied);
        using MutexScope clean = mutex.Enter(cancellationToken: Token);
        Assert.False(clean.OwnerDied);
    }

    [Fact]
    public async Task A_process_that_exits_inside_counts_as_dead_too()
    {
        (NamedMutex mutex, string place) = NewMutex();
        PeerProcess peer = await StartAsync("mutex", place);
        Assert.Equal("", await peer.AskAsync("async"));
        Task<MutexScope> waiting = mutex.EnterAsync(Token).AsTask();
        Assert.Equal(0, await peer.FinishAsync());
        using MutexScope scope = await waiting;
        Assert.True(scope.OwnerDied);
    }

    [Fact]
    public async Task Dead_waiters_consume_no_wake_up()
    {
        (NamedMutex mutex, string place) = NewMutex();
        for (int round = 0; round < 3; round++)
        {
            List<PeerProcess> peers = [];
            MutexScope inside = mutex.Enter(cancellationToken: Token);
            for (int i = 0; i < 3; i++)
            {
                peers.Add(await StartAsync("mutex", place));
                await peers[i].TellAsync(round % 2 == 0 ? "enter" : "async");
                await UntilWaiting(mutex, i + 1);
            }

            Task<MutexScope> last = round % 2 == 0
                ? OnThread(() => mutex.Enter(cancellationToken: Token))
                : mutex.EnterAsync(Token).AsTask();
            await UntilWaiting(mutex, 4);

            // The first two together, in either order with the leave; afterwards the third, which sleeps behind them.
            peers[round % 3].KillAndGoOn();
            inside.Dispose();
            peers[(round + 1) % 3].KillAndGoOn();
            peers[(round + 2) % 3].KillAndGoOn();
            using MutexScope scope = await last;
            if (scope.OwnerDied)
            {
                scope.MarkConsistent();
            }

            foreach (PeerProcess peer in peers)
            {
                await peer.KillRunningAsync();
            }

            Assert.Empty(mutex.Waiters);
        }
    }

    [Fact]
    public async Task A_stopped_owner_does_not_count_as_dead()
    {
        (NamedMutex mutex, string place) = NewMutex();
        PeerProcess peer = await StartAsync("mutex", place);
        Assert.Equal("", await peer.AskAsync("enter"));
        await peer.StopAsync();
        Assert.False(mutex.TryEnter(TimeSpan.FromMilliseconds(100), out _));
        peer.Continue();
        Assert.Equal("", await peer.AskAsync("leave"));
        using MutexScope scope = mutex.Enter(cancellationToken: Token);
        Assert.False(scope.OwnerDied);
    }

    [Fact]
    public async Task A_counter_is_exact_though_processes_are_killed()
    {
        // The full count runs in eng/nightly.sh.
        long count = TestSize.Given("FAIRLEAD_INCREMENTS", 30_000);
        (NamedMutex mutex, string place) = NewMutex();
        string name = $"count-{Guid.NewGuid():N}";
        using SharedRegion region = SharedRegion.Open(name, GuardedCounter.Size);
        GuardedCounter counter = new(region);
        Random random = NewRandom();
        long begin = TimeProvider.System.GetTimestamp();
        try
        {
            PeerProcess Start(int index) => Track(PeerProcess.StartNumber(index, "mutexcount", place, name, $"{index}"));
            PeerProcess[] peers = [.. Enumerable.Range(0, Processes).Select(Start)];
            foreach (PeerProcess peer in peers)
            {
                Assert.Equal("ready", await peer.ReadLineAsync());
            }

            // Continues until some have also died inside: the next owner has been told, and has repaired the counter.
            int killed = 0;
            while (killed < Kills || counter.Value < count || counter.Repairs < DeathsInside)
            {
                long next = counter.Value + random.Next(2 * BetweenKills);
                await Until(() => counter.Value >= next, "they go on");

                // By turns the process that is inside, and the one that has lived longest: then all processes take part most of the time.
                int victim = killed % 2 == 0 ? await StopInsideAsync(mutex, peers) : killed % Processes;
                await peers[victim].KillRunningAsync();
                killed++;
                await peers[victim].DisposeAsync();
                peers[victim] = Start(victim);
                Assert.Equal("ready", await peers[victim].ReadLineAsync());
            }

            counter.IsOver = true;
            foreach (PeerProcess peer in peers)
            {
                Assert.StartsWith("ok ", await peer.ReadLineAsync(), StringComparison.Ordinal);
                Assert.Equal(0, await peer.ExitAsync());
            }

            Output.WriteLine(
                $"{counter.Value} increments in {TimeProvider.System.GetElapsedTime(begin).TotalSeconds:0.0} s, {killed} killed, "
                    + $"{counter.Repairs} of them inside");
            Assert.Equal(counter.Value, Enumerable.Range(0, Processes).Sum(counter.Share));
            Assert.Null(counter.Problem());
            using MutexScope scope = mutex.Enter(cancellationToken: Token);
            Assert.Empty(mutex.Waiters);
        }
        finally
        {
            SharedRegion.Remove(name);
        }
    }

    // Stops the process that is inside, until one is still inside when it has stopped.
    private static async Task<int> StopInsideAsync(NamedMutex mutex, PeerProcess[] peers)
    {
        while (true)
        {
            int holder = mutex.Holder is { } inside ? Array.FindIndex(peers, peer => peer.Id == inside.Peer.ProcessId) : -1;
            if (holder >= 0)
            {
                await peers[holder].StopAsync();
                if (mutex.Holder?.Peer.ProcessId == peers[holder].Id)
                {
                    return holder;
                }

                peers[holder].Continue();
            }

            await Task.Yield();
        }
    }

    private (NamedMutex Mutex, string Place) NewMutex()
    {
        string place = NewPlace(NamedMutex.SizeInRegion);
        return (Track(LockPlaceText.Mutex(place)), place);
    }
}
