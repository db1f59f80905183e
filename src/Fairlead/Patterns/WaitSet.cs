using System.Runtime.InteropServices;
using Fairlead.Patterns.Waiting;

namespace Fairlead;

/// <summary>Lets one thread wait for many sources at the same time: endpoints, descriptors, signals and timers.</summary>
/// <remarks>
/// <para>
/// The thread sleeps in the kernel and does the work of its endpoints itself: the kernel wakes the very thread that blocks in
/// <see cref="Wait"/>.
/// </para>
/// <para>
/// Endpoints and descriptors are reported while they are ready (level-triggered): take all available messages, or some. Signals and timers
/// are reported once, with their count.
/// </para>
/// <para>One thread at a time waits. During the wait any thread may attach, detach, wake and dispose. A wait allocates nothing.</para>
/// <para>The idea comes from <c>epoll</c>, <c>zmq_poll</c>, and the wait sets of DDS and iceoryx.</para>
/// </remarks>
public sealed class WaitSet : IDisposable
{
    private readonly WaitCore _core;
    private WaitEvent[] _events = new WaitEvent[16];

    /// <summary>Creates an empty set.</summary>
    public WaitSet() => _core = new WaitCore(this);

    /// <summary>The number of sources in the set.</summary>
    public int Count => _core.Count;

    /// <summary>Adds an endpoint: ready when a message, request or event can be taken, or when its peer is gone.</summary>
    /// <remarks>Take it without waiting, with <c>TryReceive</c> or a timeout of zero.</remarks>
    /// <param name="endpoint">The endpoint, which the caller keeps. Closing it is reported, and takes it out of the set.</param>
    /// <param name="interest">
    /// <see cref="Readiness.Readable"/>, alone or with <see cref="Readiness.Writable"/>: its only peer has capacity for a message. The end
    /// of a peer is always reported.
    /// </param>
    /// <param name="state">Any object; returned in <see cref="WaitEvent.State"/>.</param>
    /// <param name="deadline">
    /// How long nothing may come: then the endpoint is <see cref="Readiness.Overdue"/>, once for each such time, by its own clock. The time
    /// begins when the endpoint is attached, and anew whenever it is reported as readable. Null, the default: any time.
    /// </param>
    /// <exception cref="InvalidOperationException">The endpoint is already in this set.</exception>
    /// <exception cref="ObjectDisposedException">The endpoint or the set is closed.</exception>
    public WaitAttachment Attach(
        MessagingEndpoint endpoint, Readiness interest = Readiness.Readable, object? state = null, TimeSpan? deadline = null)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        EndpointItem item = new(_core, _core.NextToken(), endpoint, endpoint.Core, Checked(interest).HasFlag(Readiness.Writable));
        return Add(item, state, deadline, endpoint.Core.Settings.Time);
    }

    /// <summary>Adds a descriptor: a socket, pipe, terminal, pidfd or eventfd.</summary>
    /// <param name="handle">
    /// The handle, which the caller keeps. Detach it before closing it; a closed handle is not reported any more. For a plain number use
    /// <c>new SafeFileHandle(0, ownsHandle: false)</c>.
    /// </param>
    /// <param name="interest">Readable, Writable, or both.</param>
    /// <param name="state">Any object; returned in <see cref="WaitEvent.State"/>.</param>
    /// <param name="deadline">How long nothing may come, as for an endpoint, by the system clock.</param>
    /// <exception cref="FairleadException">
    /// NotSupported: the kernel cannot wait for it; regular files are always ready. AlreadyExists: this descriptor is already in the set.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The handle or the set is closed.</exception>
    public WaitAttachment Attach(
        SafeHandle handle, Readiness interest = Readiness.Readable, object? state = null, TimeSpan? deadline = null)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return Add(new DescriptorItem(_core, _core.NextToken(), handle, Checked(interest)), state, deadline, TimeProvider.System);
    }

    /// <summary>Adds a signal. While attached, it has no other effect: SIGTERM and SIGINT do not end the process.</summary>
    /// <remarks>
    /// It is received also where the process was started with it ignored, as by <c>nohup</c> or in the background of a script, or with it
    /// blocked.
    /// </remarks>
    /// <param name="signal">A member of <see cref="PosixSignal"/>, or a system signal number cast to it: <c>(PosixSignal)10</c>.</param>
    /// <param name="state">Any object; returned in <see cref="WaitEvent.State"/>.</param>
    /// <param name="deadline">How long it may not come, as for an endpoint, by the system clock.</param>
    /// <exception cref="FairleadException">
    /// NotSupported: the signal does not exist, processes cannot handle it, or the runtime needs it itself. AlreadyExists: it is blocked,
    /// and another listener of this process has it.
    /// </exception>
    public WaitAttachment Attach(PosixSignal signal, object? state = null, TimeSpan? deadline = null) =>
        Add(new SignalItem(_core, _core.NextToken(), signal), state, deadline, TimeProvider.System);

    /// <summary>Adds a one-time timer. It leaves the set when it has been reported.</summary>
    /// <param name="due">The time from now.</param>
    /// <param name="state">Any object; returned in <see cref="WaitEvent.State"/>.</param>
    /// <param name="time">The clock; default: the system clock.</param>
    /// <exception cref="ObjectDisposedException">The set is closed.</exception>
    public WaitAttachment AttachTimer(TimeSpan due, object? state = null, TimeProvider? time = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(due, TimeSpan.Zero);
        return AddTimer(new TimerItem(_core, _core.NextToken(), due, null, time ?? TimeProvider.System), state);
    }

    /// <summary>Adds a periodic timer, first due one period from now. Missed periods are counted and do not shift the next one.</summary>
    /// <param name="period">The time between two reports.</param>
    /// <param name="state">Any object; returned in <see cref="WaitEvent.State"/>.</param>
    /// <param name="time">The clock; default: the system clock.</param>
    /// <exception cref="ObjectDisposedException">The set is closed.</exception>
    public WaitAttachment AttachInterval(TimeSpan period, object? state = null, TimeProvider? time = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(period, TimeSpan.Zero);
        return AddTimer(new TimerItem(_core, _core.NextToken(), period, period, time ?? TimeProvider.System), state);
    }

    /// <summary>Blocks until a source is ready, and returns all that are.</summary>
    /// <param name="timeout">How long to wait at most; null waits without limit, and zero does not wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The ready sources, in memory that the next wait reuses. Empty after the timeout or a <see cref="Wake"/>.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="InvalidOperationException">Another thread is waiting in this set.</exception>
    /// <exception cref="ObjectDisposedException">The set was disposed, before or during the wait.</exception>
    public ReadOnlySpan<WaitEvent> Wait(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ReadOnlySpan<ReadyItem> found = _core.Wait(timeout, cancellationToken);
        if (found.Length > _events.Length)
        {
            _events = new WaitEvent[2 * found.Length];
        }

        for (int i = 0; i < found.Length; i++)
        {
            _events[i] = new WaitEvent((WaitAttachment)found[i].Item.Owner!, found[i].Ready, found[i].Count);
        }

        return _events.AsSpan(0, found.Length);
    }

    /// <summary>Makes the current wait, or else the next one, return an empty result. Several calls before that count as one.</summary>
    public void Wake() => _core.Wake();

    /// <summary>Detaches all sources without closing them, and ends a current wait with <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose() => _core.Dispose();

    private static Readiness Checked(Readiness interest) =>
        (interest & ~(Readiness.Readable | Readiness.Writable)) == 0 && interest != Readiness.None
            ? interest
            : throw new ArgumentOutOfRangeException(
                nameof(interest), interest, "The interest is Readable, Writable, or both; the end of a peer is always reported.");

    private WaitAttachment AddTimer(TimerItem timer, object? state)
    {
        try
        {
            return Add(timer, state);
        }
        catch
        {
            // Its clock would let it tick for a set that has no timer.
            timer.Detach();
            throw;
        }
    }

    private WaitAttachment Add(WaitItem item, object? state, TimeSpan? deadline, TimeProvider time)
    {
        if (deadline is not { } longest)
        {
            return Add(item, state);
        }

        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(longest, TimeSpan.Zero, nameof(deadline));
        // In the set before the item: whatever takes the item out, on any thread, then takes this out, too.
        WaitAttachment attachment = new(item, state);
        item.Silence = new SilenceItem(_core, _core.NextToken(), longest, time) { Owner = attachment };
        try
        {
            _core.Add(item.Silence);
            Enter(item, attachment);
            return attachment;
        }
        catch
        {
            item.Silence.Detach();
            throw;
        }
    }

    private WaitAttachment Add(WaitItem item, object? state)
    {
        WaitAttachment attachment = new(item, state);
        Enter(item, attachment);
        return attachment;
    }

    private void Enter(WaitItem item, WaitAttachment attachment)
    {
        // Set before the item is in the set, because another thread may report it at once.
        item.Owner = attachment;
        _core.Add(item);
    }
}
