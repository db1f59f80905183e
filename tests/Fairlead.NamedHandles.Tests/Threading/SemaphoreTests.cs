namespace Fairlead.NamedHandles.Tests.Threading;

public sealed class SemaphoreTests
{
    private readonly string _name = Waiters.Name();

    [Fact]
    public void A_semaphore_counts_up_to_its_maximum()
    {
        using Semaphore semaphore = new(1, 3, _name, out bool createdNew);
        using Semaphore other = new(0, 7, _name, out bool isOtherNew);
        Assert.True(createdNew);
        Assert.False(isOtherNew);

        Assert.Equal(1, other.Release());
        Assert.Equal(2, semaphore.Release(1));
        Assert.Throws<SemaphoreFullException>(() => other.Release());
        Assert.True(other.WaitOne());
        Assert.Throws<SemaphoreFullException>(() => semaphore.Release(2));
        Assert.True(semaphore.WaitOne(0));
        Assert.True(semaphore.WaitOne(TimeSpan.FromSeconds(1)));
        Assert.False(semaphore.WaitOne(0));
        Assert.False(semaphore.WaitOne(TimeSpan.FromMilliseconds(1), exitContext: true));
        Assert.Equal(0, semaphore.Release(3));
    }

    [Fact]
    public void A_semaphore_counts_up_to_the_largest_integer()
    {
        using Semaphore semaphore = new(0, int.MaxValue, _name);

        Assert.Equal(0, semaphore.Release(int.MaxValue));
        Assert.Throws<SemaphoreFullException>(() => semaphore.Release());
        Assert.Throws<SemaphoreFullException>(() => semaphore.Release(int.MaxValue));
        Assert.True(semaphore.WaitOne(0));
        Assert.Equal(int.MaxValue - 1, semaphore.Release());
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 0)]
    public void Numbers_out_of_range_are_refused(int initial, int maximum)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Semaphore(initial, maximum, _name));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Semaphore(initial, maximum));
    }

    [Fact]
    public void Release_above_the_maximum_and_Release_of_0_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new Semaphore(2, 1, _name));
        using Semaphore semaphore = new(0, 1, _name);
        Assert.Throws<ArgumentOutOfRangeException>(() => semaphore.Release(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => semaphore.WaitOne(-2));
        Assert.Throws<ArgumentOutOfRangeException>(() => semaphore.WaitOne(TimeSpan.FromMilliseconds(-2)));
        Assert.Throws<ArgumentOutOfRangeException>(() => semaphore.WaitOne(TimeSpan.FromDays(25)));
    }

    [Fact]
    public async Task Releasing_several_releases_as_many_waiters_and_returns_the_count_before()
    {
        using Semaphore semaphore = new(0, 10, _name);
        Task<bool>[] waiters = [.. Enumerable.Range(0, 5).Select(worker => Waiters.OnThread(() => semaphore.WaitOne()))];
        Waiters.Await(semaphore, 5);

        Assert.Equal(0, semaphore.Release(3));
        Waiters.Await(semaphore, 2);
        Assert.Equal(0, semaphore.Release(4));

        Assert.All(await Task.WhenAll(waiters), Assert.True);
        Assert.Equal(2, semaphore.Release());
    }

    [Fact]
    public async Task A_waiter_that_timed_out_takes_no_permit()
    {
        using Semaphore semaphore = new(0, 10, _name);
        Assert.False(await Waiters.OnThread(() => semaphore.WaitOne(50)));
        Task<bool> waiting = Waiters.OnThread(() => semaphore.WaitOne());
        Waiters.Await(semaphore, 1);
        _ = semaphore.Release();

        Assert.True(await waiting);
    }

    [Fact]
    public async Task Any_thread_can_release_a_permit()
    {
        using Semaphore semaphore = new(1, 1, _name);
        await Waiters.OnThread(() => semaphore.WaitOne());

        Assert.False(semaphore.WaitOne(0));
        Assert.Equal(0, await Waiters.OnThread(() => semaphore.Release()));
        Assert.True(semaphore.WaitOne(0));
    }

    [Fact]
    public async Task Many_threads_lose_no_permit()
    {
        int each = Sizes.Of(3_000, 300_000);
        using Semaphore items = new(0, int.MaxValue, _name);
        using Semaphore space = new(8, 8, $"{_name}-space");
        int most = 0;
        int stored = 0;
        Task[] threads =
        [
            .. Enumerable.Range(0, 3).Select(worker => Waiters.OnThread(() =>
            {
                for (int i = 0; i < each; i++)
                {
                    _ = space.WaitOne();
                    int now = Interlocked.Increment(ref stored);
                    InterlockedMax(ref most, now);
                    _ = items.Release();
                }
            })),
            .. Enumerable.Range(0, 3).Select(worker => Waiters.OnThread(() =>
            {
                for (int i = 0; i < each; i++)
                {
                    _ = items.WaitOne();
                    _ = Interlocked.Decrement(ref stored);
                    _ = space.Release();
                }
            })),
        ];
        await Task.WhenAll(threads);

        Assert.InRange(most, 1, 8);
        Assert.False(items.WaitOne(0));
        Assert.Throws<SemaphoreFullException>(() => space.Release());
    }

    [Fact]
    public void A_semaphore_without_a_name_belongs_to_the_platform()
    {
        using Semaphore semaphore = new(1, 2);
        Assert.Equal(1, semaphore.Release());
        Assert.Equal(0, System.Threading.WaitHandle.WaitAny([semaphore], 0));
        Assert.Throws<SemaphoreFullException>(() => semaphore.Release(2));
    }

    private static void InterlockedMax(ref int most, int now)
    {
        int found = Volatile.Read(ref most);
        while (now > found && Interlocked.CompareExchange(ref most, now, found) is var before && before != found)
        {
            found = before;
        }
    }
}
