using System.Diagnostics;
using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;

namespace Fairlead.Tests.Native;

public sealed class PollSetTests
{
    private readonly PollEvent[] _events = new PollEvent[8];

    [Fact]
    public void A_wait_reports_each_ready_descriptor_with_its_events()
    {
        var (near, far) = NativeSocket.Pair(NativeSocketType.Stream);
        using var first = near;
        using var second = far;
        using var set = new PollSet();
        set.Add(near, ulong.MaxValue, PollEvents.Read | PollEvents.Write);
        set.Add(far, 0x0123456789abcdef, PollEvents.Read);

        Assert.Equal(1, set.Wait(_events, Timeout.InfiniteTimeSpan));
        Assert.Equal(new PollEvent(ulong.MaxValue, PollEvents.Write), _events[0]);

        near.Write("x"u8);
        Assert.Equal(2, set.Wait(_events, Timeout.InfiniteTimeSpan));
        Assert.Contains(new PollEvent(0x0123456789abcdef, PollEvents.Read), _events);
    }

    [Fact]
    public void A_descriptor_stays_ready_until_it_is_read()
    {
        using var bell = new EventDescriptor();
        using var set = new PollSet();
        set.Add(bell.Descriptor, 1, PollEvents.Read);

        Assert.Equal(0, set.Wait(_events, TimeSpan.Zero));
        bell.Signal();
        Assert.Equal(1, set.Wait(_events, TimeSpan.Zero));
        Assert.Equal(1, set.Wait(_events, TimeSpan.Zero));
        bell.Drain();
        Assert.Equal(0, set.Wait(_events, TimeSpan.Zero));
    }

    [Fact]
    public void A_one_shot_reports_once_until_modified()
    {
        using var bell = new EventDescriptor();
        using var set = new PollSet();
        set.Add(bell.Descriptor, 1, PollEvents.Read | PollEvents.OneShot);
        bell.Signal();

        Assert.Equal(1, set.Wait(_events, TimeSpan.Zero));
        Assert.Equal(0, set.Wait(_events, TimeSpan.Zero));
        set.Modify(bell.Descriptor, 2, PollEvents.Read | PollEvents.OneShot);
        Assert.Equal(1, set.Wait(_events, TimeSpan.Zero));
        Assert.Equal(2ul, _events[0].Token);
    }

    [Fact]
    public void A_removed_descriptor_is_not_reported()
    {
        using var bell = new EventDescriptor();
        using var set = new PollSet();
        set.Add(bell.Descriptor, 1, PollEvents.Read);
        bell.Signal();

        set.Remove(bell.Descriptor);
        set.Remove(bell.Descriptor);
        Assert.Equal(0, set.Wait(_events, TimeSpan.Zero));

        var failure = Assert.Throws<FairleadException>(() => set.Modify(bell.Descriptor, 1, PollEvents.Read));
        Assert.Equal((int)Errno.ENOENT, failure.Errno);
    }

    [Fact]
    public void TryModify_changes_a_descriptor_unless_it_was_removed_or_closed()
    {
        var bell = new EventDescriptor();
        using var set = new PollSet();
        set.Add(bell.Descriptor, 1, PollEvents.None);
        bell.Signal();
        Assert.Equal(0, set.Wait(_events, TimeSpan.Zero));
        set.TryModify(bell.Descriptor, 2, PollEvents.Read);
        Assert.Equal(1, set.Wait(_events, TimeSpan.Zero));
        Assert.Equal(2ul, _events[0].Token);

        set.Remove(bell.Descriptor);
        set.TryModify(bell.Descriptor, 3, PollEvents.Read);
        Assert.Equal(0, set.Wait(_events, TimeSpan.Zero));
        bell.Dispose();
        set.TryModify(bell.Descriptor, 4, PollEvents.Read);
        Assert.Equal(0, set.Wait(_events, TimeSpan.Zero));
    }

    [Fact]
    public void Closing_a_descriptor_during_TryModify_does_no_harm()
    {
        using var set = new PollSet();
        EventDescriptor? current = null;
        var isOver = false;
        using var changing = TestThread.Start(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                if (Volatile.Read(ref current) is { } bell)
                {
                    set.TryModify(bell.Descriptor, 1, PollEvents.None);
                    set.TryModify(bell.Descriptor, 1, PollEvents.Read);
                }
            }
        });
        for (var i = 0; i < 20_000; i++)
        {
            var bell = new EventDescriptor();
            set.Add(bell.Descriptor, 1, PollEvents.Read);
            Volatile.Write(ref current, bell);
            set.Remove(bell.Descriptor);
            bell.Dispose();
        }

        Volatile.Write(ref isOver, true);
        changing.Join();
        Assert.Equal(0, set.Wait(_events, TimeSpan.Zero));
    }

    [Fact]
    public void The_end_of_the_peer_is_reported()
    {
        var (near, far) = NativeSocket.Pair(NativeSocketType.Stream);
        using var first = near;
        using var set = new PollSet();
        set.Add(near, 1, PollEvents.Read | PollEvents.ReadHangUp);

        far.ShutdownSocket(ShutdownHow.Write);
        Assert.Equal(1, set.Wait(_events, Timeout.InfiniteTimeSpan));
        Assert.Equal(PollEvents.Read | PollEvents.ReadHangUp, _events[0].Events);

        far.Dispose();
        Assert.Equal(1, set.Wait(_events, Timeout.InfiniteTimeSpan));
        Assert.Equal(PollEvents.Read | PollEvents.ReadHangUp | PollEvents.HangUp, _events[0].Events & ~PollEvents.Error);
    }

    [Fact]
    public void Adding_and_modifying_a_descriptor_wakes_a_waiting_thread()
    {
        using var bell = new EventDescriptor();
        using var set = new PollSet();
        bell.Signal();
        var count = 0;
        using var waiter = TestThread.Start(() => count = set.Wait(_events, Timeout.InfiniteTimeSpan));
        waiter.UntilAsleepIn((nuint)set.Descriptor.Number);

        set.Add(bell.Descriptor, 1, PollEvents.Write & PollEvents.Read);
        set.Modify(bell.Descriptor, 7, PollEvents.Read);
        waiter.Join();

        Assert.Equal(1, count);
        Assert.Equal(7ul, _events[0].Token);
    }

    [Fact]
    public void A_wait_does_not_end_early()
    {
        using var set = new PollSet();
        var timeout = TimeSpan.FromMicroseconds(5_300);

        var start = Stopwatch.GetTimestamp();
        Assert.Equal(0, set.Wait(_events, timeout));
        Assert.True(Stopwatch.GetElapsedTime(start) >= timeout);
    }

    [Fact]
    public void An_interrupted_wait_continues()
    {
        using var handler = PosixSignalRegistration.Create(PosixSignal.SIGCONT, context => context.Cancel = true);
        using var bell = new EventDescriptor();
        using var set = new PollSet();
        set.Add(bell.Descriptor, 1, PollEvents.Read);
        foreach (var timeout in new[] { Timeout.InfiniteTimeSpan, TimeSpan.FromDays(365) })
        {
            var count = 0;
            using var waiter = TestThread.Start(() => count = set.Wait(_events, timeout));
            for (var i = 0; i < 20; i++)
            {
                waiter.UntilAsleepIn((nuint)set.Descriptor.Number);
                waiter.Interrupt();
            }

            bell.Signal();
            waiter.Join();
            Assert.Equal(1, count);
            bell.Drain();
        }
    }

    [Fact]
    public void A_set_can_be_watched_by_another()
    {
        using var bell = new EventDescriptor();
        using var inner = new PollSet();
        using var outer = new PollSet();
        inner.Add(bell.Descriptor, 1, PollEvents.Read);
        outer.Add(inner.Descriptor, 2, PollEvents.Read);

        Assert.Equal(0, outer.Wait(_events, TimeSpan.Zero));
        bell.Signal();
        Assert.Equal(1, outer.Wait(_events, Timeout.InfiniteTimeSpan));
        Assert.Equal(2ul, _events[0].Token);
        bell.Drain();
        Assert.Equal(0, outer.Wait(_events, TimeSpan.Zero));
    }

    [Fact]
    public void Many_ready_descriptors_are_reported_over_several_waits()
    {
        using var set = new PollSet();
        var bells = Enumerable.Range(0, 100).Select(_ => new EventDescriptor()).ToArray();
        for (var i = 0; i < bells.Length; i++)
        {
            set.Add(bells[i].Descriptor, (ulong)i, PollEvents.Read);
            bells[i].Signal();
        }

        var seen = new HashSet<ulong>();
        var events = new PollEvent[200];
        while (seen.Count < bells.Length)
        {
            var count = set.Wait(events, TimeSpan.Zero);
            Assert.NotEqual(0, count);
            for (var i = 0; i < count; i++)
            {
                seen.Add(events[i].Token);
                bells[events[i].Token].Drain();
            }
        }

        Array.ForEach(bells, bell => bell.Dispose());
    }

    [Fact]
    public void A_closed_set_is_not_waited_in()
    {
        var set = new PollSet();
        set.Dispose();
        Assert.Throws<ObjectDisposedException>(() => set.Wait(_events, TimeSpan.Zero));
    }

    [Fact]
    public void Closing_a_set_does_not_disturb_a_waiting_thread()
    {
        using var bell = new EventDescriptor();
        var set = new PollSet();
        set.Add(bell.Descriptor, 1, PollEvents.Read);
        var count = 0;
        using var waiter = TestThread.Start(() => count = set.Wait(_events, Timeout.InfiniteTimeSpan));
        waiter.UntilAsleepIn((nuint)set.Descriptor.Number);

        set.Dispose();
        bell.Signal();
        waiter.Join();

        Assert.Equal(1, count);
    }
}
