using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// No party passes before all have arrived, no party waits forever for a dead one, and a party that gives up has not arrived.
/// </summary>
[SlowRun]
public abstract class BarrierContract(LockUnderTest under, ITestOutputHelper output) : LockContract(under, output)
{
    private const int Processes = 8;

    /// <summary>The approximate number of phases.</summary>
    private const int BetweenKills = 30;

    private static readonly int Kills = KillsOr(12);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task All_parties_pass_when_the_last_one_has_arrived()
    {
        (NamedBarrier barrier, string place) = NewBarrier(4);
        NamedBarrier other = Another(place, 4);
        NamedBarrier third = Another(place, 4);
        PeerProcess peer = await StartAsync("barrier", place, "4");
        Assert.Equal((4, 0L, 0, false), (barrier.Parties, barrier.CurrentPhase, barrier.Arrived, barrier.IsBroken));
        for (int phase = 0; phase < 4; phase++)
        {
            await peer.TellAsync(phase % 2 == 0 ? "wait" : "async");
            await UntilWaiting(() => barrier.Waiters, 1);
            Task<long> blocking = OnThread(() => barrier.SignalAndWait(cancellationToken: Token));
            Task<long> awaiting = other.SignalAndWaitAsync(Token).AsTask();
            await UntilWaiting(() => barrier.Waiters, 3);
            Assert.Equal((phase, 3), (barrier.CurrentPhase, barrier.Arrived));
            Assert.False(blocking.IsCompleted || awaiting.IsCompleted);
            Assert.True(third.TrySignalAndWait(TimeSpan.Zero, out long completed));
            Assert.Equal((phase, phase, phase), (completed, await blocking, await awaiting));
            Assert.Equal($"{phase}", await peer.AnswerAsync());
            Assert.Equal((phase + 1, 0, 4), (barrier.CurrentPhase, barrier.Arrived, barrier.Holders.Count));
        }

        Assert.Contains(barrier.Holders, holder => holder.Peer.ProcessId == peer.Id);
        Assert.Equal(0, await peer.FinishAsync());
        await Until(() => barrier.Holders.Count == 3, "it is disposed");
        Assert.False(barrier.IsBroken);
    }

    [Fact]
    public async Task A_party_that_gives_up_has_not_arrived()
    {
        (NamedBarrier barrier, string place) = NewBarrier(2);
        NamedBarrier other = Another(place, 2);
        Assert.False(barrier.TrySignalAndWait(TimeSpan.Zero, out long phase));
        Assert.Equal(0, phase);
        Assert.Null(await barrier.TrySignalAndWaitAsync(Short));
        Assert.Contains(
            "was not complete within 0.05 s: 1 of 2 had arrived",
            Fails(ErrorCode.Timeout, () => barrier.SignalAndWait(Short)).Message,
            StringComparison.Ordinal);
        await FailsAsync(ErrorCode.Timeout, async () => await barrier.SignalAndWaitAsync(Short));
        using CancellationTokenSource cancelled = new();
        Task<long> blocking = OnThread(() => barrier.SignalAndWait(cancellationToken: cancelled.Token));
        await UntilWaiting(() => barrier.Waiters, 1);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blocking);
        using CancellationTokenSource cancelledToo = new();
        Task<long> awaiting = barrier.SignalAndWaitAsync(cancelledToo.Token).AsTask();
        await UntilWaiting(() => barrier.Waiters, 1);
        await cancelledToo.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => awaiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await barrier.SignalAndWaitAsync(cancelled.Token));
        Assert.Equal((0L, 0, 0), (barrier.CurrentPhase, barrier.Arrived, barrier.Waiters.Count));
        Assert.False(other.TrySignalAndWait(TimeSpan.Zero, out _));
        Task<long> waiting = OnThread(() => other.SignalAndWait(cancellationToken: Token));
        await UntilWaiting(() => barrier.Waiters, 1);
        Assert.Equal((0L, 0L), (barrier.SignalAndWait(cancellationToken: Token), await waiting));
    }

    [Fact]
    public async Task A_party_that_gives_up_at_the_last_moment_passes_exactly_if_the_others_pass()
    {
        (NamedBarrier barrier, string place) = NewBarrier(2);
        NamedBarrier other = Another(place, 2);
        int passed = 0;
        for (int i = 0; i < 200; i++)
        {
            using CancellationTokenSource cancelled = new();
            long phase = barrier.CurrentPhase;
            Task<long> waiting = i % 2 == 0
                ? OnThread(() => barrier.SignalAndWait(cancellationToken: cancelled.Token))
                : barrier.SignalAndWaitAsync(cancelled.Token).AsTask();
            await UntilWaiting(() => barrier.Waiters, 1);
            Task cancelling = OnThread(() => cancelled.Cancel());
            bool isCompleted = other.TrySignalAndWait(TimeSpan.Zero, out _);
            await cancelling;
            if (isCompleted)
            {
                Assert.Equal(phase, await waiting);
                passed++;
            }
            else
            {
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
            }

            Assert.Equal((isCompleted ? phase + 1 : phase, 0), (barrier.CurrentPhase, barrier.Arrived));
        }

        Output.WriteLine($"{passed} of 200 have passed");
    }

    [Fact]
    public async Task A_party_too_many_is_refused_until_another_is_disposed()
    {
        (NamedBarrier barrier, string place) = NewBarrier(2);
        NamedBarrier other = Another(place, 2);
        NamedBarrier late = Another(place, 2);
        Assert.False(barrier.TrySignalAndWait(TimeSpan.Zero, out _));
        Assert.False(other.TrySignalAndWait(TimeSpan.Zero, out _));
        FairleadException error = Fails(ErrorCode.Full, () => late.SignalAndWait());
        Assert.Contains("already has all of its 2 parties. Wait until one of them is disposed", error.Message, StringComparison.Ordinal);
        await FailsAsync(ErrorCode.Full, async () => await late.SignalAndWaitAsync());
        barrier.Dispose();
        Task<long> waiting = late.SignalAndWaitAsync(Token).AsTask();
        Assert.Equal(0, other.SignalAndWait(cancellationToken: Token));
        Assert.Equal(0, await waiting);
        Fails(ErrorCode.Incompatible, () => LockPlaceText.Barrier(place, 1));
    }

    [Fact]
    public async Task An_object_is_one_party_until_its_call_has_ended()
    {
        (NamedBarrier barrier, string place) = NewBarrier(2);
        NamedBarrier other = Another(place, 2);
        Task<long> waiting = OnThread(() => barrier.SignalAndWait(cancellationToken: Token));
        await UntilWaiting(() => other.Waiters, 1);
        Assert.Throws<InvalidOperationException>(() => barrier.SignalAndWait());
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await barrier.SignalAndWaitAsync());
        Assert.Equal(1, other.Arrived);
        barrier.Dispose();
        barrier.Dispose();
        Assert.Throws<ObjectDisposedException>(() => barrier.SignalAndWait());
        Assert.Throws<ObjectDisposedException>(() => barrier.Arrived);
        Assert.Throws<ObjectDisposedException>(barrier.Reset);
        Assert.Single(other.Holders);
        Assert.Equal(0, other.SignalAndWait(cancellationToken: Token));
        Assert.Equal(0, await waiting);
        Assert.Single(other.Holders);

        // The same without holding a thread.
        NamedBarrier next = Another(place, 2);
        Task<long> awaiting = next.SignalAndWaitAsync(Token).AsTask();
        await UntilWaiting(() => other.Waiters, 1);
        next.Dispose();
        Assert.Equal(1, other.SignalAndWait(cancellationToken: Token));
        Assert.Equal(1, await awaiting);
        await Until(() => other.Holders.Count == 1, "it is no longer a party");
    }

    [Fact]
    public async Task A_party_that_dies_breaks_the_barrier_until_it_is_reset()
    {
        (NamedBarrier barrier, string place) = NewBarrier(5);
        NamedBarrier other = Another(place, 5);
        NamedBarrier late = Another(place, 5);
        for (int round = 0; round < 4; round++)
        {
            PeerProcess peer = await StartAsync("barrier", place, "5");
            PeerProcess witness = await StartAsync("barrier", place, "5");
            bool hasArrived = round % 2 == 0;
            await peer.TellAsync(hasArrived ? "wait" : "try");
            if (hasArrived)
            {
                await UntilWaiting(() => barrier.Waiters, 1);
            }
            else
            {
                Assert.Equal("no", await peer.AnswerAsync());
            }

            await witness.TellAsync(round < 2 ? "wait" : "async");
            Task<long> blocking = OnThread(() => barrier.SignalAndWait(cancellationToken: Token));
            Task<long> awaiting = other.SignalAndWaitAsync(Token).AsTask();
            await UntilWaiting(() => barrier.Waiters, hasArrived ? 4 : 3);
            await peer.KillRunningAsync();
            FairleadException error = await FailsAsync(ErrorCode.BarrierBroken, () => blocking);
            Assert.Equal(peer.Id, error.Peer?.ProcessId);
            Assert.Contains($"is broken: pid {peer.Id}, one of its parties", error.Message, StringComparison.Ordinal);
            await FailsAsync(ErrorCode.BarrierBroken, () => awaiting);
            Assert.Equal($"broken {peer.Id}", await witness.AnswerAsync());
            Assert.True(barrier.IsBroken);
            Assert.Equal((0L, 0), (barrier.CurrentPhase, barrier.Arrived));
            Fails(ErrorCode.BarrierBroken, () => late.SignalAndWait());
            await FailsAsync(ErrorCode.BarrierBroken, async () => await barrier.TrySignalAndWaitAsync(TimeSpan.Zero));
            late.Reset();
            Assert.False(barrier.IsBroken);
            Assert.Equal(0, await witness.FinishAsync());
        }
    }

    [Fact]
    public async Task A_process_that_exits_without_disposing_breaks_the_barrier_too()
    {
        (NamedBarrier barrier, string place) = NewBarrier(2);
        PeerProcess peer = await StartAsync("barrier", place, "2");
        Task<long> waiting = barrier.SignalAndWaitAsync(Token).AsTask();
        Assert.Equal("0", await peer.AskAsync("wait"));
        Assert.Equal(0, await waiting);
        waiting = barrier.SignalAndWaitAsync(Token).AsTask();
        await peer.TellAsync("exit");
        await FailsAsync(ErrorCode.BarrierBroken, () => waiting);
        Assert.True(barrier.IsBroken);
        barrier.Reset();
        barrier.Reset();
        Assert.Equal((1L, 0, false, 1), (barrier.CurrentPhase, barrier.Arrived, barrier.IsBroken, barrier.Holders.Count));
    }

    [Fact]
    public async Task A_waiting_party_gets_the_error_even_if_the_barrier_is_reset_immediately()
    {
        (NamedBarrier barrier, string place) = NewBarrier(3);
        NamedBarrier mender = Another(place, 3);
        for (int i = 0; i < 4; i++)
        {
            PeerProcess peer = await StartAsync("barrier", place, "3");
            PeerProcess slow = await StartAsync("barrier", place, "3");
            await slow.TellAsync(i % 2 == 0 ? "wait" : "async");
            Assert.Equal("no", await peer.AskAsync("try"));
            Task<long> waiting =
                i % 2 == 0 ? OnThread(() => barrier.SignalAndWait(cancellationToken: Token)) : barrier.SignalAndWaitAsync(Token).AsTask();
            await UntilWaiting(() => mender.Waiters, 2);
            await slow.StopAsync();
            await peer.KillRunningAsync();
            mender.Reset();
            slow.Continue();
            await FailsAsync(ErrorCode.BarrierBroken, () => waiting);
            Assert.Equal($"broken {peer.Id}", await slow.AnswerAsync());
            Assert.False(mender.IsBroken);
            Assert.Equal(0, await slow.FinishAsync());
        }
    }

    [Fact]
    public async Task A_stopped_party_does_not_count_as_dead()
    {
        (NamedBarrier barrier, string place) = NewBarrier(2);
        PeerProcess peer = await StartAsync("barrier", place, "2");
        Assert.Equal("no", await peer.AskAsync("try"));
        await peer.StopAsync();
        Assert.False(barrier.TrySignalAndWait(TimeSpan.FromMilliseconds(100), out _));
        Assert.False(barrier.IsBroken);
        peer.Continue();
        await peer.TellAsync("wait");
        Assert.Equal(0, barrier.SignalAndWait(cancellationToken: Token));
        Assert.Equal("0", await peer.AnswerAsync());
    }

    [Fact]
    public async Task No_party_waits_forever_or_passes_alone_while_processes_are_killed()
    {
        // The full count runs in eng/nightly.sh.
        long phases = TestSize.Given("FAIRLEAD_INCREMENTS", 400);
        (NamedBarrier barrier, string place) = NewBarrier(Processes);
        string name = $"march-{Guid.NewGuid():N}";
        using SharedRegion region = SharedRegion.Open(name, March.SizeOf(Processes));
        March march = new(region, Processes);
        Random random = NewRandom();
        try
        {
            PeerProcess Start(int index) => Track(PeerProcess.StartNumber(index, "march", place, $"{Processes}", name, $"{index}"));
            PeerProcess[] peers = [.. Enumerable.Range(0, Processes).Select(Start)];
            int killed = 0;
            while (killed < Kills || barrier.CurrentPhase < phases)
            {
                // The surviving processes find the barrier broken, and reset it themselves.
                long next = barrier.CurrentPhase + random.Next(2 * BetweenKills);
                await Until(() => march.Problem is not null || barrier.CurrentPhase >= next, "they go on");
                Assert.Null(march.Problem);

                // The process that has lived longest: then all processes take part most of the time.
                int victim = killed++ % Processes;
                await peers[victim].KillRunningAsync();
                await peers[victim].DisposeAsync();
                peers[victim] = Start(victim);
            }

            foreach (PeerProcess peer in peers)
            {
                await peer.KillRunningAsync();
            }

            Assert.Null(march.Problem);
            Assert.Empty(barrier.Waiters);
            barrier.Reset();
            Assert.False(barrier.IsBroken);
            Assert.Empty(barrier.Holders);
            Output.WriteLine($"{barrier.CurrentPhase} phases, {killed} killed");
        }
        finally
        {
            SharedRegion.Remove(name);
        }
    }

    private (NamedBarrier Barrier, string Place) NewBarrier(int parties)
    {
        string place = NewPlace(NamedBarrier.SizeInRegion(parties));
        return (Another(place, parties), place);
    }

    private NamedBarrier Another(string place, int parties) => Track(LockPlaceText.Barrier(place, parties));
}
