namespace Fairlead.NamedHandles.Tests.Threading;

public sealed class MutexTests
{
    private readonly string _name = Waiters.Name();

    [Fact]
    public void One_thread_at_a_time_owns_a_mutex()
    {
        using Mutex mutex = new(false, _name, out bool createdNew);
        Assert.True(createdNew);
        Assert.True(mutex.WaitOne());

        Assert.False(Waiters.OnThread(() => mutex.WaitOne(0)).Here());
        Task<bool> waiting = Waiters.OnThread(() =>
        {
            bool isOwner = mutex.WaitOne();
            mutex.ReleaseMutex();
            return isOwner;
        });
        Waiters.Await(mutex, 1);
        mutex.ReleaseMutex();

        Assert.True(waiting.Here());
    }

    [Fact]
    public void A_thread_owns_a_mutex_through_all_objects_with_its_name()
    {
        using Mutex one = new(true, _name);
        using Mutex other = new(true, _name, out bool createdNew);
        using Mutex third = Mutex.OpenExisting($@"Local\{_name}");
        Assert.False(createdNew);
        Assert.True(other.WaitOne(0));
        Assert.True(third.WaitOne());

        one.ReleaseMutex();
        other.ReleaseMutex();
        Assert.False(Waiters.OnThread(() => third.WaitOne(TimeSpan.Zero)).Here());
        other.ReleaseMutex();

        Assert.Throws<ApplicationException>(third.ReleaseMutex);
        Waiters.OnThread(() =>
        {
            Assert.True(one.WaitOne(0, exitContext: true));
            one.ReleaseMutex();
        }).Here();
    }

    [Fact]
    public void Only_the_owner_can_release_a_mutex()
    {
        using Mutex mutex = new(true, _name);

        Assert.Throws<ApplicationException>(() => Waiters.OnThread(mutex.ReleaseMutex).Here());
        mutex.ReleaseMutex();
        Assert.Throws<ApplicationException>(mutex.ReleaseMutex);
    }

    [Fact]
    public void A_thread_that_ends_abandons_its_mutex_once()
    {
        using Mutex mutex = new(false, _name);
        using Mutex other = new(false, $"{_name}-2");
        Waiters.OnThread(() => mutex.WaitOne() && mutex.WaitOne() && other.WaitOne()).Here();

        Assert.Throws<AbandonedMutexException>(() => mutex.WaitOne(Waiters.Watchdog));
        Waiters.OnThread(() => Assert.False(mutex.WaitOne(0))).Here();
        mutex.ReleaseMutex();
        Assert.True(mutex.WaitOne(0));
        mutex.ReleaseMutex();
        Assert.Throws<AbandonedMutexException>(() => other.WaitOne(Waiters.Watchdog, exitContext: false));
        other.ReleaseMutex();
    }

    [Fact]
    public void One_of_the_waiters_gets_the_mutex_of_an_ended_thread_as_abandoned()
    {
        using Mutex mutex = new(false, _name);
        using ManualResetEvent end = new(false);
        Task<bool> owner = Waiters.OnThread(() => mutex.WaitOne() && end.WaitOne());
        Assert.True(SpinWait.SpinUntil(() => !TryOnce(mutex), Waiters.Watchdog));
        Task<bool>[] waiters =
        [
            .. Enumerable.Range(0, 4).Select(worker => Waiters.OnThread(() =>
            {
                try
                {
                    return !mutex.WaitOne();
                }
                catch (AbandonedMutexException)
                {
                    return true;
                }
                finally
                {
                    mutex.ReleaseMutex();
                }
            })),
        ];
        Waiters.Await(mutex, 4);
        end.Set();

        Assert.True(owner.Here());
        Assert.Single(Task.WhenAll(waiters).Here(), static isTold => isTold);
    }

    [Fact]
    public void Without_descriptors_of_threads_the_garbage_collector_finds_that_a_thread_has_ended()
    {
        using Mutex mutex = new(false, _name);
        Waiters.OnThread(() =>
        {
            NamedHandles.Threading.ThreadEnd.IsDenied = true;
            _ = mutex.WaitOne();
        }).Here();

        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                try
                {
                    Assert.False(mutex.WaitOne(0));
                    return false;
                }
                catch (AbandonedMutexException)
                {
                    return true;
                }
            },
            Waiters.Watchdog));
        mutex.ReleaseMutex();
    }

    [Fact]
    public void Closing_the_last_handle_ends_the_mutex_that_its_thread_owns()
    {
        Mutex mutex = new(true, _name);
        mutex.Dispose();
        mutex.Dispose();

        Assert.False(Mutex.TryOpenExisting(_name, out _));
        using Mutex next = new(true, _name, out bool createdNew);
        Assert.True(createdNew);
        next.ReleaseMutex();
    }

    [Fact]
    public void A_wait_that_has_begun_outlasts_its_handle()
    {
        Mutex owners = new(true, _name);
        Mutex waiters = new(false, _name);
        Task<bool> waiting = Waiters.OnThread(() => waiters.WaitOne());
        Waiters.Await(owners, 1);
        waiters.Dispose();
        Assert.Throws<ObjectDisposedException>(() => waiters.WaitOne(0));
        Assert.Throws<ObjectDisposedException>(waiters.ReleaseMutex);

        owners.ReleaseMutex();
        Assert.True(waiting.Here());
        owners.Dispose();
    }

    [Fact]
    public void A_mutex_without_a_name_belongs_to_the_platform()
    {
        using Mutex mutex = new(true);
        using Mutex other = new(true, "", out bool createdNew);
        Assert.True(createdNew);
        Assert.False(mutex.SafeWaitHandle.IsInvalid);
        mutex.ReleaseMutex();
        Assert.True(System.Threading.WaitHandle.WaitAll([mutex, other], 0));
        mutex.ReleaseMutex();
        Assert.Throws<ApplicationException>(mutex.ReleaseMutex);
        using Mutex third = new();
        Assert.True(third.WaitOne());
    }

    [Fact]
    public void A_wait_is_interrupted()
    {
        using Mutex mutex = new(true, _name);
        Task<bool> waiting = Waiters.OnThread(() => mutex.WaitOne(), out Thread thread);
        Waiters.Await(mutex, 1);
        thread.Interrupt();

        Assert.Throws<ThreadInterruptedException>(() => waiting.Here());
        Waiters.Await(mutex, 0);
        mutex.ReleaseMutex();
    }

    private static bool TryOnce(Mutex mutex)
    {
        bool isGot = mutex.WaitOne(0);
        if (isGot)
        {
            mutex.ReleaseMutex();
        }

        return isGot;
    }
}
