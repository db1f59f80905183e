using System.Runtime.CompilerServices;

namespace Fairlead.Native.Waiting;

/// <summary>
/// A set of descriptors to wait for together (one epoll, level-triggered unless <see cref="PollEvents.OneShot"/> is given). Threads may
/// add, change and remove while others wait. Its own <see cref="Descriptor"/> is readable while any of its descriptors is ready: a set can
/// be watched like a descriptor.
/// </summary>
/// <remarks>Closing it does not wake its waiters: keep an <see cref="EventDescriptor"/> in the set for that.</remarks>
internal sealed unsafe class PollSet : IDisposable
{
    private const int MostEventsOfOneWait = 64;

    public PollSet()
    {
        var number = Libc.EpollCreate(Libc.EPOLL_CLOEXEC);
        if (number < 0)
        {
            throw ErrnoMap.Failure("cannot create a poll set", Libc.LastError);
        }

        Descriptor = new Descriptor(number);
    }

    public Descriptor Descriptor { get; }

    /// <summary>Watches <paramref name="descriptor"/>. Remove it before closing it.</summary>
    public void Add(Descriptor descriptor, ulong token, PollEvents events) =>
        Change(Libc.EPOLL_CTL_ADD, descriptor, token, events);

    public void Modify(Descriptor descriptor, ulong token, PollEvents events) =>
        Change(Libc.EPOLL_CTL_MOD, descriptor, token, events);

    /// <summary>Same, for a descriptor that another thread may be removing at this moment; then it does nothing.</summary>
    public void TryModify(Descriptor descriptor, ulong token, PollEvents events)
    {
        var error = Control(Libc.EPOLL_CTL_MOD, descriptor, token, events);
        if (error is not (Errno.None or Errno.ENOENT or Errno.EBADF))
        {
            throw ErrnoMap.Failure($"cannot watch {descriptor}", error);
        }
    }

    /// <summary>
    /// Undoes <see cref="Add"/>; does nothing if the descriptor is not in the set. A thread that has returned from <see cref="Wait"/> may
    /// still hold an event of it.
    /// </summary>
    /// <remarks>Does not throw: the kernel removes it at the latest when it is closed.</remarks>
    public void Remove(Descriptor descriptor) => _ = Control(Libc.EPOLL_CTL_DEL, descriptor, 0, PollEvents.None);

    /// <summary>Watches a descriptor that Fairlead does not own and whose owner may close it.</summary>
    /// <exception cref="FairleadException">
    /// NotSupported: it cannot be waited for, such as a regular file. AlreadyExists: it is watched already.
    /// </exception>
    public void AddForeign(int number, ulong token, PollEvents events)
    {
        var error = ControlForeign(Libc.EPOLL_CTL_ADD, number, token, events);
        if (error == Errno.EPERM)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"descriptor {number} cannot be waited for",
                "Regular files and directories are always ready: read them without waiting.")
            {
                Errno = (int)error,
            };
        }

        if (error != Errno.None)
        {
            throw ErrnoMap.WatchFailure($"cannot watch descriptor {number}", error);
        }
    }

    /// <summary>
    /// Undoes <see cref="AddForeign"/>. The owner may have closed it: the number is free then, or reused, even for a file that cannot be
    /// watched.
    /// </summary>
    public void RemoveForeign(int number)
    {
        _ = ControlForeign(Libc.EPOLL_CTL_DEL, number, 0, PollEvents.None);
    }

    /// <summary>Waits until a descriptor is ready, and returns the events.</summary>
    /// <param name="events">Receives the events; at most 64 per call, the others stay ready.</param>
    /// <param name="timeout"><see cref="Timeout.InfiniteTimeSpan"/>: no limit; zero: do not wait; rounded up to milliseconds.</param>
    /// <returns>The number of events; 0 if the time ran out.</returns>
    /// <exception cref="ObjectDisposedException">The set was closed before the wait began.</exception>
    [SkipLocalsInit]
    public int Wait(Span<PollEvent> events, TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfZero(events.Length, nameof(events));
        ObjectDisposedException.ThrowIf(!Descriptor.TryEnter(), this);

        LockOrder.AssertMaySleep(timeout);
        var capacity = Math.Min(events.Length, MostEventsOfOneWait);
        var buffer = stackalloc byte[MostEventsOfOneWait * 16];
        int count;
        var error = Errno.None;
        var time = new WaitTime(timeout);
        var milliseconds = time.IsInfinite ? -1 : WaitTime.Milliseconds(time.Whole);
        while (true)
        {
            count = Libc.EpollWait(Descriptor.Number, buffer, capacity, milliseconds);
            if (count > 0 || (count < 0 && (error = Libc.LastError) != Errno.EINTR))
            {
                break;
            }

            if (time.IsInfinite)
            {
                continue;
            }

            // Interrupted, or the wait exceeds what the kernel can count: continue with the rest.
            milliseconds = WaitTime.Milliseconds(time.Rest);
            if (milliseconds == 0)
            {
                count = 0;
                break;
            }
        }

        Descriptor.Exit();
        if (count < 0)
        {
            throw ErrnoMap.Failure("cannot wait in a poll set", error);
        }

        for (var i = 0; i < count; i++)
        {
            events[i] = Libc.EpollEventAt(buffer, i);
        }

        return count;
    }

    /// <summary>Whether a wait would return immediately; false for a closed set.</summary>
    public bool HasEvents
    {
        get
        {
            try
            {
                return BlockingWait.Wait(Descriptor, PollEvents.Read, TimeSpan.Zero) != PollEvents.None;
            }
            catch (ObjectDisposedException)
            {
                return false;
            }
        }
    }

    public void Dispose() => Descriptor.Dispose();

    private void Change(int operation, Descriptor descriptor, ulong token, PollEvents events)
    {
        var error = Control(operation, descriptor, token, events);
        if (error != Errno.None)
        {
            throw ErrnoMap.WatchFailure($"cannot watch {descriptor}", error);
        }
    }

    private Errno ControlForeign(int operation, int number, ulong token, PollEvents events)
    {
        if (!Descriptor.TryEnter())
        {
            return Errno.EBADF;
        }

        var error = Libc.EpollControl(Descriptor.Number, operation, number, token, events);
        Descriptor.Exit();
        return error;
    }

    private Errno Control(int operation, Descriptor descriptor, ulong token, PollEvents events)
    {
        if (!Descriptor.TryEnter())
        {
            return Errno.EBADF;
        }

        var error = Errno.EBADF;
        if (descriptor.TryEnter())
        {
            error = Libc.EpollControl(Descriptor.Number, operation, descriptor.Number, token, events);
            descriptor.Exit();
        }

        Descriptor.Exit();
        return error;
    }
}
