namespace Fairlead.NamedHandles.Tests.Threading;

public sealed class EventTests
{
    private readonly string _name = Waiters.Name();

    [Fact]
    public async Task Each_set_of_an_automatic_event_releases_one_waiter()
    {
        using EventWaitHandle one = new(false, EventResetMode.AutoReset, _name, out bool createdNew);
        using EventWaitHandle other = new(true, EventResetMode.ManualReset, _name, out bool isOtherNew);
        Assert.True(createdNew);
        Assert.False(isOtherNew);
        Assert.False(other.WaitOne(0));
        Task<bool>[] waiters = [.. Enumerable.Range(0, 3).Select(worker => Waiters.OnThread(() => other.WaitOne()))];
        Waiters.Await(one, 3);

        Assert.True(other.Set());
        Waiters.Await(one, 2);
        Assert.True(one.Set());
        Waiters.Await(one, 1);
        Assert.True(one.Set());
        Assert.All(await Task.WhenAll(waiters), Assert.True);

        Assert.True(one.Set());
        Assert.True(one.Set());
        Assert.True(other.WaitOne(0));
        Assert.False(other.WaitOne(TimeSpan.Zero));
    }

    [Fact]
    public async Task A_manual_event_releases_all_waiters_until_it_is_reset()
    {
        using EventWaitHandle one = new(true, EventResetMode.ManualReset, _name);
        Assert.True(one.WaitOne());
        Assert.True(one.WaitOne(0, exitContext: true));
        Assert.True(one.Reset());
        Assert.False(one.WaitOne(0));
        Task<bool>[] waiters = [.. Enumerable.Range(0, 3).Select(worker => Waiters.OnThread(() => one.WaitOne()))];
        Waiters.Await(one, 3);

        _ = one.Set();
        _ = one.Reset();
        Assert.All(await Task.WhenAll(waiters), Assert.True);
        Assert.False(one.WaitOne(0));
    }

    [Fact]
    public void An_automatic_event_may_begin_set()
    {
        using EventWaitHandle one = new(true, EventResetMode.AutoReset, _name);

        Assert.True(one.WaitOne(0));
        Assert.False(one.WaitOne(0));
    }

    [Fact]
    public void A_mode_that_does_not_exist_is_refused() =>
        Assert.Throws<ArgumentException>(() => new EventWaitHandle(false, (EventResetMode)7, _name));

    [Fact]
    public void Events_without_a_name_belong_to_the_platform()
    {
        using EventWaitHandle automatic = new AutoResetEvent(true);
        using EventWaitHandle manual = new ManualResetEvent(false);
        using EventWaitHandle plain = new(true, EventResetMode.ManualReset);
        Assert.True(automatic.WaitOne());
        Assert.False(automatic.WaitOne(0));
        Assert.True(manual.Set());
        Assert.True(System.Threading.WaitHandle.WaitAll([manual, plain], 0));
        Assert.True(manual.Reset());
        Assert.False(manual.WaitOne(TimeSpan.FromMilliseconds(1)));
        manual.Close();
        Assert.Throws<ObjectDisposedException>(() => manual.Set());
        Assert.Throws<ObjectDisposedException>(() => manual.WaitOne());
    }

    [Fact]
    public void A_closed_event_throws_ObjectDisposedException()
    {
        EventWaitHandle one = new(true, EventResetMode.ManualReset, _name);
        one.Close();

        Assert.Throws<ObjectDisposedException>(() => one.WaitOne(0));
        Assert.Throws<ObjectDisposedException>(() => one.Set());
        Assert.Throws<ObjectDisposedException>(() => one.Reset());
    }
}
