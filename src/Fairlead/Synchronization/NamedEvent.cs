using System.Globalization;
using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization;

/// <summary>
/// Something that has happened or not, between the processes of this user, by name or in a <see cref="SharedRegion"/>. One that is reset by
/// somebody (<see cref="EventResetMode.ManualReset"/>) releases all who wait; one that resets itself
/// (<see cref="EventResetMode.AutoReset"/>) releases one for each time it is set, in order of arrival. It belongs to nobody: the death of a
/// process changes nothing of it, and swallows no wake-up.
/// </summary>
/// <remarks>
/// Without anybody who sleeps it costs no system call. Any number of threads may use it. One by name lies in the runtime directory, and
/// lasts until it is removed or the machine restarts.
/// </remarks>
public sealed class NamedEvent : IDisposable
{
    private readonly EventCore _core;

    private NamedEvent(string? name, EventCore core)
    {
        Name = name;
        _core = core;
    }

    /// <summary>As <see cref="Dispose"/>.</summary>
    ~NamedEvent() => _core.Close();

    /// <summary>How many bytes one takes in a region.</summary>
    public static long SizeInRegion => EventLayout.Size;

    /// <summary>Its name; <see langword="null"/> for one that lies in a region.</summary>
    public string? Name { get; }

    /// <summary>Who resets it.</summary>
    public EventResetMode Mode => _core.IsAutomatic ? EventResetMode.AutoReset : EventResetMode.ManualReset;

    /// <summary>Whether it is set, as it was a moment ago.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool IsSet => this.Kept(_core.IsSet());

    /// <summary>Who waits, in the order in which they came, as it was a moment ago; 128 at most.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Waiters => this.Kept(_core.Snapshot()).Waiters;

    /// <summary>Opens the event of a name, or makes it: not set.</summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>. All kinds of locks share their names.</param>
    /// <param name="mode">Who resets it. Whoever makes it settles that.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it exists and is not as asked for, or something else has the name. Corrupt: its file has been cut or overwritten.
    /// Full: no room for the file. AlreadyExists: a file that Fairlead did not make has the name. PermissionDenied: the runtime directory
    /// is not this user's to use.
    /// </exception>
    public static NamedEvent Open(string name, EventResetMode mode = EventResetMode.ManualReset) =>
        new(name, new EventCore(LockPlace.Named(name, EventLayout.Size, RegionContent.Event), IsAutomatic(mode)));

    /// <summary>Opens the event at a place in a region, or makes it: memory that is zero is one that is not set.</summary>
    /// <param name="region">A memory file, a named region, a POSIX segment or a file. May be disposed before the event.</param>
    /// <param name="offset">In bytes from the beginning; a multiple of 64. It takes <see cref="SizeInRegion"/> bytes.</param>
    /// <param name="mode">As for <see cref="Open"/>.</param>
    /// <exception cref="ArgumentException">It does not lie in the region whole, or not at a multiple of 64.</exception>
    /// <exception cref="FairleadException">
    /// Incompatible: it is not as asked for, or of another version. Corrupt: something else lies there. NotSupported: the region is a
    /// System V segment.
    /// </exception>
    public static NamedEvent OpenIn(SharedRegion region, long offset, EventResetMode mode = EventResetMode.ManualReset) =>
        new(null, new EventCore(LockPlace.InRegion(region, offset, EventLayout.Size, "the event"), IsAutomatic(mode)));

    /// <summary>
    /// Takes the name away. Who has the event open keeps it, and whoever opens the name gets another: so when nobody uses it any more.
    /// </summary>
    /// <param name="name">As for <see cref="Open"/>.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="FairleadException">AlreadyExists: what has the name is no lock, and stays.</exception>
    public static bool Remove(string name) => NamedRegion.Remove(name, RegionContent.Event);

    /// <summary>
    /// Sets it: all who wait are released and all who come, until it is reset; or one, who resets it by that. Where it is set already
    /// nothing happens. Does not wait.
    /// </summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public void Set() => Do(static words => words.Set());

    /// <summary>It is not set any more. Those who waited when it was are released, however soon this follows. Does not wait.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public void Reset() => Do(static words => words.Reset());

    /// <summary>Releases all who wait at this moment, and leaves it not set. Does not wait.</summary>
    /// <exception cref="InvalidOperationException">It resets itself.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public void Pulse()
    {
        if (_core.IsAutomatic)
        {
            throw new InvalidOperationException($"{_core.Description} resets itself, and releases one at a time: set it.");
        }

        Do(static words => words.Pulse());
    }

    /// <summary>Waits until it is set. Blocks.</summary>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
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

    /// <summary>Waits until it is set, if that is in time. Blocks.</summary>
    /// <param name="timeout">At most so long; zero: does not wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it was set.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool TryWait(TimeSpan timeout, CancellationToken cancellationToken = default) => WaitLater(timeout, cancellationToken);

    /// <summary>Waits until it is set. Takes no thread.</summary>
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

    /// <summary>Waits until it is set, if that is in time. Takes no thread.</summary>
    /// <inheritdoc cref="TryWait" path="/param|/returns|/exception"/>
    public ValueTask<bool> TryWaitAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        WaitLaterAsync(timeout, cancellationToken);

    /// <summary>Asks whether its file is still what its name means. Costs some system calls. Of one in a region, ask the region.</summary>
    /// <exception cref="FairleadException">Corrupt: it is not, and what.</exception>
    public void Verify() => _core.Verify();

    /// <summary>Lets go of it in this process; who waits through this object does so to the end. The event stays.</summary>
    public void Dispose()
    {
        _core.Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>For people: what it is.</summary>
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
        bool isSet = _core.TryPass(out uint epoch)
            || new EventAttempt(_core, epoch, NativeThread.Id).Wait(Deadline.After(timeout), cancellationToken);

        // One that nobody refers to any more is closed: not while somebody is about to wait.
        GC.KeepAlive(this);
        return isSet;
    }

    private async ValueTask<bool> WaitLaterAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        bool isSet = _core.TryPass(out uint epoch)
            || await new EventAttempt(_core, epoch, thread: 0).WaitAsync(Deadline.After(timeout), cancellationToken).ConfigureAwait(false);
        GC.KeepAlive(this);
        return isSet;
    }

    private FairleadException NotInTime(TimeSpan? timeout) =>
        new(
            ErrorCode.Timeout,
            string.Create(CultureInfo.InvariantCulture, $"{_core.Description} was not set within {timeout?.TotalSeconds ?? 0:0.###} s"));
}
