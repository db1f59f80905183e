using Fairlead.Synchronization;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// No more holders are inside than there are permits; a wait ends in order, at its timeout, or with its token; taken permits return when
/// they are posted.
/// </summary>
[SlowRun]
public abstract class SemaphoreContract(LockUnderTest under, ITestOutputHelper output) : LockContract(under, output)
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task As_many_callers_are_inside_as_there_are_permits()
    {
        (NamedSemaphore semaphore, string place) = NewSemaphore(2, 2);
        PeerProcess peer = await StartAsync("semaphore", place, "2", "2");
        Assert.Equal((2, 2), (semaphore.CurrentCount, semaphore.Maximum));
        SemaphoreScope first = semaphore.Enter(cancellationToken: Token);
        Assert.Equal("", await peer.AskAsync("async"));
        Assert.Equal(0, semaphore.CurrentCount);
        Assert.False(semaphore.TryEnter(TimeSpan.Zero, out SemaphoreScope none));
        none.Dispose();
        Assert.False(semaphore.TryEnter(Short, out _));
        Assert.Null(await semaphore.TryEnterAsync(TimeSpan.Zero));
        Assert.Null(await semaphore.TryEnterAsync(Short));
        Assert.False(semaphore.TryTake(TimeSpan.Zero));
        Assert.False(await semaphore.TryTakeAsync(Short));
        FairleadException late = Fails(ErrorCode.Timeout, () => semaphore.Enter(Short));
        Assert.Contains(
            "had no free permit within 0.05 s: 2 of 2 permits are held, one of them by pid ", late.Message, StringComparison.Ordinal);
        Assert.Contains(late.Peer?.ProcessId ?? 0, new[] { peer.Id, Environment.ProcessId });
        Fails(ErrorCode.Timeout, () => semaphore.Take(Short));
        await FailsAsync(ErrorCode.Timeout, async () => await semaphore.EnterAsync(Short));
        await FailsAsync(ErrorCode.Timeout, async () => await semaphore.TakeAsync(Short));
        Assert.StartsWith("no Timeout", await peer.AskAsync("try 0"), StringComparison.Ordinal);
        Assert.Equal(
            new[] { peer.Id, Environment.ProcessId }.Order(),
            semaphore.Holders.Select(static holder => holder.Peer.ProcessId ?? 0).Order());
        Assert.Null(semaphore.Holders.Single(holder => holder.Peer.ProcessId == peer.Id).Thread);
        Assert.NotNull(semaphore.Holders.Single(holder => holder.Peer.ProcessId != peer.Id).Thread);
        first.Dispose();
        first.Dispose();
        Assert.Equal(1, semaphore.CurrentCount);
        using SemaphoreScope second = semaphore.Enter(cancellationToken: Token);
        Assert.NotEqual(first, second);
        first.Dispose();
        Assert.Equal(0, semaphore.CurrentCount);
        Assert.Equal("", await peer.AskAsync("leave"));
        Assert.Equal("1", await peer.AskAsync("count"));
        Assert.True(semaphore.TryEnter(TimeSpan.Zero, out SemaphoreScope third));
        await OnThread(third.Dispose);
        Assert.Equal(1, semaphore.CurrentCount);
    }

    [Fact]
    public async Task Waiters_get_permits_in_the_order_of_their_arrival()
    {
        (NamedSemaphore semaphore, string place) = NewSemaphore(1, 2);
        PeerProcess[] peers = [await StartAsync("semaphore", place, "1", "2"), await StartAsync("semaphore", place, "1", "2")];
        SemaphoreScope inside = semaphore.Enter(cancellationToken: Token);
        await peers[0].TellAsync("enter");
        await UntilWaiting(() => semaphore.Waiters, 1);
        Task<SemaphoreScope> second = semaphore.EnterAsync(Token).AsTask();
        await UntilWaiting(() => semaphore.Waiters, 2);
        Task third = OnThread(() => semaphore.Take(cancellationToken: Token));
        await UntilWaiting(() => semaphore.Waiters, 3);
        await peers[1].TellAsync("takeasync");
        await UntilWaiting(() => semaphore.Waiters, 4);
        Assert.Equal(
            [peers[0].Id, Environment.ProcessId, Environment.ProcessId, peers[1].Id],
            semaphore.Waiters.Select(static waiter => waiter.Peer.ProcessId ?? 0));
        Assert.False(semaphore.TryEnter(TimeSpan.Zero, out _));

        inside.Dispose();
        Assert.Equal("", await peers[0].AnswerAsync());
        Assert.False(second.IsCompleted);
        Assert.Equal("", await peers[0].AskAsync("leave"));
        SemaphoreScope mine = await second;
        Assert.Equal(2, semaphore.Waiters.Count);
        semaphore.Post();
        await third;
        Assert.Single(semaphore.Waiters);
        mine.Dispose();
        Assert.Equal("", await peers[1].AnswerAsync());
        Assert.Empty(semaphore.Waiters);
        Assert.Equal(0, semaphore.CurrentCount);
        Assert.Empty(semaphore.Holders);
    }

    [Fact]
    public async Task A_taken_permit_returns_when_it_is_posted()
    {
        (NamedSemaphore semaphore, string place) = NewSemaphore(0, 5);
        PeerProcess peer = await StartAsync("semaphore", place, "0", "5");
        Assert.Equal(0, semaphore.CurrentCount);
        await peer.TellAsync("take");
        await UntilWaiting(() => semaphore.Waiters, 1);
        Task[] waiting = [semaphore.TakeAsync(Token).AsTask(), OnThread(() => semaphore.Take(cancellationToken: Token))];
        await UntilWaiting(() => semaphore.Waiters, 3);
        semaphore.Post(3);
        await Task.WhenAll(waiting);
        Assert.Equal("", await peer.AnswerAsync());
        Assert.Equal(0, semaphore.CurrentCount);
        Assert.Equal("", await peer.AskAsync("post 4"));
        Assert.Equal(4, semaphore.CurrentCount);
        Assert.Contains(
            "has 5 permits at most, and cannot take 2 more",
            Assert.Throws<InvalidOperationException>(() => semaphore.Post(2)).Message,
            StringComparison.Ordinal);
        Assert.Equal(4, semaphore.CurrentCount);
        Assert.Throws<InvalidOperationException>(() => semaphore.Post(6));
        Assert.Throws<ArgumentOutOfRangeException>(() => semaphore.Post(0));
        semaphore.Post();
        using (SemaphoreScope scope = semaphore.Enter(cancellationToken: Token))
        {
            Assert.StartsWith("no ", await peer.AskAsync("post 1"), StringComparison.Ordinal);
        }

        for (int i = 0; i < 5; i++)
        {
            Assert.True(i % 2 == 0 ? semaphore.TryTake(TimeSpan.Zero) : await semaphore.TryTakeAsync(TimeSpan.Zero));
        }

        Assert.False(semaphore.TryTake(TimeSpan.Zero));
        semaphore.Post(5);
        Assert.Equal(5, semaphore.CurrentCount);
    }

    [Fact]
    public async Task A_waiter_that_gives_up_does_not_block_the_next()
    {
        (NamedSemaphore semaphore, _) = NewSemaphore(1, 1);
        SemaphoreScope inside = semaphore.Enter(cancellationToken: Token);
        using CancellationTokenSource cancelled = new();
        Task<SemaphoreScope> blocking = OnThread(() => semaphore.Enter(cancellationToken: cancelled.Token));
        await UntilWaiting(() => semaphore.Waiters, 1);
        Task awaiting = semaphore.TakeAsync(cancelled.Token).AsTask();
        await UntilWaiting(() => semaphore.Waiters, 2);
        Task<bool> late = OnThread(() => semaphore.TryEnter(Short, out _));
        Task<SemaphoreScope> patient = OnThread(() => semaphore.Enter(cancellationToken: Token));
        Assert.False(await late);
        await UntilWaiting(() => semaphore.Waiters, 3);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blocking);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => awaiting);
        await UntilWaiting(() => semaphore.Waiters, 1);
        Assert.Throws<OperationCanceledException>(() => semaphore.Enter(cancellationToken: cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await semaphore.EnterAsync(cancelled.Token));
        inside.Dispose();
        (await patient).Dispose();
        Assert.True(semaphore.TryEnter(TimeSpan.Zero, out SemaphoreScope last));
        last.Dispose();
    }

    [Fact]
    public async Task Any_number_of_waiters_may_wait_without_a_thread_each()
    {
        const int Many = 400;
        const int Permits = 3;
        (NamedSemaphore semaphore, _) = NewSemaphore(Permits, Permits);
        SemaphoreScope[] inside = [.. Enumerable.Range(0, Permits).Select(_ => semaphore.Enter(cancellationToken: Token))];
        int within = 0;
        int entered = 0;
        Task[] all = [.. Enumerable.Range(0, Many).Select(async _ =>
        {
            await using SemaphoreScope scope = await semaphore.EnterAsync(Token);
            Assert.InRange(Interlocked.Increment(ref within), 1, Permits);
            Interlocked.Increment(ref entered);
            Interlocked.Decrement(ref within);
        })];
        int threads = Synchronization.Waiting.TurnThreads.Shared.Count;
        Output.WriteLine($"{threads} threads wait for {Many}");
        Assert.InRange(threads, 1, 8);
        foreach (SemaphoreScope scope in inside)
        {
            scope.Dispose();
        }

        await Task.WhenAll(all);
        Assert.Equal((Many, Permits), (entered, semaphore.CurrentCount));
    }

    [Fact]
    public async Task Calls_that_are_inside_or_wait_finish_after_Dispose()
    {
        (NamedSemaphore semaphore, string place) = NewSemaphore(1, 1);
        using NamedSemaphore other = LockPlaceText.Semaphore(place, 1, 1);
        SemaphoreScope inside = semaphore.Enter(cancellationToken: Token);
        Task<SemaphoreScope> waiting = OnThread(() => semaphore.Enter(cancellationToken: Token));
        await UntilWaiting(() => other.Waiters, 1);
        Task<SemaphoreScope> awaiting = semaphore.EnterAsync(Token).AsTask();
        await UntilWaiting(() => other.Waiters, 2);
        semaphore.Dispose();
        semaphore.Dispose();
        Assert.Throws<ObjectDisposedException>(() => semaphore.Enter());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await semaphore.EnterAsync());
        Assert.Throws<ObjectDisposedException>(() => semaphore.Holders);
        Assert.Throws<ObjectDisposedException>(() => semaphore.CurrentCount);
        Assert.Throws<ObjectDisposedException>(() => semaphore.Post());
        Assert.False(other.TryEnter(TimeSpan.Zero, out _));
        inside.Dispose();
        (await waiting).Dispose();
        (await awaiting).Dispose();
        other.Enter(cancellationToken: Token).Dispose();
        Assert.Equal(1, other.CurrentCount);
    }

    [Fact]
    public void A_semaphore_must_be_opened_with_its_original_numbers()
    {
        (_, string place) = NewSemaphore(1, 3);
        Assert.Contains(
            "is a semaphore of 3 permits at most, 1 free initially, but a semaphore of 3 permits at most, "
                + "2 free initially was requested",
            Fails(ErrorCode.Incompatible, () => LockPlaceText.Semaphore(place, 2, 3)).Message,
            StringComparison.Ordinal);
        Fails(ErrorCode.Incompatible, () => LockPlaceText.Semaphore(place, 1, 2));
    }

    private (NamedSemaphore Semaphore, string Place) NewSemaphore(int permits, int maximum)
    {
        string place = NewPlace(NamedSemaphore.SizeInRegion(maximum));
        return (Track(LockPlaceText.Semaphore(place, permits, maximum)), place);
    }
}
