using Fairlead.Synchronization;

namespace Fairlead.Conformance.Contracts;

/// <summary>One owner is inside at a time, of any process; a wait ends in order, at its timeout, or with its token.</summary>
public abstract class MutexContract(LockUnderTest under, ITestOutputHelper output) : LockContract(under, output)
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task One_caller_is_inside_and_the_error_names_it_to_others()
    {
        (NamedMutex mutex, string place) = NewMutex();
        PeerProcess peer = await StartAsync("mutex", place);
        Assert.Null(mutex.Holder);
        using (MutexScope scope = mutex.Enter(cancellationToken: Token))
        {
            Assert.False(scope.OwnerDied);
            Assert.StartsWith(
                $"no Timeout {mutex} is held by pid {Environment.ProcessId} (", await peer.AskAsync("try 0"), StringComparison.Ordinal);
            Assert.Equal(Environment.ProcessId, mutex.Holder?.Peer.ProcessId);
            Assert.False(mutex.TryEnter(TimeSpan.Zero, out _));
        }

        Assert.Equal("", await peer.AskAsync("enter"));
        Assert.False(mutex.TryEnter(Short, out _));
        Assert.Null(await mutex.TryEnterAsync(Short));
        Assert.Null(await mutex.TryEnterAsync(TimeSpan.Zero));
        FairleadException held = Fails(ErrorCode.Timeout, () => mutex.Enter(Short));
        Assert.Equal(peer.Id, held.Peer?.ProcessId);
        Assert.Contains($"is held by pid {peer.Id} (", held.Message, StringComparison.Ordinal);
        Assert.Contains(" mutex ", held.Message, StringComparison.Ordinal);
        Assert.Contains("since ", held.Message, StringComparison.Ordinal);
        Assert.Equal(held.Message, (await FailsAsync(ErrorCode.Timeout, async () => await mutex.EnterAsync(Short))).Message);
        Assert.Equal("", await peer.AskAsync("leave"));
        Assert.Null(mutex.Holder);
        Assert.True(mutex.TryEnter(TimeSpan.Zero, out MutexScope mine));
        mine.Dispose();
        Assert.Equal(3, mutex.Entries);
    }

    [Fact]
    public async Task A_scope_can_be_left_by_any_thread_and_leaves_once()
    {
        (NamedMutex mutex, _) = NewMutex();
        MutexScope first = mutex.Enter(cancellationToken: Token);
        await OnThread(first.Dispose);
        MutexScope second = await mutex.EnterAsync(Token);
        first.Dispose();
        Assert.NotEqual(first, second);
        Assert.False(mutex.TryEnter(TimeSpan.Zero, out MutexScope none));
        none.Dispose();
        Assert.NotNull(mutex.Holder);
        Assert.Null(mutex.Holder?.Thread);
        await second.DisposeAsync();
        second.Dispose();
        default(MutexScope).Dispose();
        Assert.Null(mutex.Holder);
        Assert.Throws<ObjectDisposedException>(second.MarkConsistent);
        await using MutexScope third = await mutex.EnterAsync();
        Assert.NotNull(mutex.Holder);
    }

    [Fact]
    public async Task Waiters_enter_in_the_order_of_their_arrival()
    {
        (NamedMutex mutex, string place) = NewMutex();
        PeerProcess[] peers = [await StartAsync("mutex", place), await StartAsync("mutex", place)];
        MutexScope inside = mutex.Enter(cancellationToken: Token);
        List<Task<MutexScope>> order = [];
        await peers[0].TellAsync("enter");
        await UntilWaiting(mutex, 1);
        order.Add(mutex.EnterAsync(Token).AsTask());
        await UntilWaiting(mutex, 2);
        order.Add(OnThread(() => mutex.Enter(cancellationToken: Token)));
        await UntilWaiting(mutex, 3);
        await peers[1].TellAsync("async");
        await UntilWaiting(mutex, 4);
        Assert.Equal(
            [peers[0].Id, Environment.ProcessId, Environment.ProcessId, peers[1].Id],
            mutex.Waiters.Select(static waiter => waiter.Peer.ProcessId ?? 0));

        inside.Dispose();
        Assert.Equal("", await peers[0].AnswerAsync());
        Assert.DoesNotContain(order, static task => task.IsCompleted);
        Assert.Equal("", await peers[0].AskAsync("leave"));
        MutexScope second = await order[0];
        Assert.False(order[1].IsCompleted);
        second.Dispose();
        MutexScope third = await order[1];
        Assert.Single(mutex.Waiters);
        third.Dispose();
        Assert.Equal("", await peers[1].AnswerAsync());
        Assert.Empty(mutex.Waiters);
    }

    [Fact]
    public async Task A_waiter_that_gives_up_does_not_block_the_next()
    {
        (NamedMutex mutex, _) = NewMutex();
        MutexScope inside = mutex.Enter(cancellationToken: Token);
        using CancellationTokenSource cancelled = new();
        Task<MutexScope> blocking = OnThread(() => mutex.Enter(cancellationToken: cancelled.Token));
        await UntilWaiting(mutex, 1);
        Task<MutexScope> awaiting = mutex.EnterAsync(cancelled.Token).AsTask();
        await UntilWaiting(mutex, 2);
        Task<bool> late = OnThread(() => mutex.TryEnter(Short, out _));
        Task<MutexScope?> lateToo = mutex.TryEnterAsync(Short).AsTask();
        Task<MutexScope> patient = OnThread(() => mutex.Enter(cancellationToken: Token));
        Assert.False(await late);
        Assert.Null(await lateToo);
        await UntilWaiting(mutex, 3);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blocking);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => awaiting);
        await UntilWaiting(mutex, 1);
        Assert.Throws<OperationCanceledException>(() => mutex.Enter(cancellationToken: cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await mutex.EnterAsync(cancelled.Token));
        inside.Dispose();
        (await patient).Dispose();
    }

    [Fact]
    public async Task Any_number_of_waiters_may_wait_without_a_thread_each()
    {
        const int Many = 400;
        (NamedMutex mutex, _) = NewMutex();
        MutexScope inside = mutex.Enter(cancellationToken: Token);
        int within = 0;
        int entered = 0;
        Task[] all = [.. Enumerable.Range(0, Many).Select(async _ =>
        {
            await using MutexScope scope = await mutex.EnterAsync(Token);
            Assert.Equal(1, Interlocked.Increment(ref within));
            entered++;
            Interlocked.Decrement(ref within);
        })];
        int threads = Synchronization.Waiting.TurnThreads.Shared.Count;
        Output.WriteLine($"{threads} threads wait for {Many}");
        Assert.InRange(threads, 1, 8);
        inside.Dispose();
        await Task.WhenAll(all);
        Assert.Equal(Many, entered);
        Assert.Equal(Many + 1, mutex.Entries);
    }

    [Fact]
    public async Task A_recursive_mutex_can_be_entered_again_by_its_thread_or_its_scope()
    {
        string place = NewPlace(NamedMutex.SizeInRegion);
        using NamedMutex mutex = LockPlaceText.Mutex(place, new() { Recursive = true });
        PeerProcess peer = await StartAsync("mutex", place, "recursive");
        await OnThread(() =>
        {
            MutexScope first = mutex.Enter(cancellationToken: Token);
            MutexScope second = mutex.Enter(cancellationToken: Token);
            MutexScope third = second.Enter();
            Assert.True(mutex.TryEnter(TimeSpan.Zero, out MutexScope fourth));
            fourth.Dispose();
            fourth.Dispose();
            first.Dispose();
            first.Dispose();
            third.Dispose();
            Assert.Throws<ObjectDisposedException>(() => third.Enter());
            Assert.Equal(Environment.ProcessId, mutex.Holder?.Peer.ProcessId);
            Assert.StartsWith("no Timeout", peer.AskAsync("try 0").GetAwaiter().GetResult(), StringComparison.Ordinal);
            Assert.Null(
                OnThread(() => mutex.TryEnter(TimeSpan.Zero, out MutexScope other) ? other : (MutexScope?)null).GetAwaiter().GetResult());
            second.Dispose();
            Assert.Null(mutex.Holder);
        });
        await using (MutexScope scope = await mutex.EnterAsync(Token))
        {
            Assert.Null(await mutex.TryEnterAsync(TimeSpan.Zero));
            using MutexScope again = scope.Enter();
        }

        Assert.Equal("", await peer.AskAsync("enter"));
        Assert.Equal("", await peer.AskAsync("enter"));
        Assert.Equal("", await peer.AskAsync("leave"));
        Assert.False(mutex.TryEnter(TimeSpan.Zero, out _));
        Assert.Equal("", await peer.AskAsync("leave"));
        mutex.Enter(cancellationToken: Token).Dispose();
        (NamedMutex plain, _) = NewMutex();
        using MutexScope inside = plain.Enter();
        Assert.Throws<InvalidOperationException>(() => inside.Enter());
        Fails(ErrorCode.Incompatible, () => LockPlaceText.Mutex(place));
    }

    [Fact]
    public async Task Calls_that_are_inside_or_wait_finish_after_Dispose()
    {
        (NamedMutex mutex, string place) = NewMutex();
        using NamedMutex other = LockPlaceText.Mutex(place);
        MutexScope inside = mutex.Enter(cancellationToken: Token);
        Task<MutexScope> waiting = OnThread(() => mutex.Enter(cancellationToken: Token));
        await UntilWaiting(other, 1);
        Task<MutexScope> awaiting = mutex.EnterAsync(Token).AsTask();
        await UntilWaiting(other, 2);
        mutex.Dispose();
        mutex.Dispose();
        Assert.Throws<ObjectDisposedException>(() => mutex.Enter());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await mutex.EnterAsync());
        Assert.Throws<ObjectDisposedException>(() => mutex.Holder);
        Assert.Throws<ObjectDisposedException>(() => mutex.Entries);
        Assert.False(other.TryEnter(TimeSpan.Zero, out _));
        inside.Dispose();
        (await waiting).Dispose();
        (await awaiting).Dispose();
        other.Enter(cancellationToken: Token).Dispose();
        Assert.Equal(4, other.Entries);
    }

    private (NamedMutex Mutex, string Place) NewMutex()
    {
        string place = NewPlace(NamedMutex.SizeInRegion);
        return (Track(LockPlaceText.Mutex(place)), place);
    }
}
