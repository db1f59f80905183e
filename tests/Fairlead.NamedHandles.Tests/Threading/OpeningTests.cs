using System.Diagnostics.CodeAnalysis;

namespace Fairlead.NamedHandles.Tests.Threading;

/// <summary>What all kinds have in common: names, options and lifetime.</summary>
public sealed class OpeningTests
{
    private readonly string _name = Waiters.Name();

    private delegate bool Opener<T>(string name, [NotNullWhen(true)] out T? result);

    [Fact]
    public void An_object_that_no_process_has_open_cannot_be_opened()
    {
        Assert.Throws<WaitHandleCannotBeOpenedException>(() => Mutex.OpenExisting(_name));
        Assert.Throws<WaitHandleCannotBeOpenedException>(() => Semaphore.OpenExisting(_name));
        Assert.Throws<WaitHandleCannotBeOpenedException>(() => EventWaitHandle.OpenExisting(_name));
        Assert.False(Mutex.TryOpenExisting(_name, out _));
        Assert.False(Semaphore.TryOpenExisting(_name, out _));
        Assert.False(EventWaitHandle.TryOpenExisting(_name, out _));
    }

    [Fact]
    public void An_existing_object_is_opened()
    {
        using Mutex mutex = new(false, $"{_name}-m");
        using Semaphore semaphore = new(0, 1, $"{_name}-s");
        using EventWaitHandle one = new(false, EventResetMode.AutoReset, $"{_name}-e");

        Opens<Mutex>($"{_name}-m", Mutex.TryOpenExisting);
        Opens<Semaphore>($"{_name}-s", Semaphore.TryOpenExisting);
        Opens<EventWaitHandle>($"{_name}-e", EventWaitHandle.TryOpenExisting);
        Mutex.OpenExisting($"{_name}-m").Dispose();
        Semaphore.OpenExisting($"{_name}-s").Dispose();
        EventWaitHandle.OpenExisting($"{_name}-e").Dispose();
    }

    [Fact]
    public void A_name_belongs_to_one_kind()
    {
        using Semaphore semaphore = new(0, 1, _name);

        Assert.Throws<WaitHandleCannotBeOpenedException>(() => new Mutex(false, _name));
        Assert.Throws<WaitHandleCannotBeOpenedException>(() => new EventWaitHandle(false, EventResetMode.AutoReset, _name));
        Assert.Throws<WaitHandleCannotBeOpenedException>(() => Mutex.OpenExisting(_name));
        Assert.False(Mutex.TryOpenExisting(_name, out _));
    }

    [Fact]
    public void Names_differ_by_case()
    {
        using Mutex lower = new(false, _name + "a", out _);
        using Mutex upper = new(false, _name + "A", out bool createdNew);

        Assert.True(createdNew);
    }

    [Fact]
    public void Names_that_are_not_valid_are_refused()
    {
        Assert.Throws<ArgumentException>(static () => new Mutex(false, @"a\b"));
        Assert.Throws<ArgumentException>(static () => new Semaphore(0, 1, new string('x', 261)));
        Assert.Throws<ArgumentException>(static () => new EventWaitHandle(false, EventResetMode.AutoReset, @"Global\"));
        Assert.Throws<ArgumentException>(static () => Mutex.OpenExisting(""));
        Assert.Throws<ArgumentNullException>(static () => Semaphore.TryOpenExisting(null!, out _));
    }

    [Fact]
    public void Options_choose_the_same_names_as_prefixes()
    {
        NamedWaitHandleOptions local = default;
        NamedWaitHandleOptions global = new() { CurrentSessionOnly = false };
        string name = $"{_name}-{Environment.ProcessId}";
        using Mutex one = new(name, local);
        using Semaphore other = new(0, 1, name, global, out bool createdNew);
        Assert.True(createdNew);

        Opens<Mutex>(name, Mutex.TryOpenExisting);
        Opens<Mutex>(
            $@"Local\{name}",
            (string opened, [NotNullWhen(true)] out Mutex? result) => Mutex.TryOpenExisting(opened, local, out result));
        Opens<Semaphore>($@"Global\{name}", Semaphore.TryOpenExisting);
        Semaphore.OpenExisting($@"Global\{name}", global).Dispose();
        Assert.Throws<ArgumentException>(() => new Mutex(false, $@"Global\{name}", local));
        Assert.Throws<ArgumentException>(() => new Mutex(false, $@"Local\{name}", global, out _));
    }

    [Theory]
    [InlineData("Mutex")]
    [InlineData("Semaphore")]
    [InlineData("EventWaitHandle")]
    public void The_platforms_own_waits_on_a_named_handle_fail(string kind)
    {
        using WaitHandle handle = kind switch
        {
            "Mutex" => new Mutex(false, _name),
            "Semaphore" => new Semaphore(1, 1, _name),
            _ => new EventWaitHandle(true, EventResetMode.ManualReset, _name),
        };
        using System.Threading.ManualResetEvent own = new(true);


        // By delegates: a generator may redirect the calls themselves.
        Func<WaitHandle[], int> any = WaitHandle.WaitAny;
        Func<WaitHandle[], bool> all = WaitHandle.WaitAll;
        Func<WaitHandle, WaitHandle, bool> signal = WaitHandle.SignalAndWait;
        Func<WaitHandle, WaitOrTimerCallback, object?, int, bool, RegisteredWaitHandle> register = ThreadPool.RegisterWaitForSingleObject;
        Assert.Throws<ObjectDisposedException>(() => any([own, handle]));
        Assert.Throws<ObjectDisposedException>(() => all([own, handle]));
        Assert.Throws<ObjectDisposedException>(() => signal(own, handle));
        Assert.Throws<ObjectDisposedException>(() => signal(handle, own));
        Assert.Throws<ObjectDisposedException>(() => register(handle, static (_, _) => { }, null, -1, true));
        Assert.True(handle.WaitOne(0));
    }

    [Fact]
    public async Task A_handle_that_is_not_disposed_is_finalized()
    {
        await Waiters.OnThread(() =>
        {
            _ = new Semaphore(0, 1, _name);
        });

        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                bool isOpen = Semaphore.TryOpenExisting(_name, out Semaphore? found);
                found?.Dispose();
                return !isOpen;
            },
            Waiters.Watchdog));
    }

    [Fact]
    public async Task Threads_that_open_and_close_one_name_share_one_object()
    {
        int times = Sizes.Of(200, 20_000);
        int inside = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Waiters.OnThread(() =>
        {
            for (int i = 0; i < times; i++)
            {
                using Mutex mutex = new(i % 2 == 0, _name, out bool createdNew);
                if (i % 2 != 0 || !createdNew)
                {
                    _ = mutex.WaitOne();
                }

                Assert.Equal(1, Interlocked.Increment(ref inside));
                _ = Interlocked.Decrement(ref inside);
                mutex.ReleaseMutex();
            }
        })));

        Assert.False(Mutex.TryOpenExisting(_name, out _));
    }

    private static void Opens<T>(string name, Opener<T> open)
        where T : WaitHandle
    {
        Assert.True(open(name, out T? opened));
        opened.Dispose();
    }
}
