using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// Processes die inside, in the wait queue, and anywhere else: the permits of their scopes return, those they had taken do not.
/// </summary>
[SlowRun]
public abstract class SemaphoreDeathContract(LockUnderTest under, ITestOutputHelper output) : LockContract(under, output)
{
    private const int Processes = 8;
    private const int Permits = 3;

    /// <summary>The approximate number of stays.</summary>
    private const int BetweenKills = 100;

    private static readonly int Kills = KillsOr(12);

    [Fact]
    public async Task Permits_entered_by_dead_processes_return_and_permits_taken_by_them_do_not()
    {
        (NamedSemaphore semaphore, string place) = NewSemaphore(3, 3);
        PeerProcess peer = await StartAsync("semaphore", place, "3", "3");
        Assert.Equal("", await peer.AskAsync("enter"));
        Assert.Equal("", await peer.AskAsync("async"));
        Assert.Equal("", await peer.AskAsync("take"));
        Assert.Equal(0, semaphore.CurrentCount);
        Task<SemaphoreScope> waiting = OnThread(() => semaphore.Enter(cancellationToken: Token));
        await UntilWaiting(() => semaphore.Waiters, 1);
        await peer.KillRunningAsync();
        using SemaphoreScope first = await waiting;
        using SemaphoreScope second = await semaphore.EnterAsync(Token);
        Assert.Equal(0, semaphore.CurrentCount);
        Assert.False(semaphore.TryEnter(TimeSpan.Zero, out _));
        semaphore.Post();
        using SemaphoreScope third = semaphore.Enter(cancellationToken: Token);
    }

    [Fact]
    public async Task A_process_that_exits_inside_returns_its_permit()
    {
        (NamedSemaphore semaphore, string place) = NewSemaphore(1, 1);
        PeerProcess peer = await StartAsync("semaphore", place, "1", "1");
        Assert.Equal("", await peer.AskAsync("async"));
        Task<SemaphoreScope> waiting = semaphore.EnterAsync(Token).AsTask();
        Assert.Equal(0, await peer.FinishAsync());
        (await waiting).Dispose();
        Assert.Equal(1, semaphore.CurrentCount);
    }

    [Fact]
    public async Task Dead_waiters_consume_no_wake_up()
    {
        (NamedSemaphore semaphore, string place) = NewSemaphore(1, 1);
        for (int round = 0; round < 3; round++)
        {
            List<PeerProcess> peers = [];
            SemaphoreScope inside = semaphore.Enter(cancellationToken: Token);
            for (int i = 0; i < 3; i++)
            {
                peers.Add(await StartAsync("semaphore", place, "1", "1"));
                await peers[i].TellAsync(round % 2 == 0 ? "enter" : "async");
                await UntilWaiting(() => semaphore.Waiters, i + 1);
            }

            Task<SemaphoreScope> last =
                round % 2 == 0 ? OnThread(() => semaphore.Enter(cancellationToken: Token)) : semaphore.EnterAsync(Token).AsTask();
            await UntilWaiting(() => semaphore.Waiters, 4);

            // In any order with the leave.
            peers[round % 3].KillAndGoOn();
            inside.Dispose();
            peers[(round + 1) % 3].KillAndGoOn();
            peers[(round + 2) % 3].KillAndGoOn();
            (await last).Dispose();
            foreach (PeerProcess peer in peers)
            {
                await peer.KillRunningAsync();
            }

            Assert.Empty(semaphore.Waiters);
        }
    }

    [Fact]
    public async Task A_stopped_process_keeps_its_permit()
    {
        (NamedSemaphore semaphore, string place) = NewSemaphore(1, 1);
        PeerProcess peer = await StartAsync("semaphore", place, "1", "1");
        Assert.Equal("", await peer.AskAsync("enter"));
        await peer.StopAsync();
        Assert.False(semaphore.TryEnter(TimeSpan.FromMilliseconds(100), out _));
        peer.Continue();
        Assert.Equal("", await peer.AskAsync("leave"));
        using SemaphoreScope scope = semaphore.Enter(cancellationToken: Token);
    }

    [Fact]
    public async Task Never_more_callers_than_allowed_are_inside_although_processes_are_killed()
    {
        // The full count runs in eng/nightly.sh.
        long count = TestSize.Given("FAIRLEAD_INCREMENTS", 5_000);
        (NamedSemaphore semaphore, string place) = NewSemaphore(Permits, Permits);
        string name = $"crowd-{Guid.NewGuid():N}";
        using SharedRegion region = SharedRegion.Open(name, Crowd.SizeOf(Processes));
        Crowd crowd = new(region, Processes);
        Random random = NewRandom();
        try
        {
            PeerProcess Start(int index) =>
                Track(PeerProcess.StartNumber(index, "crowd", place, $"{Permits}", $"{Permits}", name, $"{Processes}", $"{index}"));
            PeerProcess[] peers = [.. Enumerable.Range(0, Processes).Select(Start)];
            int killed = 0;
            while (killed < Kills || crowd.Stays < count)
            {
                // The process that has lived longest: then all processes take part most of the time.
                long next = crowd.Stays + random.Next(2 * BetweenKills);
                await Until(() => crowd.Stays >= next, "they go on");
                int victim = killed % Processes;
                Assert.Equal("ready", await peers[victim].ReadLineAsync());
                crowd.Doom(victim);
                await peers[victim].KillRunningAsync();
                crowd.Forget(victim);
                killed++;
                await peers[victim].DisposeAsync();
                peers[victim] = Start(victim);

                // This process takes a permit, and posts it again: it is not killed in between.
                await semaphore.TakeAsync(Token);
                semaphore.Post();
            }

            crowd.IsOver = true;
            foreach (PeerProcess peer in peers)
            {
                Assert.Equal("ready", await peer.ReadLineAsync());
                Assert.Equal("ok", await peer.ReadLineAsync());
                Assert.Equal(0, await peer.ExitAsync());
            }

            Output.WriteLine($"{crowd.Stays} times inside, {killed} killed");
            Assert.Empty(semaphore.Waiters);
            Assert.Equal(Permits, semaphore.CurrentCount);
        }
        finally
        {
            SharedRegion.Remove(name);
        }
    }

    private (NamedSemaphore Semaphore, string Place) NewSemaphore(int permits, int maximum)
    {
        string place = NewPlace(NamedSemaphore.SizeInRegion(maximum));
        return (Track(LockPlaceText.Semaphore(place, permits, maximum)), place);
    }
}
