using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization;

/// <summary>
/// A lock between the processes of this user, by name or in a <see cref="SharedRegion"/>. What is entered belongs to the scope that is
/// returned, not to a thread, so it may cross an <c>await</c>. When a process dies inside, in whatever way, the next one enters at once and
/// is told so (<see cref="MutexScope.OwnerDied"/>).
/// </summary>
/// <remarks>
/// A robust mutex in the manner of POSIX (<c>PTHREAD_MUTEX_ROBUST</c>), with a line of those who wait after the queue lock of Craig, Landin
/// and Hagersten. Free and with nobody waiting it costs no system call. Who sleeps is not overtaken; while the first of the line still
/// looks, for some microseconds, others may enter before him, at most once for each of 1,000 looks. Any number of threads may use it. One
/// by name lies in the runtime directory, and lasts until it is removed or the machine restarts.
/// </remarks>
public sealed partial class NamedMutex : IDisposable
{
    private readonly MutexCore _core;

    private NamedMutex(string? name, MutexCore core)
    {
        Name = name;
        _core = core;
    }

    /// <summary>As <see cref="Dispose"/>.</summary>
    ~NamedMutex() => _core.Close();

    /// <summary>How many bytes one takes in a region.</summary>
    public static long SizeInRegion => MutexLayout.Size;

    /// <summary>What lies behind it, for what goes with it.</summary>
    internal MutexCore Core => _core;

    /// <summary>Its name; <see langword="null"/> for one that lies in a region.</summary>
    public string? Name { get; }

    /// <summary>How often it has been entered since it was made, by everybody.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public long Entries => (long)this.Kept(_core.Entries);

    /// <summary>Opens the mutex of a name, or makes it.</summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>. All kinds of locks share their names.</param>
    /// <param name="options">What it is like.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it exists and is not as asked for, or something else has the name. Corrupt: its file has been cut or overwritten.
    /// Full: no room for the file. AlreadyExists: a file that Fairlead did not make has the name. PermissionDenied: the runtime directory
    /// is not this user's to use.
    /// </exception>
    public static NamedMutex Open(string name, NamedMutexOptions? options = null) =>
        new(name, NewCore(LockPlace.Named(name, MutexLayout.Size, RegionContent.Mutex), options));

    /// <summary>Opens the mutex at a place in a region, or makes it: memory that is zero is a free one.</summary>
    /// <param name="region">A memory file, a named region, a POSIX segment or a file. May be disposed before the mutex.</param>
    /// <param name="offset">In bytes from the beginning; a multiple of 64. It takes <see cref="SizeInRegion"/> bytes.</param>
    /// <param name="options">What it is like.</param>
    /// <exception cref="ArgumentException">It does not lie in the region whole, or not at a multiple of 64.</exception>
    /// <exception cref="FairleadException">
    /// Incompatible: it is not as asked for, or of another version. Corrupt: something else lies there. NotSupported: the region is a
    /// System V segment.
    /// </exception>
    public static NamedMutex OpenIn(SharedRegion region, long offset, NamedMutexOptions? options = null) =>
        new(null, NewCore(LockPlace.InRegion(region, offset, MutexLayout.Size, "the mutex"), options));

    /// <summary>
    /// Takes the name away. Who has the mutex open keeps it, and whoever opens the name gets another: so when nobody uses it any more.
    /// </summary>
    /// <param name="name">As for <see cref="Open"/>.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="FairleadException">AlreadyExists: what has the name is no lock, and stays.</exception>
    public static bool Remove(string name) => NamedRegion.Remove(name, RegionContent.Mutex);

    /// <summary>Enters. Blocks for as long as others are inside or were there first.</summary>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>To be disposed when done.</returns>
    /// <exception cref="FairleadException">
    /// Timeout: names who is inside, also in <see cref="FairleadException.Peer"/>. Deadlock: only with
    /// <see cref="NamedMutexOptions.DetectDeadlock"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public MutexScope Enter(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        int thread = NativeThread.Id;
        bool isEntered = _core.TryEnterIdle(thread, out Stay stay) || EnterLater(thread, timeout, cancellationToken, out stay);

        // One that nobody refers to any more is closed: not while somebody is about to enter.
        GC.KeepAlive(this);
        return isEntered ? new MutexScope(stay) : throw NotInTime(timeout);
    }

    /// <summary>Enters if that is possible in time. Blocks.</summary>
    /// <param name="timeout">At most so long; zero: does not wait.</param>
    /// <param name="scope">To be disposed when done.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it was entered.</returns>
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
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
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

    /// <summary>Enters if that is possible in time. Waiting takes no thread.</summary>
    /// <param name="timeout">At most so long; zero: does not wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>To be disposed when done; <see langword="null"/>: not in time.</returns>
    /// <inheritdoc cref="TryEnter" path="/exception"/>
    public async ValueTask<MutexScope?> TryEnterAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        await EnterLaterAsync(timeout, cancellationToken).ConfigureAwait(false) is { } stay ? new MutexScope(stay) : null;

    /// <summary>Asks whether its file is still what its name means. Costs some system calls. Of one in a region, ask the region.</summary>
    /// <exception cref="FairleadException">Corrupt: it is not, and what.</exception>
    public void Verify() => _core.Verify();

    /// <summary>Lets go of it in this process; who is inside, or waits, through this object does so to the end. The mutex stays.</summary>
    public void Dispose()
    {
        _core.Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>For people: what it is.</summary>
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
