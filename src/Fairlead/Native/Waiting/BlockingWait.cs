namespace Fairlead.Native.Waiting;

/// <summary>Waits for one descriptor, with the resolution of the kernel's timers rather than milliseconds.</summary>
internal static unsafe class BlockingWait
{
    private const uint PollBits = 0xffff;

    // Beyond this the kernel's time would overflow; no caller waits for thirty years.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(10_000);

    /// <summary>Blocks the thread until <paramref name="descriptor"/> is ready or the time runs out.</summary>
    /// <param name="descriptor">The descriptor, which stays open during the wait; closing it does not end the wait.</param>
    /// <param name="events">The events to wait for; errors and hang-ups are always reported.</param>
    /// <param name="timeout"><see cref="Timeout.InfiniteTimeSpan"/>: no limit; zero: do not wait.</param>
    /// <returns>The events that occurred; <see cref="PollEvents.None"/> if the time ran out.</returns>
    /// <exception cref="ObjectDisposedException">The descriptor was closed before the wait began.</exception>
    public static PollEvents Wait(Descriptor descriptor, PollEvents events, TimeSpan timeout)
    {
        LockOrder.AssertMaySleep(timeout);
        Platform.Require();
        ObjectDisposedException.ThrowIf(!descriptor.TryEnter(), descriptor);

        var poll = new Libc.PollDescriptor { Descriptor = descriptor.Number, Events = (short)((uint)events & PollBits) };
        var time = new WaitTime(timeout);
        var rest = time.Whole;
        int count;
        var error = Errno.None;
        while (true)
        {
            var spec = ToTimeSpec(rest);
            count = Libc.Poll(&poll, 1, time.IsInfinite ? null : &spec, null);
            if (count >= 0 || (error = Libc.LastError) != Errno.EINTR)
            {
                break;
            }

            if (!time.IsInfinite)
            {
                rest = time.Rest;
            }
        }

        descriptor.Exit();
        if (count < 0)
        {
            throw ErrnoMap.Failure($"cannot wait for {descriptor}", error);
        }

        return count == 0 ? PollEvents.None : (PollEvents)(ushort)poll.Returned;
    }

    private static Libc.TimeSpec ToTimeSpec(TimeSpan time)
    {
        if (time > Longest)
        {
            time = Longest;
        }

        return new()
        {
            Seconds = time.Ticks / TimeSpan.TicksPerSecond,
            Nanoseconds = time.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick,
        };
    }
}
