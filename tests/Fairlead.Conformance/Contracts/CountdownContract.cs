using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.Conformance.Contracts;

/// <summary>Waiters are released at zero, whichever process counts and whichever dies; nothing is counted twice, or below zero.</summary>
[SlowRun]
public abstract class CountdownContract(LockUnderTest under, ITestOutputHelper output) : LockContract(under, output)
{
    private const int Processes = 8;

    /// <summary>The approximate number of rounds.</summary>
    private const int BetweenKills = 50;

    private static readonly int Kills = KillsOr(12);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Waiters_are_released_at_zero()
    {
        (NamedCountdown countdown, string place) = NewCountdown(5);
        PeerProcess peer = await StartAsync("countdown", place, "5");
        Assert.Equal((5, 5), (countdown.CurrentCount, countdown.InitialCount));
        Assert.False(countdown.TryWait(TimeSpan.Zero));
        Assert.False(await countdown.TryWaitAsync(Short));
        Assert.Contains(
            "did not reach zero within 0.05 s: 5 left",
            Fails(ErrorCode.Timeout, () => countdown.Wait(Short)).Message,
            StringComparison.Ordinal);
        await FailsAsync(ErrorCode.Timeout, async () => await countdown.WaitAsync(Short));
        await peer.TellAsync("wait");
        await UntilWaiting(() => countdown.Waiters, 1);
        Task[] waiting = [OnThread(() => countdown.Wait(cancellationToken: Token)), countdown.WaitAsync(Token).AsTask()];
        await UntilWaiting(() => countdown.Waiters, 3);
        Assert.False(countdown.Signal());
        Assert.False(countdown.Signal(2));
        countdown.AddCount(3);
        Assert.Equal(5, countdown.CurrentCount);
        Assert.Contains(
            "has 5 left, and cannot be counted down by 6",
            Assert.Throws<InvalidOperationException>(() => countdown.Signal(6)).Message,
            StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => countdown.TryAddCount(16_777_215));
        Assert.Throws<ArgumentOutOfRangeException>(() => countdown.Signal(0));
        Assert.DoesNotContain(waiting, static task => task.IsCompleted);
        Assert.True(countdown.Signal(5));
        await Task.WhenAll(waiting);
        Assert.Equal("", await peer.AnswerAsync());
        Assert.Empty(countdown.Waiters);
        countdown.Wait(cancellationToken: Token);
        await countdown.WaitAsync(Token);
        Assert.Throws<InvalidOperationException>(() => countdown.Signal());
        Assert.Throws<InvalidOperationException>(() => countdown.AddCount());
        Assert.False(countdown.TryAddCount());
        countdown.Reset();
        Assert.Equal(5, countdown.CurrentCount);
        countdown.Reset(2);
        Assert.Equal("", await peer.AskAsync("signal"));
        Assert.False(countdown.TryWait(TimeSpan.Zero));
        Assert.Equal("zero", await peer.AskAsync("signal"));
        Assert.True(countdown.TryWait(TimeSpan.Zero));
        Fails(ErrorCode.Incompatible, () => LockPlaceText.Countdown(place, 4));
    }

    [Fact]
    public async Task Waiters_are_released_even_if_the_countdown_is_reset_immediately()
    {
        (NamedCountdown countdown, string place) = NewCountdown(1);
        PeerProcess peer = await StartAsync("countdown", place, "1");
        for (int i = 0; i < 100; i++)
        {
            await peer.TellAsync(i % 2 == 0 ? "wait" : "async");
            Task[] waiting = [OnThread(() => countdown.Wait(cancellationToken: Token)), countdown.WaitAsync(Token).AsTask()];
            await UntilWaiting(() => countdown.Waiters, 3);
            Assert.True(countdown.Signal());
            countdown.Reset();
            await Task.WhenAll(waiting);
            Assert.Equal("", await peer.AnswerAsync());
            Assert.Equal(1, countdown.CurrentCount);
        }
    }

    [Fact]
    public async Task A_waiter_that_gives_up_or_disposes_does_not_block_the_others()
    {
        (NamedCountdown countdown, string place) = NewCountdown(1);
        using NamedCountdown other = LockPlaceText.Countdown(place, 1);
        using CancellationTokenSource cancelled = new();
        Task blocking = OnThread(() => countdown.Wait(cancellationToken: cancelled.Token));
        Task awaiting = countdown.WaitAsync(cancelled.Token).AsTask();
        Task patient = OnThread(() => countdown.Wait(cancellationToken: Token));
        Task patientToo = countdown.WaitAsync(Token).AsTask();
        await UntilWaiting(() => countdown.Waiters, 4);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blocking);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => awaiting);
        await UntilWaiting(() => countdown.Waiters, 2);
        countdown.Dispose();
        countdown.Dispose();
        Assert.Throws<ObjectDisposedException>(() => countdown.Signal());
        Assert.Throws<ObjectDisposedException>(() => countdown.Wait());
        Assert.Throws<ObjectDisposedException>(() => countdown.Reset());
        Assert.True(other.Signal());
        await patient;
        await patientToo;
    }

    [Fact]
    public async Task No_waiter_waits_forever_while_counting_processes_are_killed()
    {
        // The full count runs in eng/nightly.sh.
        int rounds = TestSize.Given("FAIRLEAD_INCREMENTS", 400);
        (NamedCountdown countdown, string place) = NewCountdown(Processes);
        string name = $"crowd-{Guid.NewGuid():N}";
        using SharedRegion region = SharedRegion.Open(name, Crowd.SizeOf(Processes));
        Crowd crowd = new(region, Processes);
        Random random = NewRandom();
        try
        {
            PeerProcess Start(int index) =>
                Track(PeerProcess.StartNumber(index, "counter", place, $"{Processes}", name, $"{Processes}", $"{index}"));
            PeerProcess[] peers = [.. Enumerable.Range(0, Processes).Select(Start)];
            int killed = 0;
            int done = 0;
            int doubts = 0;
            Task killing = Task.Run(
                async () =>
                {
                    while (killed < Kills || Volatile.Read(ref done) < rounds)
                    {
                        int next = Volatile.Read(ref done) + random.Next(2 * BetweenKills);
                        await Until(
                            () => Volatile.Read(ref done) >= next || (killed >= Kills && Volatile.Read(ref done) >= rounds),
                            "it begins anew");
                        int victim = random.Next(Processes);
                        if (await peers[victim].TryReadLineAsync() == "ready")
                        {
                            await peers[victim].KillRunningAsync();
                            doubts += crowd.TakeDoubt(victim) ? 1 : 0;
                            Interlocked.Increment(ref killed);
                            await peers[victim].DisposeAsync();
                            peers[victim] = Start(victim);
                        }
                    }
                },
                Token);
            while (Volatile.Read(ref killed) < Kills || done < rounds)
            {
                // They count forever, and wait for each other: a process that finds it at zero resets it.
                await countdown.WaitAsync(Token);
                countdown.Reset();
                Volatile.Write(ref done, done + 1);
            }

            await killing;
            foreach (PeerProcess peer in peers)
            {
                await peer.KillRunningAsync();
            }

            // Each round counts as much as it began with. A process that dies between counting and recording it leaves a doubt of one.
            doubts += Enumerable.Range(0, Processes).Count(crowd.TakeDoubt);
            long counted = ((long)done * Processes) + Processes - countdown.CurrentCount;
            Output.WriteLine($"{done} rounds, {counted} counted, {crowd.Balance} written down, {doubts} in doubt, {killed} killed");
            Assert.InRange(crowd.Balance, counted - doubts, counted + doubts);
            Assert.InRange(countdown.CurrentCount, 0, Processes);
            Assert.Empty(countdown.Waiters);
        }
        finally
        {
            SharedRegion.Remove(name);
        }
    }

    private (NamedCountdown Countdown, string Place) NewCountdown(int count)
    {
        string place = NewPlace(NamedCountdown.SizeInRegion);
        return (Track(LockPlaceText.Countdown(place, count)), place);
    }
}
