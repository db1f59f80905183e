using Fairlead.Synchronization;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// An event releases its waiters: all together, or one at a time in order; a wait ends at its timeout, or with its token.
/// </summary>
public abstract class EventContract(LockUnderTest under, ITestOutputHelper output) : LockContract(under, output)
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task A_manual_event_releases_all_waiters_until_it_is_reset()
    {
        (NamedEvent signal, string place) = NewEvent(EventResetMode.ManualReset);
        PeerProcess peer = await StartAsync("event", place, "ManualReset");
        Assert.Equal((false, EventResetMode.ManualReset), (signal.IsSet, signal.Mode));
        Assert.False(signal.TryWait(TimeSpan.Zero));
        Assert.False(signal.TryWait(Short));
        Assert.False(await signal.TryWaitAsync(Short));
        Assert.Contains("was not set within 0.05 s", Fails(ErrorCode.Timeout, () => signal.Wait(Short)).Message, StringComparison.Ordinal);
        await FailsAsync(ErrorCode.Timeout, async () => await signal.WaitAsync(Short));
        await peer.TellAsync("wait");
        await UntilWaiting(() => signal.Waiters, 1);
        Task[] waiting =
        [
            OnThread(() => signal.Wait(cancellationToken: Token)),
            OnThread(() => signal.Wait(cancellationToken: Token)),
            signal.WaitAsync(Token).AsTask(),
        ];
        await UntilWaiting(() => signal.Waiters, 4);
        Assert.Equal(peer.Id, signal.Waiters[0].Peer.ProcessId);
        signal.Set();
        signal.Set();
        await Task.WhenAll(waiting);
        Assert.Equal("", await peer.AnswerAsync());
        Assert.Equal("set", await peer.AskAsync("isset"));
        signal.Wait(cancellationToken: Token);
        await signal.WaitAsync(Token);
        Assert.True(signal.TryWait(TimeSpan.Zero));
        Assert.Equal("", await peer.AskAsync("reset"));
        signal.Reset();
        Assert.False(signal.IsSet);
        Assert.False(signal.TryWait(TimeSpan.Zero));
        Assert.Empty(signal.Waiters);
        Assert.Equal("", await peer.AskAsync("set"));
        Assert.True(signal.TryWait(TimeSpan.Zero));
    }

    [Fact]
    public async Task Waiters_are_released_even_if_the_event_is_reset_immediately()
    {
        (NamedEvent signal, string place) = NewEvent(EventResetMode.ManualReset);
        PeerProcess peer = await StartAsync("event", place, "ManualReset");
        for (int i = 0; i < 100; i++)
        {
            await peer.TellAsync(i % 2 == 0 ? "wait" : "async");
            Task[] waiting = [OnThread(() => signal.Wait(cancellationToken: Token)), signal.WaitAsync(Token).AsTask()];
            await UntilWaiting(() => signal.Waiters, 3);
            if (i % 3 == 0)
            {
                signal.Pulse();
            }
            else
            {
                signal.Set();
                signal.Reset();
            }

            await Task.WhenAll(waiting);
            Assert.Equal("", await peer.AnswerAsync());
            Assert.False(signal.IsSet);
        }

        signal.Set();
        signal.Pulse();
        Assert.False(signal.TryWait(TimeSpan.Zero));
    }

    [Fact]
    public async Task An_automatic_event_releases_one_waiter_at_a_time_in_order()
    {
        (NamedEvent signal, string place) = NewEvent(EventResetMode.AutoReset);
        PeerProcess[] peers = [await StartAsync("event", place, "AutoReset"), await StartAsync("event", place, "AutoReset")];
        await peers[0].TellAsync("wait");
        await UntilWaiting(() => signal.Waiters, 1);
        Task second = signal.WaitAsync(Token).AsTask();
        await UntilWaiting(() => signal.Waiters, 2);
        Task third = OnThread(() => signal.Wait(cancellationToken: Token));
        await UntilWaiting(() => signal.Waiters, 3);
        await peers[1].TellAsync("async");
        await UntilWaiting(() => signal.Waiters, 4);
        Assert.False(signal.TryWait(TimeSpan.Zero));
        signal.Set();
        Assert.Equal("", await peers[0].AnswerAsync());
        Assert.Equal(3, signal.Waiters.Count);
        Assert.False(second.IsCompleted);
        Assert.Equal("", await peers[0].AskAsync("set"));
        await second;
        Assert.False(third.IsCompleted);
        signal.Set();
        await third;
        signal.Set();
        Assert.Equal("", await peers[1].AnswerAsync());
        Assert.False(signal.IsSet);
        signal.Set();
        signal.Set();
        Assert.True(signal.IsSet);
        Assert.True(signal.TryWait(TimeSpan.Zero));
        Assert.False(await signal.TryWaitAsync(TimeSpan.Zero));
        signal.Set();
        signal.Reset();
        Assert.False(signal.TryWait(TimeSpan.Zero));
        Assert.Throws<InvalidOperationException>(signal.Pulse);
    }

    [Fact]
    public async Task A_waiter_that_gives_up_does_not_block_the_next()
    {
        (NamedEvent signal, _) = NewEvent(EventResetMode.AutoReset);
        using CancellationTokenSource cancelled = new();
        Task blocking = OnThread(() => signal.Wait(cancellationToken: cancelled.Token));
        await UntilWaiting(() => signal.Waiters, 1);
        Task awaiting = signal.WaitAsync(cancelled.Token).AsTask();
        await UntilWaiting(() => signal.Waiters, 2);
        Task<bool> late = OnThread(() => signal.TryWait(Short));
        Task patient = OnThread(() => signal.Wait(cancellationToken: Token));
        Assert.False(await late);
        await UntilWaiting(() => signal.Waiters, 3);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blocking);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => awaiting);
        await UntilWaiting(() => signal.Waiters, 1);
        Assert.Throws<OperationCanceledException>(() => signal.Wait(cancellationToken: cancelled.Token));
        signal.Set();
        await patient;
        Assert.False(signal.IsSet);
    }

    [Fact]
    public async Task A_thousand_waiters_wait_without_a_thread_each()
    {
        const int Many = 1000;
        (NamedEvent signal, _) = NewEvent(EventResetMode.ManualReset);
        Task[] all = [.. Enumerable.Range(0, Many).Select(_ => signal.WaitAsync(Token).AsTask())];
        int threads = Synchronization.Waiting.TurnThreads.Shared.Count;
        Output.WriteLine($"{threads} threads wait for {Many}");
        Assert.InRange(threads, 1, 8);
        Assert.DoesNotContain(all, static task => task.IsCompleted);
        signal.Set();
        await Task.WhenAll(all);

        (NamedEvent turnstile, _) = NewEvent(EventResetMode.AutoReset);
        int released = 0;
        all = [.. Enumerable.Range(0, Many).Select(async _ =>
        {
            await turnstile.WaitAsync(Token);
            Interlocked.Increment(ref released);
            turnstile.Set();
        })];
        Assert.Equal(0, released);
        turnstile.Set();
        await Task.WhenAll(all);
        Assert.Equal(Many, released);
        Assert.True(turnstile.IsSet);
    }

    [Fact]
    public async Task Waiting_calls_finish_after_Dispose()
    {
        (NamedEvent signal, string place) = NewEvent(EventResetMode.ManualReset);
        using NamedEvent other = LockPlaceText.Event(place, EventResetMode.ManualReset);
        Task waiting = OnThread(() => signal.Wait(cancellationToken: Token));
        await UntilWaiting(() => other.Waiters, 1);
        Task awaiting = signal.WaitAsync(Token).AsTask();
        await UntilWaiting(() => other.Waiters, 2);
        signal.Dispose();
        signal.Dispose();
        Assert.Throws<ObjectDisposedException>(() => signal.Wait());
        Assert.Throws<ObjectDisposedException>(() => signal.IsSet);
        Assert.Throws<ObjectDisposedException>(signal.Set);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await signal.WaitAsync());
        other.Set();
        await waiting;
        await awaiting;
        Fails(ErrorCode.Incompatible, () => LockPlaceText.Event(place, EventResetMode.AutoReset));
    }

    private (NamedEvent Signal, string Place) NewEvent(EventResetMode mode)
    {
        string place = NewPlace(NamedEvent.SizeInRegion);
        return (Track(LockPlaceText.Event(place, mode)), place);
    }
}
