using System.Collections.Concurrent;

namespace Fairlead.NamedHandles.Tests.Threading;

public sealed class RegisteredWaitTests
{
    private readonly string _name = Waiters.Name();
    private readonly BlockingCollection<bool> _calls = [];

    [Fact]
    public void Each_signal_causes_one_callback()
    {
        using Semaphore semaphore = new(2, 10, _name);
        RegisteredWaitHandle registered = NamedWaitHandles.RegisterWaitForSingleObject(semaphore, OnCall, this, -1, executeOnlyOnce: false);
        NextIs(timedOut: false);
        NextIs(timedOut: false);
        _ = semaphore.Release(3);
        NextIs(timedOut: false);
        NextIs(timedOut: false);
        NextIs(timedOut: false);

        Assert.True(NamedWaitHandles.Unregister(registered, null));
        Assert.False(NamedWaitHandles.Unregister(registered, null));
        _ = semaphore.Release(4);
        Assert.Equal(4, semaphore.Release());
        Assert.Empty(_calls);
    }

    [Fact]
    public void A_one_time_registration_consumes_one_signal()
    {
        using Semaphore semaphore = new(0, 10, _name);
        RegisteredWaitHandle registered =
            NamedWaitHandles.UnsafeRegisterWaitForSingleObject(semaphore, OnCall, this, TimeSpan.FromMinutes(10), executeOnlyOnce: true);
        _ = semaphore.Release(3);
        NextIs(timedOut: false);

        Assert.Equal(2, semaphore.Release());
        _ = NamedWaitHandles.Unregister(registered, null);
        Assert.Empty(_calls);
    }

    [Fact]
    public void A_registration_calls_back_at_its_timeout()
    {
        using Semaphore semaphore = new(0, 10, _name);
        RegisteredWaitHandle once = NamedWaitHandles.RegisterWaitForSingleObject(semaphore, OnCall, this, 10u, executeOnlyOnce: true);
        NextIs(timedOut: true);
        _ = NamedWaitHandles.Unregister(once, null);
        Assert.Equal(0, semaphore.Release());
        Assert.True(semaphore.WaitOne(0));

        RegisteredWaitHandle repeated = NamedWaitHandles.RegisterWaitForSingleObject(semaphore, OnCall, this, 10L, executeOnlyOnce: false);
        NextIs(timedOut: true);
        NextIs(timedOut: true);
        _ = semaphore.Release();
        Assert.True(SpinWait.SpinUntil(() => _calls.TryTake(out bool timedOut) && !timedOut, Waiters.Watchdog));
        NextIs(timedOut: true);
        Assert.True(NamedWaitHandles.Unregister(repeated, null));
        Assert.Equal(0, semaphore.Release());
    }

    [Fact]
    public void A_signal_is_consumed_by_a_callback_or_remains()
    {
        int times = Sizes.Of(200, 20_000);
        using Semaphore semaphore = new(0, int.MaxValue, _name);
        int called = 0;
        for (int i = 0; i < times; i++)
        {
            RegisteredWaitHandle registered = NamedWaitHandles.RegisterWaitForSingleObject(
                semaphore, (_, _) => Interlocked.Increment(ref called), null, -1, executeOnlyOnce: i % 2 == 0);
            _ = semaphore.Release();
            Thread.SpinWait(i % 50 * 100);
            using System.Threading.ManualResetEvent completed = new(false);
            if (NamedWaitHandles.Unregister(registered, completed))
            {
                Assert.True(completed.WaitOne(Waiters.Watchdog));
            }
        }

        int left = 0;
        while (semaphore.WaitOne(0))
        {
            left++;
        }

        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref called) + left == times, TimeSpan.FromSeconds(10)), $"{called} + {left}");
    }

    [Fact]
    public void Unregister_sets_its_event_when_all_callbacks_have_ended()
    {
        using EventWaitHandle one = new(true, EventResetMode.AutoReset, $"{_name}-1");
        using EventWaitHandle completed = new(false, EventResetMode.ManualReset, $"{_name}-2");
        using System.Threading.ManualResetEvent goOn = new(false);
        RegisteredWaitHandle registered = NamedWaitHandles.RegisterWaitForSingleObject(
            one,
            (_, timedOut) =>
            {
                _calls.Add(timedOut);
                _ = goOn.WaitOne();
            },
            null,
            -1,
            executeOnlyOnce: false);
        NextIs(timedOut: false);
        Assert.True(NamedWaitHandles.Unregister(registered, completed));
        Assert.False(completed.WaitOne(0));
        _ = goOn.Set();

        Assert.True(completed.WaitOne(Waiters.Watchdog));
    }

    [Fact]
    public void A_set_event_calls_back_repeatedly()
    {
        using EventWaitHandle one = new(true, EventResetMode.ManualReset, _name);
        RegisteredWaitHandle registered = NamedWaitHandles.RegisterWaitForSingleObject(one, OnCall, this, -1, executeOnlyOnce: false);
        for (int i = 0; i < 10; i++)
        {
            NextIs(timedOut: false);
        }

        Assert.True(NamedWaitHandles.Unregister(registered, null));
    }

    [Fact]
    public void The_context_of_the_caller_flows_only_in_a_safe_registration()
    {
        using Semaphore semaphore = new(2, 2, _name);
        AsyncLocal<int> local = new() { Value = 42 };
        BlockingCollection<int> values = [];
        WaitOrTimerCallback add = (_, _) => values.Add(local.Value);
        RegisteredWaitHandle safe = NamedWaitHandles.RegisterWaitForSingleObject(semaphore, add, null, -1, executeOnlyOnce: true);
        Assert.Equal(42, values.Take());
        RegisteredWaitHandle unsafeOne =
            NamedWaitHandles.UnsafeRegisterWaitForSingleObject(semaphore, add, null, -1L, executeOnlyOnce: true);
        Assert.Equal(0, values.Take());
        _ = NamedWaitHandles.Unregister(safe, null);
        _ = NamedWaitHandles.Unregister(unsafeOne, null);
    }

    [Fact]
    public void A_registration_ended_by_the_platform_consumes_no_signal_after_a_collection()
    {
        using Semaphore semaphore = new(0, 10, _name);
        EndByPlatform(semaphore);
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return Waiters.Count(semaphore) == 0;
            },
            Waiters.Watchdog));
        Assert.Equal(0, semaphore.Release());
        Assert.True(semaphore.WaitOne(0));

        void EndByPlatform(Semaphore waited)
        {
            RegisteredWaitHandle registered = NamedWaitHandles.RegisterWaitForSingleObject(waited, OnCall, null, -1, false);
            Waiters.Await(waited, 1);
            Func<WaitHandle?, bool> unregister = registered.Unregister!;
            Assert.True(unregister(null));
        }
    }

    [Fact]
    public void A_mutex_and_wrong_arguments_are_refused()
    {
        using Mutex mutex = new(false, $"{_name}-m");
        using Semaphore semaphore = new(0, 1, $"{_name}-s");
        Assert.Throws<NotSupportedException>(() => NamedWaitHandles.RegisterWaitForSingleObject(mutex, OnCall, null, -1, true));
        Assert.Throws<ArgumentNullException>(() => NamedWaitHandles.RegisterWaitForSingleObject(null!, OnCall, null, -1, true));
        Assert.Throws<ArgumentNullException>(() => NamedWaitHandles.RegisterWaitForSingleObject(semaphore, null!, null, -1, true));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedWaitHandles.RegisterWaitForSingleObject(semaphore, OnCall, null, -2, true));
        semaphore.Dispose();
        Assert.Throws<ObjectDisposedException>(() => NamedWaitHandles.RegisterWaitForSingleObject(semaphore, OnCall, null, -1, true));
    }

    [Fact]
    public void A_handle_of_the_platform_is_registered_by_the_platform()
    {
        using System.Threading.AutoResetEvent own = new(true);
        RegisteredWaitHandle registered = NamedWaitHandles.RegisterWaitForSingleObject(own, OnCall, this, -1, executeOnlyOnce: true);
        NextIs(timedOut: false);
        _ = NamedWaitHandles.Unregister(registered, null);
    }

    private void OnCall(object? state, bool timedOut) => _calls.Add(timedOut);

    private void NextIs(bool timedOut)
    {
        Assert.True(_calls.TryTake(out bool next, Waiters.Watchdog));
        Assert.Equal(timedOut, next);
    }
}
