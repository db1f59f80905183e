using System.Globalization;
using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Native.Waiting;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization;

/// <summary>
/// A number of permits shared by the processes of this user, by name or in a <see cref="SharedRegion"/>. A permit that you <em>enter</em>
/// belongs to the returned scope, and returns automatically when its process dies. A permit that you <em>take</em> has no owner, and
/// returns when any process posts it. So a producer can announce to consumers how many items there are.
/// </summary>
/// <remarks>
/// An uncontended call makes no system call. Waiters are served in order of arrival, whether they enter or take. Any number of threads may
/// use it. A named one is a file in the runtime directory. It lasts until you remove it or the machine restarts.
/// </remarks>
public sealed partial class NamedSemaphore : IDisposable
{
    private readonly SemaphoreCore _core;

    private NamedSemaphore(string? name, SemaphoreCore core)
    {
        Name = name;
        _core = core;
    }

    /// <summary>Same as <see cref="Dispose"/>.</summary>
    ~NamedSemaphore() => _core.Close();

    /// <summary>Its name; <see langword="null"/> if it lies in a region.</summary>
    public string? Name { get; }

    /// <summary>The size in a region, in bytes.</summary>
    /// <param name="maximum">The largest number of permits: 1 to 4,096.</param>
    public static long SizeInRegion(int maximum) => SemaphoreLayout.Size(Checked(maximum));

    /// <summary>Opens a named semaphore, or creates it.</summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>. All kinds of locks share one set of names.</param>
    /// <param name="permits">
    /// The initial number of free permits: 0 to <paramref name="maximum"/>. It must equal the initial number of an existing semaphore,
    /// whatever is free now.
    /// </param>
    /// <param name="maximum">The largest number of permits: 1 to 4,096; null: the initial number. Each takes 16 bytes.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it exists with other settings, or the name belongs to another kind of object. Corrupt: its file has been truncated or
    /// overwritten. Full: not enough space for the file. AlreadyExists: the name belongs to a file that Fairlead did not create.
    /// PermissionDenied: this user may not use the runtime directory.
    /// </exception>
    public static NamedSemaphore Open(string name, int permits, int? maximum = null)
    {
        int most = Checked(permits, maximum);
        return new(
            name, Core(LockPlace.Named(name, SemaphoreLayout.Size(most), RegionContent.Semaphore, SemaphoreLayout.SlotsAt), permits, most));
    }

    /// <summary>Opens the semaphore at an offset in a region, or creates it. Memory that is all zero is a new one.</summary>
    /// <param name="region">A memory file, a named region, a POSIX segment or a file. You may dispose it before the semaphore.</param>
    /// <param name="offset">
    /// The offset in bytes from the start of the region; a multiple of 64. The lock takes <see cref="SizeInRegion"/> bytes.
    /// </param>
    /// <param name="permits">As for <see cref="Open"/>.</param>
    /// <param name="maximum">As for <see cref="Open"/>.</param>
    /// <exception cref="ArgumentException">The offset is not a multiple of 64, or the lock does not fit into the region there.</exception>
    /// <exception cref="FairleadException">
    /// Incompatible: it has other settings, or another version of Fairlead created it. Corrupt: the memory at the offset holds something
    /// else. NotSupported: the region is a System V segment.
    /// </exception>
    public static NamedSemaphore OpenIn(SharedRegion region, long offset, int permits, int? maximum = null)
    {
        int most = Checked(permits, maximum);
        return new(null, Core(LockPlace.InRegion(region, offset, SemaphoreLayout.Size(most), "the semaphore"), permits, most));
    }

    /// <summary>
    /// Removes the name. Processes that have the semaphore open keep it; the next one to open the name creates a new semaphore. Call it
    /// when no process uses the semaphore any more.
    /// </summary>
    /// <param name="name">As for <see cref="Open"/>.</param>
    /// <returns>Whether the name existed.</returns>
    /// <exception cref="FairleadException">AlreadyExists: the name belongs to something that is not a lock. Nothing is removed.</exception>
    public static bool Remove(string name) => NamedRegion.Remove(name, RegionContent.Semaphore);

    /// <summary>
    /// Takes a permit until the scope is disposed or the process ends. Blocks while no permit is free or other callers came first.
    /// </summary>
    /// <param name="timeout">The longest time to wait; null: no limit.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The scope, to be disposed when done.</returns>
    /// <exception cref="FairleadException">Timeout: no permit was free in time.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public SemaphoreScope Enter(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        TryGet(false, timeout, cancellationToken, out SlotStay stay) ? new SemaphoreScope(stay) : throw NotInTime(timeout);

    /// <summary>Tries to enter within a time. Blocks.</summary>
    /// <param name="timeout">The longest time to wait; zero: do not wait.</param>
    /// <param name="scope">The scope, to be disposed when done.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>Whether the call entered.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool TryEnter(TimeSpan timeout, out SemaphoreScope scope, CancellationToken cancellationToken = default)
    {
        bool isEntered = TryGet(false, timeout, cancellationToken, out SlotStay stay);
        scope = new SemaphoreScope(stay);
        return isEntered;
    }

    /// <summary>Enters. Waiting takes no thread.</summary>
    /// <param name="timeout">The longest time to wait; null: no limit.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <inheritdoc cref="Enter" path="/returns|/exception"/>
    public async ValueTask<SemaphoreScope> EnterAsync(TimeSpan? timeout, CancellationToken cancellationToken = default)
    {
        (bool isEntered, SlotStay stay) = await TryGetAsync(false, timeout, cancellationToken).ConfigureAwait(false);
        return isEntered ? new SemaphoreScope(stay) : throw NotInTime(timeout);
    }

    /// <inheritdoc cref="EnterAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask<SemaphoreScope> EnterAsync(CancellationToken cancellationToken = default) => EnterAsync(null, cancellationToken);

    /// <summary>Tries to enter within a time. Waiting takes no thread.</summary>
    /// <param name="timeout">The longest time to wait; zero: do not wait.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The scope, to be disposed when done; <see langword="null"/> if the time ran out.</returns>
    /// <inheritdoc cref="TryEnter" path="/exception"/>
    public async ValueTask<SemaphoreScope?> TryEnterAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        (bool isEntered, SlotStay stay) = await TryGetAsync(false, timeout, cancellationToken).ConfigureAwait(false);
        return isEntered ? new SemaphoreScope(stay) : null;
    }

    /// <summary>
    /// Removes a permit; it has no owner until a process posts one. Blocks while no permit is free or other callers came first.
    /// </summary>
    /// <inheritdoc cref="Enter" path="/param|/exception"/>
    public void Take(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        if (!TryGet(true, timeout, cancellationToken, out _))
        {
            throw NotInTime(timeout);
        }
    }

    /// <summary>Tries to remove a permit within a time. Blocks.</summary>
    /// <param name="timeout">The longest time to wait; zero: do not wait.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>Whether the call got the permit.</returns>
    /// <inheritdoc cref="TryEnter" path="/exception"/>
    public bool TryTake(TimeSpan timeout, CancellationToken cancellationToken = default) => TryGet(true, timeout, cancellationToken, out _);

    /// <summary>Removes a permit. Waiting takes no thread.</summary>
    /// <inheritdoc cref="EnterAsync(TimeSpan?, CancellationToken)" path="/param|/exception"/>
    public async ValueTask TakeAsync(TimeSpan? timeout, CancellationToken cancellationToken = default)
    {
        if (!(await TryGetAsync(true, timeout, cancellationToken).ConfigureAwait(false)).HasPermit)
        {
            throw NotInTime(timeout);
        }
    }

    /// <inheritdoc cref="TakeAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask TakeAsync(CancellationToken cancellationToken = default) => TakeAsync(null, cancellationToken);

    /// <summary>Tries to remove a permit within a time. Waiting takes no thread.</summary>
    /// <inheritdoc cref="TryTake" path="/param|/returns|/exception"/>
    public async ValueTask<bool> TryTakeAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        (await TryGetAsync(true, timeout, cancellationToken).ConfigureAwait(false)).HasPermit;

    /// <summary>
    /// Frees permits that were taken, or that have not existed yet. Does not wait. If the process is killed during the call, it has posted
    /// all, some or none of them.
    /// </summary>
    /// <param name="permits">How many permits to free.</param>
    /// <exception cref="InvalidOperationException">
    /// There would be more than <see cref="Maximum"/> permits, entered ones included. Nothing is changed. If concurrent posts exceed the
    /// maximum together, each of them may fail.
    /// </exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public void Post(int permits = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(permits, 1);
        bool isPosted = permits <= Maximum && _core.TryPost(permits);
        GC.KeepAlive(this);
        if (!isPosted)
        {
            throw new InvalidOperationException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{_core.Description} has {Maximum} permits at most, and cannot take {permits} more. Post only what was taken, "
                        + $"or create it with a greater maximum."));
        }
    }

    /// <summary>
    /// Checks that its file is still the one that the name refers to. Takes a few system calls. For a lock in a region, verify the region.
    /// </summary>
    /// <exception cref="FairleadException">Corrupt: it is not; the message says what is wrong.</exception>
    public void Verify() => _core.Verify();

    /// <summary>
    /// Closes the semaphore in this process. Scopes and waits that began through this object run to their end. The semaphore itself stays.
    /// </summary>
    public void Dispose()
    {
        _core.Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>Returns a description for people.</summary>
    public override string ToString() => _core.Description;

    private static SemaphoreCore Core(LockPlace place, int permits, int maximum) => new(place, permits, maximum);

    private static int Checked(int maximum)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximum, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maximum, SemaphoreLayout.MostPermits);
        return maximum;
    }

    private static int Checked(int permits, int? maximum)
    {
        int most = Checked(maximum ?? permits);
        ArgumentOutOfRangeException.ThrowIfNegative(permits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(permits, most);
        return most;
    }

    private bool TryGet(bool isTaken, TimeSpan? timeout, CancellationToken cancellationToken, out SlotStay stay)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline.Check(timeout);
        int thread = NativeThread.Id;
        bool isGot = _core.TryGetIdle(isTaken, thread, out stay);
        if (!isGot)
        {
            SemaphoreAttempt attempt = new(_core, isTaken, thread);
            isGot = attempt.Wait(Deadline.After(timeout), cancellationToken);
            stay = attempt.Stay;
        }

        // The finalizer closes an unreachable object; it must not run while a call is about to enter.
        GC.KeepAlive(this);
        return isGot;
    }

    private async ValueTask<(bool HasPermit, SlotStay Stay)> TryGetAsync(
        bool isTaken, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline.Check(timeout);
        bool isGot = _core.TryGetIdle(isTaken, thread: 0, out SlotStay stay);
        if (!isGot)
        {
            SemaphoreAttempt attempt = new(_core, isTaken, thread: 0);
            isGot = await attempt.WaitAsync(Deadline.After(timeout), cancellationToken).ConfigureAwait(false);
            stay = attempt.Stay;
        }

        GC.KeepAlive(this);
        return (isGot, stay);
    }

    private FairleadException NotInTime(TimeSpan? timeout)
    {
        LockSnapshot snapshot = _core.Snapshot();
        IReadOnlyList<LockHolder> holders = snapshot.Holders;
        string time = string.Create(CultureInfo.InvariantCulture, $"{timeout?.TotalSeconds ?? 0:0.###} s");
        string who = holders.Count == 0
            ? "no process has entered it"
            : string.Create(CultureInfo.InvariantCulture, $"{holders.Count} of {Maximum} permits are held, one of them by {holders[0]}");
        return snapshot.NotInTime($"{_core.Description} had no free permit within {time}: {who}", snapshot.Holder);
    }
}
