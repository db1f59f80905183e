using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// Waiters are woken in order, own the mutex again however the wait ends, and swallow no notification that another waiter needs.
/// </summary>
[SlowRun]
public abstract class ConditionContract(LockUnderTest under, ITestOutputHelper output) : LockContract(under, output)
{
    private const int Pairs = 4;
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task NotifyOne_wakes_the_longest_waiter_and_NotifyAll_wakes_all_others()
    {
        Places places = NewPlaces();
        PeerProcess peer = await StartWaitingAsync(places, "wait", 1);
        Task<bool> blocking = OnThread(() => WaitOnce(places));
        await UntilWaiting(() => places.Condition.Waiters, 2);
        Task<bool> awaiting = WaitOnceAsync(places);
        await UntilWaiting(() => places.Condition.Waiters, 3);
        PeerProcess last = await StartWaitingAsync(places, "async", 4);
        Assert.Equal(
            [peer.Id, Environment.ProcessId, Environment.ProcessId, last.Id],
            places.Condition.Waiters.Select(static waiter => waiter.Peer.ProcessId ?? 0));

        NotifyOne(places);
        Assert.Equal("True", await peer.AnswerAsync());
        Assert.False(blocking.IsCompleted);
        Assert.Equal("", await peer.AskAsync("notify"));
        Assert.False(blocking.IsCompleted);
        Assert.Equal("", await peer.AskAsync("leave"));
        Assert.True(await blocking);
        Assert.False(awaiting.IsCompleted);
        Assert.Equal("", await peer.AskAsync("enter"));
        Assert.Equal("", await peer.AskAsync("all"));
        Assert.Equal("", await peer.AskAsync("leave"));

        // Either may enter first: one leaves by itself.
        Assert.Equal("True", await last.AnswerAsync());
        Assert.Equal("", await last.AskAsync("leave"));
        Assert.True(await awaiting);
        Assert.Empty(places.Condition.Waiters);
        NotifyOne(places);
        using MutexScope scope = places.Mutex.Enter(cancellationToken: Token);
        Assert.False(places.Condition.Wait(scope, Short, Token));
    }

    [Fact]
    public async Task A_wait_that_is_given_up_enters_the_mutex_again()
    {
        Places places = NewPlaces();
        using CancellationTokenSource cancelled = new();
        PeerProcess peer = await StartAsync("mutex", places.MutexPlace);
        using (MutexScope scope = places.Mutex.Enter(cancellationToken: Token))
        {
            Assert.False(places.Condition.Wait(scope, TimeSpan.Zero, Token));
            Assert.False(places.Condition.Wait(scope, Short, Token));
            Assert.False(await places.Condition.WaitAsync(scope, Short, Token));
            Assert.False(places.Condition.Wait(scope, static () => false, Short, Token));
            Assert.False(await places.Condition.WaitAsync(scope, static () => false, Short, Token));
            Assert.True(places.Condition.Wait(scope, static () => true, cancellationToken: Token));
            Assert.True(await places.Condition.WaitAsync(scope, static () => true, cancellationToken: Token));
            Assert.StartsWith("no Timeout", await peer.AskAsync("try 0"), StringComparison.Ordinal);
        }

        Task blocking = OnThread(() =>
        {
            using MutexScope scope = places.Mutex.Enter(cancellationToken: Token);
            Assert.Throws<OperationCanceledException>(() => places.Condition.Wait(scope, cancellationToken: cancelled.Token));
            Assert.Equal(Environment.ProcessId, places.Mutex.Holder?.Peer.ProcessId);
        });
        await UntilWaiting(() => places.Condition.Waiters, 1);
        MutexScope awaiting = await places.Mutex.EnterAsync(Token);
        Task<bool> waiting = places.Condition.WaitAsync(awaiting, cancellationToken: cancelled.Token).AsTask();
        await UntilWaiting(() => places.Condition.Waiters, 2);
        Assert.Equal("", await peer.AskAsync("enter"));
        await cancelled.CancelAsync();
        await UntilWaiting(places.Mutex, 2);
        Assert.False(waiting.IsCompleted);
        Assert.Equal("", await peer.AskAsync("leave"));
        await Task.WhenAny(blocking, waiting);
        if (waiting.IsCompleted)
        {
            awaiting.Dispose();
        }

        await blocking;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        awaiting.Dispose();
        Assert.Empty(places.Condition.Waiters);
        using MutexScope last = places.Mutex.Enter(cancellationToken: Token);
        Assert.Throws<OperationCanceledException>(() => places.Condition.Wait(last, cancellationToken: cancelled.Token));
    }

    [Fact]
    public async Task A_wait_leaves_a_recursive_mutex_completely_and_enters_it_again_as_often()
    {
        string mutexPlace = NewPlace(NamedMutex.SizeInRegion);
        using NamedMutex mutex = LockPlaceText.Mutex(mutexPlace, new() { Recursive = true });
        using NamedCondition condition = LockPlaceText.Condition(NewPlace(NamedCondition.SizeInRegion), mutex);
        Task waiting = OnThread(() =>
        {
            MutexScope outer = mutex.Enter(cancellationToken: Token);
            MutexScope inner = mutex.Enter(cancellationToken: Token);
            Assert.True(condition.Wait(inner, cancellationToken: Token));
            MutexScope again = mutex.Enter(cancellationToken: Token);
            again.Dispose();
            inner.Dispose();
            Assert.Null(
                OnThread(() => mutex.TryEnter(TimeSpan.Zero, out MutexScope other) ? other : (MutexScope?)null).GetAwaiter().GetResult());
            outer.Dispose();
        });
        await UntilWaiting(() => condition.Waiters, 1);
        using (MutexScope scope = await mutex.EnterAsync(Token))
        {
            condition.Notify(scope);
        }

        await waiting;
        Assert.Null(mutex.Holder);
    }

    [Fact]
    public async Task A_wait_needs_a_scope_of_its_mutex_that_is_inside()
    {
        Places places = NewPlaces();
        using NamedMutex other = LockPlaceText.Mutex(NewPlace(NamedMutex.SizeInRegion));
        using MutexScope wrong = other.Enter(cancellationToken: Token);
        MutexScope left = places.Mutex.Enter(cancellationToken: Token);
        left.Dispose();
        Assert.Throws<ArgumentException>(() => places.Condition.Wait(wrong));
        Assert.Throws<ArgumentException>(() => places.Condition.Wait(left));
        Assert.Throws<ArgumentException>(() => places.Condition.Notify(default));
        Assert.Throws<ArgumentException>(() => places.Condition.NotifyAll(left));
        await Assert.ThrowsAsync<ArgumentException>(async () => await places.Condition.WaitAsync(wrong));
        Assert.Empty(places.Condition.Waiters);
        if (Under is LockUnderTest.Named)
        {
            Fails(ErrorCode.Incompatible, () => LockPlaceText.Condition(places.ConditionPlace, other));
        }

        // While its owner waits, a scope does not hold the mutex.
        MutexScope scope = await places.Mutex.EnterAsync(Token);
        Task<bool> waiting = places.Condition.WaitAsync(scope, cancellationToken: Token).AsTask();
        await UntilWaiting(() => places.Condition.Waiters, 1);
        scope.Dispose();
        Assert.Throws<ObjectDisposedException>(scope.MarkConsistent);
        Assert.Throws<ArgumentException>(() => places.Condition.Notify(scope));
        NotifyOne(places);
        Assert.True(await waiting);
        Assert.False(places.Mutex.TryEnter(TimeSpan.Zero, out _));
        scope.Dispose();
        places.Condition.Dispose();
        using MutexScope last = places.Mutex.Enter(cancellationToken: Token);
        Assert.Throws<ObjectDisposedException>(() => places.Condition.Wait(last));
        Assert.Throws<ObjectDisposedException>(() => places.Condition.Notify(last));
        Assert.False(places.Mutex.TryEnter(TimeSpan.Zero, out _));
    }

    [Fact]
    public async Task A_waiter_that_cannot_enter_again_in_time_throws_and_passes_the_notification_on()
    {
        Places places = NewPlaces();
        using NamedCondition hasty = LockPlaceText.Condition(places.ConditionPlace, places.Mutex, new() { TakeBackTimeout = Short });
        MutexScope scope = await places.Mutex.EnterAsync(Token);
        Task<bool> waiting = hasty.WaitAsync(scope, cancellationToken: Token).AsTask();
        await UntilWaiting(() => hasty.Waiters, 1);
        Task<bool> next = OnThread(() => WaitOnce(places));
        await UntilWaiting(() => hasty.Waiters, 2);
        using (MutexScope inside = places.Mutex.Enter(cancellationToken: Token))
        {
            places.Condition.Notify(inside);
            FairleadException lost = await FailsAsync(ErrorCode.LockLost, () => waiting);
            Assert.Equal(Environment.ProcessId, lost.Peer?.ProcessId);
            Assert.Contains("could not be entered again", lost.Message, StringComparison.Ordinal);
            scope.Dispose();
            Assert.False(places.Mutex.TryEnter(TimeSpan.Zero, out _));
        }

        Assert.True(await next);
        Assert.Empty(hasty.Waiters);
    }

    [Fact]
    public async Task Any_number_of_waiters_may_wait_without_a_thread_each()
    {
        const int Many = 400;
        Places places = NewPlaces();
        Task<bool>[] all = new Task<bool>[Many];
        for (int i = 0; i < Many; i++)
        {
            MutexScope scope = await places.Mutex.EnterAsync(Token);
            all[i] = LeaveAfter(places.Condition.WaitAsync(scope, cancellationToken: Token), scope);
        }

        int threads = Synchronization.Waiting.TurnThreads.Shared.Count;
        Output.WriteLine($"{threads} threads wait for {Many}");
        Assert.InRange(threads, 1, 16);
        Assert.Equal(128, places.Condition.Waiters.Count);
        using (MutexScope scope = places.Mutex.Enter(cancellationToken: Token))
        {
            places.Condition.NotifyAll(scope);
        }

        Assert.All(await Task.WhenAll(all), Assert.True);
        Assert.Empty(places.Condition.Waiters);
    }

    [Fact]
    public async Task Dead_waiters_consume_no_notification()
    {
        Places places = NewPlaces();
        foreach (string how in new[] { "wait", "async" })
        {
            PeerProcess doomed = await StartWaitingAsync(places, how, 1);
            PeerProcess next = await StartWaitingAsync(places, how, 2);
            Task<bool> mine = how == "wait" ? OnThread(() => WaitOnce(places)) : WaitOnceAsync(places);
            await UntilWaiting(() => places.Condition.Waiters, 3);
            using (MutexScope scope = places.Mutex.Enter(cancellationToken: Token))
            {
                places.Condition.Notify(scope);

                // It has been notified, and gets no further than requesting the mutex.
                await doomed.KillRunningAsync();
            }

            Assert.Equal("True", await next.AnswerAsync());
            Assert.Equal("", await next.AskAsync("leave"));
            Assert.True(await mine);
            Assert.Empty(places.Condition.Waiters);
        }
    }

    [Fact]
    public async Task A_death_without_notification_wakes_no_waiter_and_a_death_inside_is_reported_on_return()
    {
        Places places = NewPlaces();
        PeerProcess doomed = await StartWaitingAsync(places, "wait", 1);
        MutexScope scope = places.Mutex.Enter(cancellationToken: Token);
        Task<bool> waiting = places.Condition.WaitAsync(scope, cancellationToken: Token).AsTask();
        await UntilWaiting(() => places.Condition.Waiters, 2);
        await doomed.KillRunningAsync();
        await UntilWaiting(() => places.Condition.Waiters, 1);
        PeerProcess inside = await StartAsync("condition", places.MutexPlace, places.ConditionPlace);
        Assert.Equal("", await inside.AskAsync("enter"));
        Assert.False(waiting.IsCompleted);
        Assert.Equal("", await inside.AskAsync("notify"));
        await inside.KillRunningAsync();
        Assert.True(await waiting);
        Assert.True(scope.OwnerDied);
        scope.MarkConsistent();
        scope.Dispose();
    }

    [Fact]
    public async Task Processes_exchange_items_correctly_while_some_are_killed()
    {
        int kills = KillsOr(12);
        const int Between = 40;
        Places places = NewPlaces();
        string[] arguments = ["exchange", places.MutexPlace, places.ConditionPlace, NewPlace(NamedCondition.SizeInRegion)];
        NamedCondition emptied = Track(LockPlaceText.Condition(arguments[3], places.Mutex));
        string name = $"exchange-{Guid.NewGuid():N}";
        using SharedRegion region = SharedRegion.Open(name, 64);
        Random random = NewRandom();
        try
        {
            PeerProcess Start(int index) => Track(PeerProcess.StartNumber(index, [.. arguments, name, index % 2 == 0 ? "fill" : "empty"]));
            PeerProcess[] peers = [.. Enumerable.Range(0, 2 * Pairs).Select(Start)];
            long Emptied() => Volatile.Read(ref region.At<long>(8));
            for (int i = 0; i < kills; i++)
            {
                // Each time the test goes on without the dead process: no new one replaces it, which could make up for a lost notification.
                long before = Emptied();
                await Until(() => Emptied() >= before + Between, "things are exchanged");
                int victim = random.Next(peers.Length);
                await peers[victim].KillRunningAsync();
                ComeBy(places, emptied);
                before = Emptied();
                await Until(() => Emptied() >= before + Between, "things are exchanged by the others");
                await peers[victim].DisposeAsync();
                peers[victim] = Start(victim);
            }

            foreach (PeerProcess peer in peers)
            {
                await peer.KillRunningAsync();
            }

            Output.WriteLine($"{Emptied()} exchanged, {kills} killed");
        }
        finally
        {
            SharedRegion.Remove(name);
        }
    }

    /// <summary>
    /// A process that dies inside, between a change and its notification, is reported to the next one that enters; all others may be
    /// waiting for exactly that change. If no process died inside, this changes nothing, and makes up for nothing.
    /// </summary>
    private void ComeBy(Places places, NamedCondition other)
    {
        using MutexScope scope = places.Mutex.Enter(cancellationToken: Token);
        if (scope.OwnerDied)
        {
            scope.MarkConsistent();
            places.Condition.NotifyAll(scope);
            other.NotifyAll(scope);
        }
    }

    private static async Task<bool> LeaveAfter(ValueTask<bool> waiting, MutexScope scope)
    {
        bool isWoken = await waiting;
        scope.Dispose();
        return isWoken;
    }

    private Places NewPlaces()
    {
        string mutexPlace = NewPlace(NamedMutex.SizeInRegion);
        string conditionPlace = NewPlace(NamedCondition.SizeInRegion);
        NamedMutex mutex = Track(LockPlaceText.Mutex(mutexPlace));
        return new Places(mutexPlace, conditionPlace, mutex, Track(LockPlaceText.Condition(conditionPlace, mutex)));
    }

    private async Task<PeerProcess> StartWaitingAsync(Places places, string how, int count)
    {
        PeerProcess peer = await StartAsync("condition", places.MutexPlace, places.ConditionPlace);
        Assert.Equal("", await peer.AskAsync("enter"));
        await peer.TellAsync(how);
        await UntilWaiting(() => places.Condition.Waiters, count);
        return peer;
    }

    private bool WaitOnce(Places places)
    {
        using MutexScope scope = places.Mutex.Enter(cancellationToken: Token);
        return places.Condition.Wait(scope, cancellationToken: Token);
    }

    private async Task<bool> WaitOnceAsync(Places places)
    {
        using MutexScope scope = await places.Mutex.EnterAsync(Token);
        return await places.Condition.WaitAsync(scope, cancellationToken: Token);
    }

    private void NotifyOne(Places places)
    {
        using MutexScope scope = places.Mutex.Enter(cancellationToken: Token);
        places.Condition.Notify(scope);
    }

    private sealed record Places(string MutexPlace, string ConditionPlace, NamedMutex Mutex, NamedCondition Condition);
}
