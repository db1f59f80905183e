using System.Globalization;
using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization;

/// <summary>
/// A number of permits between the processes of this user, by name or in a <see cref="SharedRegion"/>. A permit that is <em>entered</em>
/// belongs to the scope that is returned, and comes back by itself when its process dies, in whatever way. A permit that is <em>taken</em>
/// belongs to nobody, and comes back when somebody, in any process, posts it: so a producer tells consumers how much there is.
/// </summary>
/// <remarks>
/// Free and with nobody waiting it costs no system call. Who waits is served in order of arrival, whether he enters or takes. Any number of
/// threads may use it. One by name lies in the runtime directory, and lasts until it is removed or the machine restarts.
/// </remarks>
public sealed partial class NamedSemaphore : IDisposable
{
    private readonly SemaphoreCore _core;

    private NamedSemaphore(string? name, SemaphoreCore core)
    {
        Name = name;
        _core = core;
    }

    /// <summary>As <see cref="Dispose"/>.</summary>
    ~NamedSemaphore() => _core.Close();

    /// <summary>Its name; <see langword="null"/> for one that lies in a region.</summary>
    public string? Name { get; }

    /// <summary>How many bytes one takes in a region.</summary>
    /// <param name="maximum">How many permits there can be: 1 to 4,096.</param>
    public static long SizeInRegion(int maximum) => SemaphoreLayout.Size(Checked(maximum));

    /// <summary>Opens the semaphore of a name, or makes it.</summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>. All kinds of locks share their names.</param>
    /// <param name="permits">How many are free in the beginning: 0 to <paramref name="maximum"/>. Of one that is there it must be the same
    /// number, which says nothing of how many are free now.</param>
    /// <param name="maximum">How many there can be: 1 to 4,096; null: as many as in the beginning. Each takes 16 bytes.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it exists and is not as asked for, or something else has the name. Corrupt: its file has been cut or overwritten.
    /// Full: no room for the file. AlreadyExists: a file that Fairlead did not make has the name. PermissionDenied: the runtime directory
    /// is not this user's to use.
    /// </exception>
    public static NamedSemaphore Open(string name, int permits, int? maximum = null)
    {
        int most = Checked(permits, maximum);
        return new(
            name, Core(LockPlace.Named(name, SemaphoreLayout.Size(most), RegionContent.Semaphore, SemaphoreLayout.SeatsAt), permits, most));
    }

    /// <summary>Opens the semaphore at a place in a region, or makes it: memory that is zero is one that nobody has used.</summary>
    /// <param name="region">A memory file, a named region, a POSIX segment or a file. May be disposed before the semaphore.</param>
    /// <param name="offset">In bytes from the beginning; a multiple of 64. It takes <see cref="SizeInRegion"/> bytes.</param>
    /// <param name="permits">As for <see cref="Open"/>.</param>
    /// <param name="maximum">As for <see cref="Open"/>.</param>
    /// <exception cref="ArgumentException">It does not lie in the region whole, or not at a multiple of 64.</exception>
    /// <exception cref="FairleadException">
    /// Incompatible: it is not as asked for, or of another version. Corrupt: something else lies there. NotSupported: the region is a
    /// System V segment.
    /// </exception>
    public static NamedSemaphore OpenIn(SharedRegion region, long offset, int permits, int? maximum = null)
    {
        int most = Checked(permits, maximum);
        return new(null, Core(LockPlace.InRegion(region, offset, SemaphoreLayout.Size(most), "the semaphore"), permits, most));
    }

    /// <summary>
    /// Takes the name away. Who has the semaphore open keeps it, and whoever opens the name gets another: so when nobody uses it any more.
    /// </summary>
    /// <param name="name">As for <see cref="Open"/>.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="FairleadException">AlreadyExists: what has the name is no lock, and stays.</exception>
    public static bool Remove(string name) => NamedRegion.Remove(name, RegionContent.Semaphore);

    /// <summary>
    /// Enters: has a permit until the scope is disposed, or the process ends. Blocks for as long as none is free, or others were there
    /// first.
    /// </summary>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>To be disposed when done.</returns>
    /// <exception cref="FairleadException">Timeout: no permit was free in time.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public SemaphoreScope Enter(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        TryGet(false, timeout, cancellationToken, out SeatStay stay) ? new SemaphoreScope(stay) : throw NotInTime(timeout);

    /// <summary>Enters if that is possible in time. Blocks.</summary>
    /// <param name="timeout">At most so long; zero: does not wait.</param>
    /// <param name="scope">To be disposed when done.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it was entered.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool TryEnter(TimeSpan timeout, out SemaphoreScope scope, CancellationToken cancellationToken = default)
    {
        bool isEntered = TryGet(false, timeout, cancellationToken, out SeatStay stay);
        scope = new SemaphoreScope(stay);
        return isEntered;
    }

    /// <summary>Enters. Waiting takes no thread.</summary>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="Enter" path="/returns|/exception"/>
    public async ValueTask<SemaphoreScope> EnterAsync(TimeSpan? timeout, CancellationToken cancellationToken = default)
    {
        (bool isEntered, SeatStay stay) = await TryGetAsync(false, timeout, cancellationToken).ConfigureAwait(false);
        return isEntered ? new SemaphoreScope(stay) : throw NotInTime(timeout);
    }

    /// <inheritdoc cref="EnterAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask<SemaphoreScope> EnterAsync(CancellationToken cancellationToken = default) => EnterAsync(null, cancellationToken);

    /// <summary>Enters if that is possible in time. Waiting takes no thread.</summary>
    /// <param name="timeout">At most so long; zero: does not wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>To be disposed when done; <see langword="null"/>: not in time.</returns>
    /// <inheritdoc cref="TryEnter" path="/exception"/>
    public async ValueTask<SemaphoreScope?> TryEnterAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        (bool isEntered, SeatStay stay) = await TryGetAsync(false, timeout, cancellationToken).ConfigureAwait(false);
        return isEntered ? new SemaphoreScope(stay) : null;
    }

    /// <summary>
    /// Takes a permit away: it is nobody's from now on, until somebody posts one. Blocks for as long as none is free, or others were there
    /// first.
    /// </summary>
    /// <inheritdoc cref="Enter" path="/param|/exception"/>
    public void Take(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        if (!TryGet(true, timeout, cancellationToken, out _))
        {
            throw NotInTime(timeout);
        }
    }

    /// <summary>Takes a permit away if that is possible in time. Blocks.</summary>
    /// <param name="timeout">At most so long; zero: does not wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it was taken.</returns>
    /// <inheritdoc cref="TryEnter" path="/exception"/>
    public bool TryTake(TimeSpan timeout, CancellationToken cancellationToken = default) => TryGet(true, timeout, cancellationToken, out _);

    /// <summary>Takes a permit away. Waiting takes no thread.</summary>
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

    /// <summary>Takes a permit away if that is possible in time. Waiting takes no thread.</summary>
    /// <inheritdoc cref="TryTake" path="/param|/returns|/exception"/>
    public async ValueTask<bool> TryTakeAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        (await TryGetAsync(true, timeout, cancellationToken).ConfigureAwait(false)).HasPermit;

    /// <summary>
    /// Makes permits free that have been taken, or that there have not been yet. Does not wait. Whoever is killed meanwhile has posted all,
    /// some or none of them.
    /// </summary>
    /// <param name="permits">How many.</param>
    /// <exception cref="InvalidOperationException">
    /// There would be more than <see cref="Maximum"/>, those that are entered included: nothing is changed. Of posts at the same time that
    /// are too many together each may fail.
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
                    $"{_core.Description} has {Maximum} permits at most: {permits} more would be too many. Post what has been taken, "
                        + $"or make it with a greater maximum."));
        }
    }

    /// <summary>Asks whether its file is still what its name means. Costs some system calls. Of one in a region, ask the region.</summary>
    /// <exception cref="FairleadException">Corrupt: it is not, and what.</exception>
    public void Verify() => _core.Verify();

    /// <summary>
    /// Lets go of it in this process; who is inside, or waits, through this object does so to the end. The semaphore stays.
    /// </summary>
    public void Dispose()
    {
        _core.Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>For people: what it is.</summary>
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

    private bool TryGet(bool isTaken, TimeSpan? timeout, CancellationToken cancellationToken, out SeatStay stay)
    {
        cancellationToken.ThrowIfCancellationRequested();
        int thread = NativeThread.Id;
        bool isGot = _core.TryGetIdle(isTaken, thread, out stay);
        if (!isGot)
        {
            SemaphoreAttempt attempt = new(_core, isTaken, thread);
            isGot = attempt.Wait(Deadline.After(timeout), cancellationToken);
            stay = attempt.Stay;
        }

        // One that nobody refers to any more is closed: not while somebody is about to enter.
        GC.KeepAlive(this);
        return isGot;
    }

    private async ValueTask<(bool HasPermit, SeatStay Stay)> TryGetAsync(
        bool isTaken, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        bool isGot = _core.TryGetIdle(isTaken, thread: 0, out SeatStay stay);
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
            ? "nobody has entered it"
            : string.Create(CultureInfo.InvariantCulture, $"{holders.Count} of {Maximum} have entered it, {holders[0]} among them");
        return snapshot.NotInTime($"{_core.Description} had no free permit within {time}: {who}", snapshot.Holder);
    }
}
