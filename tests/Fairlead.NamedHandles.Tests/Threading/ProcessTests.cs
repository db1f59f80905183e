using Fairlead.NamedHandles.Peer.Roles;
using Fairlead.NamedHandles.Tests.Places;

namespace Fairlead.NamedHandles.Tests.Threading;

/// <summary>Handles between processes.</summary>
[SlowRun]
public sealed class ProcessTests
{
    private readonly string _name = Waiters.Name();

    [Fact]
    public void A_killed_owner_abandons_its_mutex_once()
    {
        using Mutex mutex = new(false, _name);
        using PeerProcess owner = PeerProcess.StartAsync("inside", "hold", _name, "2").Here();
        Assert.False(mutex.WaitOne(0));
        Assert.False(mutex.WaitOne(30));
        Task<bool> waiting = Waiters.OnThread(() =>
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
        });
        Waiters.Await(mutex, 1);
        owner.Kill();

        Assert.True(waiting.Here());
        Assert.True(mutex.WaitOne(0));
        mutex.ReleaseMutex();
    }

    [Fact]
    public void A_process_that_exits_as_the_owner_abandons_its_mutex_too()
    {
        using Mutex mutex = new(false, _name);
        using PeerProcess owner = PeerProcess.StartAsync("inside", "hold", _name).Here();
        owner.EndAsync().Here();

        Assert.Throws<AbandonedMutexException>(() => mutex.WaitOne(Waiters.Watchdog));
        mutex.ReleaseMutex();
    }

    [Fact]
    public async Task A_mutex_is_free_after_its_owner_released_it_as_often_as_it_acquired_it()
    {
        using Mutex mutex = new(false, _name, out _);
        using PeerProcess owner = await PeerProcess.StartAsync("inside", "hold", _name, "2");
        Assert.Throws<ApplicationException>(mutex.ReleaseMutex);
        await owner.TellAsync("");
        await owner.SaysAsync("released");
        Assert.False(mutex.WaitOne(0));
        await owner.TellAsync("");
        await owner.SaysAsync("released");
        await Waiters.OnThread(() =>
        {
            Assert.True(mutex.WaitOne(0));
            mutex.ReleaseMutex();
        });
        await owner.EndAsync();
    }

    [Fact]
    public async Task A_waiting_process_gets_the_mutex_of_an_ended_thread_as_abandoned()
    {
        using Mutex mutex = new(false, _name);
        using ManualResetEvent end = new(false);
        Task<bool> owner = Waiters.OnThread(() => mutex.WaitOne() && end.WaitOne());
        using PeerProcess waiter = await PeerProcess.StartAsync("waiting", "wait", "mutex", _name);
        Waiters.Await(mutex, 1);
        end.Set();
        Assert.True(await owner);

        await waiter.SaysAsync("abandoned");
        await waiter.EndAsync();
    }

    [Fact]
    public void An_owned_mutex_outlives_its_handles_while_another_process_uses_it()
    {
        Mutex mutex = new(true, _name);
        using PeerProcess waiter = PeerProcess.StartAsync("waiting", "wait", "mutex", _name).Here();
        Waiters.Await(mutex, 1);
        mutex.Dispose();
        using (Mutex again = new(false, _name, out bool createdNew))
        {
            Assert.False(createdNew);
            again.ReleaseMutex();
        }

        waiter.SaysAsync("got").Here();
        waiter.EndAsync().Here();
        Assert.False(Mutex.TryOpenExisting(_name, out _));
    }

    [Fact]
    public void A_thread_that_closed_the_mutex_it_owns_abandons_it_when_it_ends()
    {
        using PeerProcess waiter = PeerProcess.Start("wait", "mutex", _name);
        using ManualResetEvent end = new(false);
        using Semaphore closed = new(0, 1);
        Task<bool> owner = Waiters.OnThread(() =>
        {
            using (Mutex mutex = new(true, _name))
            {
                waiter.SaysAsync("waiting").Here();
                Waiters.Await(mutex, 1);
            }

            _ = closed.Release();
            return end.WaitOne();
        });
        Assert.True(closed.WaitOne(Waiters.Watchdog));
        end.Set();
        Assert.True(owner.Here());

        waiter.SaysAsync("abandoned").Here();
        waiter.EndAsync().Here();
        Assert.True(SpinWait.SpinUntil(() => !Mutex.TryOpenExisting(_name, out Mutex? found) || Closed(found), Waiters.Watchdog));
    }

    [Theory]
    [InlineData("semaphore")]
    [InlineData("auto")]
    public async Task Killed_waiters_consume_no_signal(string kind)
    {
        const int Processes = 5;
        using WaitHandle handle = Handles(kind);
        List<PeerProcess> peers = [];
        try
        {
            for (int i = 0; i < Processes; i++)
            {
                peers.Add(PeerProcess.Start("wait", kind, _name));
            }

            foreach (PeerProcess peer in peers)
            {
                await peer.SaysAsync("waiting");
            }

            Waiters.Await(handle, Processes);
            peers[0].Kill();
            peers[2].Kill();
            peers[3].Kill();
            Signal(handle);
            Signal(handle);
            await Task.WhenAny(peers[1].SaysAsync("got"), peers[4].SaysAsync("got"));
            Waiters.Await(handle, 0);
        }
        finally
        {
            peers.ForEach(static peer => peer.Dispose());
        }

        Assert.False(handle.WaitOne(0));
    }

    [Fact]
    public async Task A_process_waits_for_handles_of_all_kinds()
    {
        using Semaphore semaphore = new(0, 10, $"{_name}-s");
        using EventWaitHandle one = new(false, EventResetMode.AutoReset, $"{_name}-a");
        using EventWaitHandle last = new(false, EventResetMode.ManualReset, $"{_name}-l");
        using PeerProcess owner = await PeerProcess.StartAsync("inside", "hold", $"{_name}-m");
        using PeerProcess waiter = await PeerProcess.StartAsync(
            "waiting", "wait-any", $"semaphore:{_name}-s", $"auto:{_name}-a", $"mutex:{_name}-m", $"manual:{_name}-l");
        Waiters.Await(semaphore, 1);

        _ = semaphore.Release(2);
        await waiter.SaysAsync("1");
        await waiter.SaysAsync("1");
        _ = one.Set();
        await waiter.SaysAsync("2");
        owner.Kill();
        await waiter.SaysAsync("abandoned 3");

        // It owns the mutex now, and takes it again and again.
        await waiter.SaysAsync("3");
        waiter.Kill();
        Waiters.Await(last, 0);
    }

    [Fact]
    public async Task Processes_that_acquire_two_semaphores_each_do_not_deadlock()
    {
        const int Seats = 5;
        int each = Sizes.Of(100, 10_000);
        string file = Path.GetTempFileName();
        Semaphore[] forks = [.. Enumerable.Range(0, Seats).Select(i => new Semaphore(1, 1, $"{_name}-1-{i}"))];
        PeerProcess[] peers =
        [
            .. Enumerable.Range(0, Seats).Select(seat => PeerProcess.Start("philosopher", _name, $"{seat}", $"{Seats}", file, $"{each}")),
        ];
        foreach (PeerProcess peer in peers)
        {
            await peer.EndAsync();
            peer.Dispose();
        }

        File.Delete(file);
        Assert.All(forks, static fork => Assert.Equal(0, fork.WaitOne(0) ? fork.Release() : -1));
        Array.ForEach(forks, static fork => fork.Dispose());
    }

    private static bool Closed(Mutex mutex)
    {
        mutex.Dispose();
        return false;
    }

    private static void Signal(WaitHandle handle)
    {
        if (handle is Semaphore semaphore)
        {
            _ = semaphore.Release();
        }
        else
        {
            // Set again before a waiter took it, it would be one signal.
            EventWaitHandle one = (EventWaitHandle)handle;
            _ = one.Set();
            Assert.True(SpinWait.SpinUntil(() => !IsSet(one), Waiters.Watchdog));
        }
    }

    private static bool IsSet(EventWaitHandle one)
    {
        using NamedHandles.Threading.ObjectReference.Call call = ((NamedHandles.Threading.INamedHandle)one).Reference!.Begin();
        return ((Synchronization.Waiting.EventCore)call.Target.Core).IsSet();
    }

    private WaitHandle Handles(string kind) => kind == "semaphore"
        ? new Semaphore(0, 10, _name)
        : new EventWaitHandle(false, EventResetMode.AutoReset, _name);
}
