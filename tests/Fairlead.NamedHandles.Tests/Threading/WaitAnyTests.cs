namespace Fairlead.NamedHandles.Tests.Threading;

public sealed class WaitAnyTests
{
    private readonly string _name = Waiters.Name();

    [Fact]
    public void WaitAny_acquires_only_the_first_signalled_handle()
    {
        using Semaphore semaphore = new(1, 1, $"{_name}-s");
        using AutoResetEvent own = new(true);
        using EventWaitHandle one = new(true, EventResetMode.AutoReset, $"{_name}-e");
        using Mutex mutex = new(false, $"{_name}-m");
        WaitHandle[] handles = [semaphore, own, one, mutex];

        Assert.Equal([0, 1, 2, 3], Enumerable.Range(0, 4).Select(_ => NamedWaitHandles.WaitAny(handles)));
        Assert.Equal(3, NamedWaitHandles.WaitAny(handles, 0));
        mutex.ReleaseMutex();
        mutex.ReleaseMutex();
        Assert.Equal(3, NamedWaitHandles.WaitAny(handles, TimeSpan.Zero));
        mutex.ReleaseMutex();
        Assert.Equal(WaitHandle.WaitTimeout, NamedWaitHandles.WaitAny([.. handles[..3]], 1));
        Assert.Equal(WaitHandle.WaitTimeout, NamedWaitHandles.WaitAny([.. handles[..3]], TimeSpan.FromMilliseconds(30), exitContext: true));
        Waiters.Await(semaphore, 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_sleeping_WaitAny_returns_the_handle_that_is_signalled(int signalled)
    {
        using Semaphore semaphore = new(0, 1, $"{_name}-s");
        using AutoResetEvent own = new(false);
        using EventWaitHandle one = new(false, EventResetMode.ManualReset, $"{_name}-e");
        using Mutex mutex = new(true, $"{_name}-m");
        WaitHandle[] handles = [semaphore, own, one, mutex];
        Task<int> waiting = Waiters.OnThread(() =>
        {
            int got = NamedWaitHandles.WaitAny(handles, 60_000, exitContext: false);
            if (got == 3)
            {
                mutex.ReleaseMutex();
            }

            return got;
        });
        Waiters.Await(mutex, 1);
        Signal(handles[signalled]);

        Assert.Equal(signalled, await waiting);
        Waiters.Await(semaphore, 0);
        Waiters.Await(one, 0);
        Waiters.Await(mutex, 0);
    }

    [Fact]
    public async Task A_wait_can_have_64_named_handles()
    {
        Semaphore[] semaphores = [.. Enumerable.Range(0, 64).Select(i => new Semaphore(0, 10, $"{_name}-{i}"))];
        Task<int> waiting = Waiters.OnThread(() => NamedWaitHandles.WaitAny(semaphores));
        Waiters.Await(semaphores[63], 1);
        _ = semaphores[63].Release();

        Assert.Equal(63, await waiting);
        Array.ForEach(semaphores, static semaphore => semaphore.Dispose());
    }

    [Fact]
    public async Task Waits_for_the_same_handle_get_one_signal_each()
    {
        int each = Sizes.Of(2_000, 100_000);
        using Semaphore first = new(0, int.MaxValue, $"{_name}-1");
        using Semaphore second = new(0, int.MaxValue, $"{_name}-2");
        using AutoResetEvent own = new(false);
        Task[] takers =
        [
            .. Enumerable.Range(0, 3).Select(worker => Waiters.OnThread(() =>
            {
                for (int i = 0; i < each; i++)
                {
                    _ = NamedWaitHandles.WaitAny([own, second, first]);
                }
            })),
        ];
        for (int i = 0; i < 3 * each; i++)
        {
            _ = (i % 2 == 0 ? first : second).Release();
        }

        await Task.WhenAll(takers);
        Assert.Equal(WaitHandle.WaitTimeout, NamedWaitHandles.WaitAny([first, second], 0));
    }

    [Fact]
    public void An_abandoned_mutex_is_reported_with_its_index()
    {
        using Semaphore semaphore = new(0, 1, $"{_name}-s");
        using Mutex mutex = new(false, $"{_name}-m");
        using Mutex own = new();
        Waiters.OnThread(() => mutex.WaitOne() && own.WaitOne()).Here();

        AbandonedMutexException e =
            Assert.Throws<AbandonedMutexException>(() => NamedWaitHandles.WaitAny([semaphore, mutex], Waiters.Watchdog));
        Assert.Equal(1, e.MutexIndex);
        e = Assert.Throws<AbandonedMutexException>(() => NamedWaitHandles.WaitAny([semaphore, own], Waiters.Watchdog));
        Assert.Equal(1, e.MutexIndex);
        mutex.ReleaseMutex();
        own.ReleaseMutex();
        Assert.Equal(0, NamedWaitHandles.WaitAny([mutex, semaphore], 0));
        mutex.ReleaseMutex();
    }

    [Fact]
    public void An_interrupted_wait_leaves_no_waiter()
    {
        using Semaphore semaphore = new(0, 1, $"{_name}-s");
        using Mutex mutex = new(true, $"{_name}-m");
        Task<int> waiting = Waiters.OnThread(() => NamedWaitHandles.WaitAny([semaphore, mutex]), out Thread thread);
        Waiters.Await(mutex, 1);
        thread.Interrupt();

        Assert.Throws<ThreadInterruptedException>(() => waiting.Here());
        Waiters.Await(mutex, 0);
        Waiters.Await(semaphore, 0);
        mutex.ReleaseMutex();
    }

    [Fact]
    public async Task A_token_cancels_a_wait()
    {
        using CancellationTokenSource source = new();
        using Semaphore semaphore = new(0, 1, $"{_name}-s");
        Task<int> waiting = Waiters.OnThread(() => NamedWaitHandles.WaitAny([semaphore, source.Token.WaitHandle]));
        Waiters.Await(semaphore, 1);
        await source.CancelAsync();

        Assert.Equal(1, await waiting);
    }

    [Fact]
    public void Wrong_arguments_are_refused_as_by_the_platform()
    {
        using Semaphore semaphore = new(1, 1, $"{_name}-s");
        using AutoResetEvent own = new(true);
        Assert.Throws<ArgumentNullException>(static () => NamedWaitHandles.WaitAny(null!));
        Assert.Throws<ArgumentException>(static () => NamedWaitHandles.WaitAny([]));
        Assert.Throws<ArgumentNullException>(() => NamedWaitHandles.WaitAny([semaphore, null!]));
        Assert.Throws<ArgumentNullException>(() => NamedWaitHandles.WaitAny([own, null!]));
        Assert.Throws<NotSupportedException>(() => NamedWaitHandles.WaitAny([.. Enumerable.Repeat(semaphore, 65)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedWaitHandles.WaitAny([semaphore], -2));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedWaitHandles.WaitAny([semaphore], TimeSpan.FromDays(25)));
        Assert.Equal(0, NamedWaitHandles.WaitAny([own]));
        Assert.Equal(0, NamedWaitHandles.WaitAny([semaphore, semaphore]));
        semaphore.Dispose();
        Assert.Throws<ObjectDisposedException>(() => NamedWaitHandles.WaitAny([own, semaphore]));
    }

    private static void Signal(WaitHandle handle)
    {
        switch (handle)
        {
            case Mutex mutex:
                mutex.ReleaseMutex();
                break;
            case Semaphore semaphore:
                _ = semaphore.Release();
                break;
            default:
                _ = ((EventWaitHandle)handle).Set();
                break;
        }
    }
}
