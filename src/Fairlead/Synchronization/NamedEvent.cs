using System.Globalization;
using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Native.Waiting;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization;

/// <summary>
/// An event between the processes of this user, by name or in a <see cref="SharedRegion"/>. A manual event
/// (<see cref="EventResetMode.ManualReset"/>) stays set until a caller resets it, and releases all waiters. An automatic event
/// (<see cref="EventResetMode.AutoReset"/>) releases one waiter each time it is set, in order of arrival. An event has no owner: the death
/// of a process changes nothing and loses no wake-up.
/// </summary>
/// <remarks>
/// While no waiter sleeps, it makes no system call. Any number of threads may use it. A named one is a file in the runtime directory. It
/// lasts until you remove it or the machine restarts.
/// </remarks>
public sealed class NamedEvent : IDisposable
{
    private readonly EventCore _core;

    private NamedEvent(string? name, EventCore core)
    {
        Name = name;
        _core = core;
    }

    /// <summary>Same as <see cref="Dispose"/>.</summary>
    ~NamedEvent() => _core.Close();

    /// <summary>The size in a region, in bytes.</summary>
    public static long SizeInRegion => EventLayout.Size;

    /// <summary>Its name; <see langword="null"/> if it lies in a region.</summary>
    public string? Name { get; }

    /// <summary>Whether waiters or callers reset the event.</summary>
    public EventResetMode Mode => _core.IsAutomatic ? EventResetMode.AutoReset : EventResetMode.ManualReset;

    /// <summary>A snapshot of whether the event is set.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool IsSet => this.Kept(_core.IsSet());

    /// <summary>A snapshot of the waiters, in order of arrival; 128 at most.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Waiters => this.Kept(_core.Snapshot()).Waiters;

    /// <summary>Opens a named event, or creates it, not set.</summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>. All kinds of locks share one set of names.</param>
    /// <param name="mode">Whether waiters or callers reset it. The process that creates the event decides.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it exists with other settings, or the name belongs to another kind of object. Corrupt: its file has been truncated or
    /// overwritten. Full: not enough space for the file. AlreadyExists: the name belongs to a file that Fairlead did not create.
    /// PermissionDenied: this user may not use the runtime directory.
    /// </exception>
    public static NamedEvent Open(string name, EventResetMode mode = EventResetMode.ManualReset) =>
        new(name, new EventCore(LockPlace.Named(name, EventLayout.Size, RegionContent.Event), IsAutomatic(mode)));

    /// <summary>Opens the event at an offset in a region, or creates it. Memory that is all zero is an event that is not set.</summary>
    /// <param name="region">A memory file, a named region, a POSIX segment or a file. You may dispose it before the event.</param>
    /// <param name="offset">
    /// The offset in bytes from the start of the region; a multiple of 64. The lock takes <see cref="SizeInRegion"/> bytes.
    /// </param>
    /// <param name="mode">As for <see cref="Open"/>.</param>
    /// <exception cref="ArgumentException">The offset is not a multiple of 64, or the lock does not fit into the region there.</exception>
    /// <exception cref="FairleadException">
    /// Incompatible: it has other settings, or another version of Fairlead created it. Corrupt: the memory at the offset holds something
    /// else. NotSupported: the region is a System V segment.
    /// </exception>
    public static NamedEvent OpenIn(SharedRegion region, long offset, EventResetMode mode = EventResetMode.ManualReset) =>
        new(null, new EventCore(LockPlace.InRegion(region, offset, EventLayout.Size, "the event"), IsAutomatic(mode)));

    /// <summary>
    /// Removes the name. Processes that have the event open keep it; the next one to open the name creates a new event. Call it when no
    /// process uses the event any more.
    /// </summary>
    /// <param name="name">As for <see cref="Open"/>.</param>
    /// <returns>Whether the name existed.</returns>
    /// <exception cref="FairleadException">AlreadyExists: the name belongs to something that is not a lock. Nothing is removed.</exception>
    public static bool Remove(string name) => NamedRegion.Remove(name, RegionContent.Event);

    /// <summary>
    /// Sets the event. A manual event releases all waiters and lets callers pass until it is reset. An automatic event releases one waiter,
    /// which resets it. If it is set already, nothing happens. Does not wait.
    /// </summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public void Set() => Do(static words => words.Set());

    /// <summary>Resets the event. Waiters of an event that was set are released, however soon the reset follows. Does not wait.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public void Reset() => Do(static words => words.Reset());

    /// <summary>Releases all present waiters, and leaves the event not set. Does not wait.</summary>
    /// <exception cref="InvalidOperationException">It resets itself.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public void Pulse()
    {
        if (_core.IsAutomatic)
        {
            throw new InvalidOperationException($"{_core.Description} is automatic and releases one waiter at a time: call Set instead.");
        }

        Do(static words => words.Pulse());
    }

    /// <summary>Blocks until the event is set.</summary>
    /// <param name="timeout">The longest time to wait; null: no limit.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="FairleadException">Timeout: it was not set in time.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public void Wait(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        if (!WaitLater(timeout, cancellationToken))
        {
            throw NotInTime(timeout);
        }
    }

    /// <summary>Blocks until the event is set or the time runs out.</summary>
    /// <param name="timeout">The longest time to wait; zero: do not wait.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>Whether the event was set.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool TryWait(TimeSpan timeout, CancellationToken cancellationToken = default) => WaitLater(timeout, cancellationToken);

    /// <summary>Waits until the event is set. Takes no thread.</summary>
    /// <inheritdoc cref="Wait" path="/param|/exception"/>
    public async ValueTask WaitAsync(TimeSpan? timeout, CancellationToken cancellationToken = default)
    {
        if (!await WaitLaterAsync(timeout, cancellationToken).ConfigureAwait(false))
        {
            throw NotInTime(timeout);
        }
    }

    /// <inheritdoc cref="WaitAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask WaitAsync(CancellationToken cancellationToken = default) => WaitAsync(null, cancellationToken);

    /// <summary>Waits until the event is set or the time runs out. Takes no thread.</summary>
    /// <inheritdoc cref="TryWait" path="/param|/returns|/exception"/>
    public ValueTask<bool> TryWaitAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        WaitLaterAsync(timeout, cancellationToken);

    /// <summary>
    /// Checks that its file is still the one that the name refers to. Takes a few system calls. For a lock in a region, verify the region.
    /// </summary>
    /// <exception cref="FairleadException">Corrupt: it is not; the message says what is wrong.</exception>
    public void Verify() => _core.Verify();

    /// <summary>Closes the event in this process. Waits that began through this object run to their end. The event itself stays.</summary>
    public void Dispose()
    {
        _core.Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>Returns a description for people.</summary>
    public override string ToString() => _core.Description;

    private static bool IsAutomatic(EventResetMode mode) => mode switch
    {
        EventResetMode.AutoReset => true,
        EventResetMode.ManualReset => false,
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, null),
    };

    private void Do(Action<EventWords> step)
    {
        _core.Do(step);
        GC.KeepAlive(this);
    }

    private bool WaitLater(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout);
        bool isSet = _core.TryPass(out uint epoch)
            || new EventAttempt(_core, epoch, NativeThread.Id).Wait(deadline, cancellationToken);

        // The finalizer closes an unreachable object; it must not run while a call is about to wait.
        GC.KeepAlive(this);
        return isSet;
    }

    private async ValueTask<bool> WaitLaterAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout);
        bool isSet = _core.TryPass(out uint epoch)
            || await new EventAttempt(_core, epoch, thread: 0).WaitAsync(deadline, cancellationToken).ConfigureAwait(false);
        GC.KeepAlive(this);
        return isSet;
    }

    private FairleadException NotInTime(TimeSpan? timeout) =>
        new(
            ErrorCode.Timeout,
            string.Create(CultureInfo.InvariantCulture, $"{_core.Description} was not set within {timeout?.TotalSeconds ?? 0:0.###} s"));
}
