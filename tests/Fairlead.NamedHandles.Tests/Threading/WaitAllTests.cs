namespace Fairlead.NamedHandles.Tests.Threading;

public sealed class WaitAllTests
{
    private readonly string _name = Waiters.Name();

    [Fact]
    public void WaitAll_acquires_all_handles_or_none()
    {
        using Semaphore semaphore = new(2, 2, $"{_name}-s");
        using EventWaitHandle one = new(true, EventResetMode.AutoReset, $"{_name}-e");
        using Mutex mutex = new(false, $"{_name}-m");
        using AutoResetEvent own = new(false);
        using Semaphore ownSemaphore = new(1, 1);
        WaitHandle[] handles = [own, semaphore, one, mutex, ownSemaphore];

        Assert.False(NamedWaitHandles.WaitAll(handles, 0));
        Assert.False(NamedWaitHandles.WaitAll(handles, TimeSpan.FromMilliseconds(30)));
        Assert.Throws<SemaphoreFullException>(() => semaphore.Release());
        Assert.Throws<SemaphoreFullException>(() => ownSemaphore.Release());
        Assert.Throws<ApplicationException>(mutex.ReleaseMutex);
        _ = own.Set();
        Assert.True(NamedWaitHandles.WaitAll(handles));
        mutex.ReleaseMutex();
        Assert.False(one.WaitOne(0));
        Assert.False(own.WaitOne(0));
        Assert.Equal(1, semaphore.Release());
        Assert.Equal(0, ownSemaphore.Release());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_sleeping_WaitAll_returns_when_the_last_handle_is_signalled(int last)
    {
        using Semaphore semaphore = new(0, 1, $"{_name}-s");
        using EventWaitHandle one = new(false, EventResetMode.ManualReset, $"{_name}-e");
        using Mutex mutex = new(true, $"{_name}-m");
        using AutoResetEvent own = new(false);
        Action[] signals = [() => semaphore.Release(), () => one.Set(), mutex.ReleaseMutex, () => own.Set()];
        Task<bool> waiting = Waiters.OnThread(() =>
        {
            bool isGot = NamedWaitHandles.WaitAll([semaphore, one, mutex, own], 60_000);
            mutex.ReleaseMutex();
            return isGot;
        });
        for (int i = 0; i < signals.Length; i++)
        {
            if (i != last)
            {
                signals[i]();
            }
        }

        Assert.False(waiting.IsCompleted);
        signals[last]();

        Assert.True(await waiting);
        Assert.Equal(0, semaphore.Release());
        Assert.False(own.WaitOne(0));
    }

    [Fact]
    public void An_abandoned_mutex_is_reported_when_WaitAll_succeeds_and_not_before()
    {
        using Mutex mutex = new(false, $"{_name}-m");
        using Semaphore semaphore = new(0, 1, $"{_name}-s");
        Waiters.OnThread(() => mutex.WaitOne()).Here();
        Assert.True(SpinWait.SpinUntil(() => !IsOwned(mutex), Waiters.Watchdog));

        Assert.False(NamedWaitHandles.WaitAll([mutex, semaphore], 30));
        _ = semaphore.Release();
        AbandonedMutexException e = Assert.Throws<AbandonedMutexException>(() => NamedWaitHandles.WaitAll([semaphore, mutex], 60_000));
        Assert.Equal(1, e.MutexIndex);
        Assert.False(semaphore.WaitOne(0));
        mutex.ReleaseMutex();
        Assert.True(mutex.WaitOne(0));
        mutex.ReleaseMutex();
    }

    [Fact]
    public void Duplicates_and_wrong_arguments_are_refused()
    {
        using Mutex mutex = new(false, _name);
        using Mutex same = new(false, _name);
        using AutoResetEvent own = new(true);
        using WaitHandle unknown = new UnknownHandle();
        Assert.Throws<DuplicateWaitObjectException>(() => NamedWaitHandles.WaitAll([mutex, mutex]));
        Assert.Throws<DuplicateWaitObjectException>(() => NamedWaitHandles.WaitAll([mutex, own, same]));
        Assert.Throws<DuplicateWaitObjectException>(() => NamedWaitHandles.WaitAll([own, mutex, own]));
        Assert.Throws<ArgumentNullException>(() => NamedWaitHandles.WaitAll([mutex, null!]));
        Assert.Throws<ArgumentException>(static () => NamedWaitHandles.WaitAll([]));
        Assert.Throws<NotSupportedException>(() => NamedWaitHandles.WaitAll([.. Enumerable.Repeat<WaitHandle>(mutex, 65)]));
        Assert.Throws<NotSupportedException>(() => NamedWaitHandles.WaitAll([mutex, unknown]));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedWaitHandles.WaitAll([mutex], -2, exitContext: false));
        Assert.True(NamedWaitHandles.WaitAll([own], TimeSpan.Zero, exitContext: false));
        Assert.Throws<ApplicationException>(mutex.ReleaseMutex);
    }

    [Fact]
    public async Task Two_waits_for_the_same_handles_in_opposite_order_both_succeed()
    {
        int each = Sizes.Of(100, 5_000);
        using Mutex first = new(false, $"{_name}-1");
        using Mutex second = new(false, $"{_name}-2");
        int inside = 0;
        await Task.WhenAll(new[] { (first, second), (second, first) }.Select(pair => Waiters.OnThread(() =>
        {
            for (int i = 0; i < each; i++)
            {
                _ = NamedWaitHandles.WaitAll([pair.Item1, pair.Item2]);
                Assert.Equal(1, Interlocked.Increment(ref inside));
                _ = Interlocked.Decrement(ref inside);
                pair.Item2.ReleaseMutex();
                pair.Item1.ReleaseMutex();
            }
        })));
    }

    [Fact]
    public void SignalAndWait_signals_one_handle_and_waits_for_another()
    {
        using Semaphore semaphore = new(0, 1, $"{_name}-s");
        using Mutex mutex = new(true, $"{_name}-m");
        using EventWaitHandle one = new(false, EventResetMode.AutoReset, $"{_name}-e");
        using AutoResetEvent own = new(false);

        Assert.False(NamedWaitHandles.SignalAndWait(semaphore, own, 0, exitContext: false));
        Assert.Throws<InvalidOperationException>(() => NamedWaitHandles.SignalAndWait(semaphore, own));
        Assert.True(NamedWaitHandles.SignalAndWait(own, semaphore));
        Assert.True(NamedWaitHandles.SignalAndWait(one, own, TimeSpan.FromSeconds(1), exitContext: true));
        Assert.True(NamedWaitHandles.SignalAndWait(mutex, one));
        Assert.Throws<ApplicationException>(() => NamedWaitHandles.SignalAndWait(mutex, one));
        Assert.True(NamedWaitHandles.SignalAndWait(own, own));
        Assert.Throws<ArgumentNullException>(() => NamedWaitHandles.SignalAndWait(null!, one));
        Assert.Throws<ArgumentNullException>(() => NamedWaitHandles.SignalAndWait(one, null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedWaitHandles.SignalAndWait(one, own, -2, false));
        one.Dispose();
        Assert.Throws<ObjectDisposedException>(() => NamedWaitHandles.SignalAndWait(own, one));
        Assert.False(own.WaitOne(0));
    }

    private static bool IsOwned(Mutex mutex)
    {
        using NamedHandles.Threading.ObjectReference.Call call = ((NamedHandles.Threading.INamedHandle)mutex).Reference!.Begin();
        return call.Target.IsOwned;
    }

    private sealed class UnknownHandle : WaitHandle
    {
        public UnknownHandle() => SafeWaitHandle = new System.Threading.AutoResetEvent(true).SafeWaitHandle;
    }
}
