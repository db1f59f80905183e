using System.Runtime.InteropServices;
using Fairlead.Patterns.Waiting;

namespace Fairlead;

/// <summary>
/// One thread waits for many things at once: messages at several endpoints, descriptors, signals, timers. It sleeps in the kernel, and does
/// itself what its endpoints need: whoever blocks in <see cref="Wait"/> is the thread that the kernel wakes.
/// </summary>
/// <remarks>
/// <para>
/// Endpoints and descriptors are reported as long as they are ready (level-triggered): take what is there, all or a part. Signals and
/// timers are reported once, with their count.
/// </para>
/// <para>One thread at a time waits; any may attach, detach, wake and dispose meanwhile. Nothing is allocated by a wait.</para>
/// <para>The idea is that of <c>epoll</c>, <c>zmq_poll</c> and the wait sets of DDS and iceoryx.</para>
/// </remarks>
public sealed class WaitSet : IDisposable
{
    private readonly WaitCore _core;
    private WaitEvent[] _events = new WaitEvent[16];

    /// <summary>An empty set.</summary>
    public WaitSet() => _core = new WaitCore(this);

    /// <summary>How many things are in the set.</summary>
    public int Count => _core.Count;

    /// <summary>
    /// Waits for an endpoint: until there is a message, a request or an event to take, or its peer is gone. Take it without waiting, with
    /// <c>TryReceive</c> or a zero time-out.
    /// </summary>
    /// <param name="endpoint">Stays the caller's. Closing it is reported, and takes it out of the set.</param>
    /// <param name="interest">
    /// <see cref="Readiness.Readable"/>, or with it <see cref="Readiness.Writable"/>: its one peer has room for a message. Ends are always
    /// reported.
    /// </param>
    /// <param name="state">Comes back in <see cref="WaitEvent.State"/>.</param>
    /// <exception cref="InvalidOperationException">It is in this set already.</exception>
    /// <exception cref="ObjectDisposedException">The endpoint or the set was closed.</exception>
    public WaitAttachment Attach(MessagingEndpoint endpoint, Readiness interest = Readiness.Readable, object? state = null)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return Add(
            new EndpointItem(_core, _core.NextToken(), endpoint, endpoint.Core, Checked(interest).HasFlag(Readiness.Writable)), state);
    }

    /// <summary>Waits for a descriptor: a socket, a pipe, a terminal, a pidfd, an eventfd.</summary>
    /// <param name="handle">
    /// Stays the caller's. Detach it before it is closed; closed before, it is not reported any more. A bare number: <c>new
    /// SafeFileHandle(0, ownsHandle: false)</c>.
    /// </param>
    /// <param name="interest">For reading, for writing, or for both.</param>
    /// <param name="state">Comes back in <see cref="WaitEvent.State"/>.</param>
    /// <exception cref="FairleadException">
    /// NotSupported: it cannot be waited for; regular files are always ready. AlreadyExists: this descriptor is in the set already.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The handle or the set was closed.</exception>
    public WaitAttachment Attach(SafeHandle handle, Readiness interest = Readiness.Readable, object? state = null)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return Add(new DescriptorItem(_core, _core.NextToken(), handle, Checked(interest)), state);
    }

    /// <summary>Waits for a signal. While it is attached the signal does nothing else: SIGTERM and SIGINT do not end the process.</summary>
    /// <param name="signal">A member of <see cref="PosixSignal"/>, or a number of the system in its place: <c>(PosixSignal)10</c>.</param>
    /// <param name="state">Comes back in <see cref="WaitEvent.State"/>.</param>
    /// <exception cref="FairleadException">NotSupported: there is no such signal, or no process may handle it.</exception>
    public WaitAttachment Attach(PosixSignal signal, object? state = null) => Add(new SignalItem(_core, _core.NextToken(), signal), state);

    /// <summary>Waits for a moment. It leaves the set when it has been reported.</summary>
    /// <param name="due">How far from now.</param>
    /// <param name="state">Comes back in <see cref="WaitEvent.State"/>.</param>
    /// <param name="time">The clock; default the system's.</param>
    public WaitAttachment AttachTimer(TimeSpan due, object? state = null, TimeProvider? time = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(due, TimeSpan.Zero);
        return Add(new TimerItem(_core, _core.NextToken(), due, null, time ?? TimeProvider.System), state);
    }

    /// <summary>
    /// Waits for a beat, the first time one period from now. Beats that were missed are counted, and do not shift the next.
    /// </summary>
    /// <param name="period">From one to the next.</param>
    /// <param name="state">Comes back in <see cref="WaitEvent.State"/>.</param>
    /// <param name="time">The clock; default the system's.</param>
    public WaitAttachment AttachInterval(TimeSpan period, object? state = null, TimeProvider? time = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(period, TimeSpan.Zero);
        return Add(new TimerItem(_core, _core.NextToken(), period, period, time ?? TimeProvider.System), state);
    }

    /// <summary>Waits until something is ready, and says all that is. Blocks.</summary>
    /// <param name="timeout">At most so long; null: for ever; zero only looks.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What is ready, in memory that the next wait uses again. Empty when the time has passed, or the set was woken.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="InvalidOperationException">Another thread waits in this set.</exception>
    /// <exception cref="ObjectDisposedException">The set was disposed, before or meanwhile.</exception>
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

    /// <summary>
    /// Makes the wait of another thread end with nothing; if nobody waits, the next one. Any number of calls before that are one.
    /// </summary>
    public void Wake() => _core.Wake();

    /// <summary>
    /// Takes everything out, and ends the wait of another thread with <see cref="ObjectDisposedException"/>. What was attached is not
    /// closed.
    /// </summary>
    public void Dispose() => _core.Dispose();

    private static Readiness Checked(Readiness interest) =>
        (interest & ~(Readiness.Readable | Readiness.Writable)) == 0 && interest != Readiness.None
            ? interest
            : throw new ArgumentOutOfRangeException(
                nameof(interest), interest, "One waits for Readable, Writable, or both; ends are always reported.");

    private WaitAttachment Add(WaitItem item, object? state)
    {
        // Known before it is in the set: another thread may report it at once.
        WaitAttachment attachment = new(item, state);
        item.Owner = attachment;
        _core.Add(item);
        return attachment;
    }
}
