using System.Diagnostics;
using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;

namespace Fairlead.Tests.Native;

public sealed class BlockingWaitTests
{
    [Fact]
    public void A_wait_lasts_until_the_descriptor_is_ready()
    {
        using var bell = new EventDescriptor();
        var events = PollEvents.None;
        using var waiter = TestThread.Start(() => events = BlockingWait.Wait(bell.Descriptor, PollEvents.Read, Timeout.InfiniteTimeSpan));
        waiter.UntilAsleep();

        bell.Signal();
        waiter.Join();

        Assert.Equal(PollEvents.Read, events);
    }

    [Fact]
    public void A_wait_does_not_end_early_and_is_finer_than_milliseconds()
    {
        using var bell = new EventDescriptor();
        var timeout = TimeSpan.FromMicroseconds(100);
        var shortest = TimeSpan.MaxValue;
        for (var i = 0; i < 20; i++)
        {
            var start = Stopwatch.GetTimestamp();
            Assert.Equal(PollEvents.None, BlockingWait.Wait(bell.Descriptor, PollEvents.Read, timeout));
            var took = Stopwatch.GetElapsedTime(start);
            Assert.True(took >= timeout);
            shortest = took < shortest ? took : shortest;
        }

        Console.WriteLine($"a wait of {timeout.TotalMicroseconds} µs took {shortest.TotalMicroseconds} µs at best");
    }

    [Fact]
    public void An_interrupted_wait_continues()
    {
        using var handler = PosixSignalRegistration.Create(PosixSignal.SIGCONT, context => context.Cancel = true);
        using var bell = new EventDescriptor();
        foreach (var timeout in new[] { Timeout.InfiniteTimeSpan, TimeSpan.MaxValue })
        {
            var events = PollEvents.None;
            using var waiter = TestThread.Start(() => events = BlockingWait.Wait(bell.Descriptor, PollEvents.Read, timeout));
            for (var i = 0; i < 20; i++)
            {
                waiter.UntilAsleep();
                waiter.Interrupt();
            }

            bell.Signal();
            waiter.Join();
            Assert.Equal(PollEvents.Read, events);
            bell.Drain();
        }
    }

    [Fact]
    public void A_hang_up_is_reported_for_any_requested_events()
    {
        var (near, far) = NativeSocket.Pair(NativeSocketType.Stream);
        using var first = near;
        far.Dispose();
        Assert.True(BlockingWait.Wait(near, PollEvents.None, Timeout.InfiniteTimeSpan).HasFlag(PollEvents.HangUp));
    }

    [Fact]
    public void A_closed_descriptor_is_not_waited_for()
    {
        var bell = new EventDescriptor();
        bell.Dispose();
        Assert.Throws<ObjectDisposedException>(() => BlockingWait.Wait(bell.Descriptor, PollEvents.Read, TimeSpan.Zero));
    }
}
