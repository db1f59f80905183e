using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Native.Waiting;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization;

/// <summary>
/// A mutex between the processes of this user, by name or in a <see cref="SharedRegion"/>. Each entry belongs to the returned scope, not to
/// a thread, and may cross an <c>await</c>. When a process dies inside, the next caller enters immediately and sees
/// <see cref="MutexScope.OwnerDied"/>.
/// </summary>
/// <remarks>
/// A robust mutex like the one of POSIX (<c>PTHREAD_MUTEX_ROBUST</c>), with a wait queue after the queue lock of Craig, Landin and
/// Hagersten. An uncontended entry makes no system call. A sleeping waiter is never overtaken. While the first waiter still spins, for some
/// microseconds, other callers may enter before it, at most once for each of 1,000 polls. Any number of threads may use it. A named one is
/// a file in the runtime directory. It lasts until you remove it or the machine restarts.
/// </remarks>
public sealed partial class NamedMutex : IDisposable
{
    private readonly MutexCore _core;

    private NamedMutex(string? name, MutexCore core)
    {
        Name = name;
        _core = core;
    }

    /// <summary>Same as <see cref="Dispose"/>.</summary>
    ~NamedMutex() => _core.Close();

    /// <summary>The size in a region, in bytes.</summary>
    public static long SizeInRegion => MutexLayout.Size;

    /// <summary>The core of the mutex, for the conditions that belong to it.</summary>
    internal MutexCore Core => _core;

    /// <summary>Its name; <see langword="null"/> if it lies in a region.</summary>
    public string? Name { get; }

    /// <summary>The number of entries of all processes since the mutex was created.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public long Entries => (long)this.Kept(_core.Entries);

    /// <summary>Opens a named mutex, or creates it.</summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>. All kinds of locks share one set of names.</param>
    /// <param name="options">The settings.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it exists with other settings, or the name belongs to another kind of object. Corrupt: its file has been truncated or
    /// overwritten. Full: not enough space for the file. AlreadyExists: the name belongs to a file that Fairlead did not create.
    /// PermissionDenied: this user may not use the runtime directory.
    /// </exception>
    public static NamedMutex Open(string name, NamedMutexOptions? options = null) =>
        new(name, NewCore(LockPlace.Named(name, MutexLayout.Size, RegionContent.Mutex), options));

    /// <summary>Opens the mutex at an offset in a region, or creates it. Memory that is all zero is a free lock.</summary>
    /// <param name="region">A memory file, a named region, a POSIX segment or a file. You may dispose it before the mutex.</param>
    /// <param name="offset">
    /// The offset in bytes from the start of the region; a multiple of 64. The lock takes <see cref="SizeInRegion"/> bytes.
    /// </param>
    /// <param name="options">The settings.</param>
    /// <exception cref="ArgumentException">The offset is not a multiple of 64, or the lock does not fit into the region there.</exception>
    /// <exception cref="FairleadException">
    /// Incompatible: it has other settings, or another version of Fairlead created it. Corrupt: the memory at the offset holds something
    /// else. NotSupported: the region is a System V segment.
    /// </exception>
    public static NamedMutex OpenIn(SharedRegion region, long offset, NamedMutexOptions? options = null) =>
        new(null, NewCore(LockPlace.InRegion(region, offset, MutexLayout.Size, "the mutex"), options));

    /// <summary>
    /// Removes the name. Processes that have the mutex open keep it; the next one to open the name creates a new mutex. Call it when no
    /// process uses the mutex any more.
    /// </summary>
    /// <param name="name">As for <see cref="Open"/>.</param>
    /// <returns>Whether the name existed.</returns>
    /// <exception cref="FairleadException">AlreadyExists: the name belongs to something that is not a lock. Nothing is removed.</exception>
    public static bool Remove(string name) => NamedRegion.Remove(name, RegionContent.Mutex);

    /// <summary>Enters the mutex. Blocks while another caller is inside or came first.</summary>
    /// <param name="timeout">The longest time to wait; null: no limit.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The scope, to be disposed when done.</returns>
    /// <exception cref="FairleadException">
    /// Timeout: the message and <see cref="FairleadException.Peer"/> name the owner. Deadlock: only with
    /// <see cref="NamedMutexOptions.DetectDeadlock"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public MutexScope Enter(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        int thread = NativeThread.Id;
        bool isEntered = _core.TryEnterIdle(thread, out Stay stay) || EnterLater(thread, timeout, cancellationToken, out stay);

        // The finalizer closes an unreachable object; it must not run while a call is about to enter.
        GC.KeepAlive(this);
        return isEntered ? new MutexScope(stay) : throw NotInTime(timeout);
    }

    /// <summary>Tries to enter within a time. Blocks.</summary>
    /// <param name="timeout">The longest time to wait; zero: do not wait.</param>
    /// <param name="scope">The scope, to be disposed when done.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>Whether the call entered.</returns>
    /// <exception cref="FairleadException">Deadlock: only with <see cref="NamedMutexOptions.DetectDeadlock"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool TryEnter(TimeSpan timeout, out MutexScope scope, CancellationToken cancellationToken = default)
    {
        int thread = NativeThread.Id;
        bool isEntered = _core.TryEnterIdle(thread, out Stay stay) || EnterLater(thread, timeout, cancellationToken, out stay);
        GC.KeepAlive(this);
        scope = new MutexScope(stay);
        return isEntered;
    }

    /// <summary>Enters. Waiting takes no thread.</summary>
    /// <param name="timeout">The longest time to wait; null: no limit.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <inheritdoc cref="Enter" path="/returns|/exception"/>
    public async ValueTask<MutexScope> EnterAsync(TimeSpan? timeout, CancellationToken cancellationToken = default) =>
        await EnterLaterAsync(timeout, cancellationToken).ConfigureAwait(false) is { } stay
            ? new MutexScope(stay)
            : throw NotInTime(timeout);

    /// <inheritdoc cref="EnterAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask<MutexScope> EnterAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<MutexScope>(cancellationToken);
        }

        bool isEntered = _core.TryEnterIdle(thread: 0, out Stay stay);
        GC.KeepAlive(this);
        return isEntered ? new(new MutexScope(stay)) : EnterAsync(null, cancellationToken);
    }

    /// <summary>Tries to enter within a time. Waiting takes no thread.</summary>
    /// <param name="timeout">The longest time to wait; zero: do not wait.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The scope, to be disposed when done; <see langword="null"/> if the time ran out.</returns>
    /// <inheritdoc cref="TryEnter" path="/exception"/>
    public async ValueTask<MutexScope?> TryEnterAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        await EnterLaterAsync(timeout, cancellationToken).ConfigureAwait(false) is { } stay ? new MutexScope(stay) : null;

    /// <summary>
    /// Checks that its file is still the one that the name refers to. Takes a few system calls. For a lock in a region, verify the region.
    /// </summary>
    /// <exception cref="FairleadException">Corrupt: it is not; the message says what is wrong.</exception>
    public void Verify() => _core.Verify();

    /// <summary>
    /// Closes the mutex in this process. Scopes and waits that began through this object run to their end. The mutex itself stays.
    /// </summary>
    public void Dispose()
    {
        _core.Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>Returns a description for people.</summary>
    public override string ToString() => _core.Description;

    private static MutexCore NewCore(LockPlace place, NamedMutexOptions? options) =>
        new(place, options?.Recursive == true ? MutexCore.RecursiveOption : 0) { DetectsDeadlock = options?.DetectDeadlock == true };

    private bool EnterLater(int thread, TimeSpan? timeout, CancellationToken cancellationToken, out Stay stay)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout);
        if (_core.TryEnterAgain(thread, out stay))
        {
            return true;
        }

        EnterAttempt attempt = new(_core, thread);
        bool isEntered = attempt.Wait(deadline, cancellationToken);
        stay = attempt.Stay;
        return isEntered;
    }

    private async ValueTask<Stay?> EnterLaterAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_core.TryEnterIdle(thread: 0, out Stay stay))
        {
            return stay;
        }

        Deadline deadline = Deadline.After(timeout);
        EnterAttempt attempt = new(_core, thread: 0);
        bool isEntered = await attempt.WaitAsync(deadline, cancellationToken).ConfigureAwait(false);
        GC.KeepAlive(this);
        return isEntered ? attempt.Stay : null;
    }

    private FairleadException NotInTime(TimeSpan? timeout)
    {
        LockSnapshot snapshot = _core.Snapshot();
        LockHolder? holder = snapshot.Holder;
        string time = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{timeout?.TotalSeconds ?? 0:0.###} s");
        return snapshot.NotInTime(
            holder is null
                ? $"{_core.Description} could not be entered within {time}"
                : $"{_core.Description} is held by {holder}, and could not be entered within {time}",
            holder);
    }
}
