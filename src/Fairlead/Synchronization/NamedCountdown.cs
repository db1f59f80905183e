using System.Globalization;
using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Native.Waiting;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization;

/// <summary>
/// A number that processes of this user count down, and whose zero others wait for. It has a name or lies in a <see cref="SharedRegion"/>.
/// It has no owner: if a process dies before it has counted, nothing counts in its place.
/// </summary>
/// <remarks>
/// Counting makes no system call, except to reach zero while waiters sleep. Any number of threads may use it. A named one is a file in the
/// runtime directory. It lasts until you remove it or the machine restarts.
/// </remarks>
public sealed class NamedCountdown : IDisposable
{
    private readonly CountdownCore _core;

    private NamedCountdown(string? name, int count, CountdownCore core)
    {
        Name = name;
        InitialCount = count;
        _core = core;
    }

    /// <summary>Same as <see cref="Dispose"/>.</summary>
    ~NamedCountdown() => _core.Close();

    /// <summary>The size in a region, in bytes.</summary>
    public static long SizeInRegion => CountdownLayout.Size;

    /// <summary>Its name; <see langword="null"/> if it lies in a region.</summary>
    public string? Name { get; }

    /// <summary>The initial count.</summary>
    public int InitialCount { get; }

    /// <summary>A snapshot of the count that is left.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public int CurrentCount => this.Kept(_core.Count);

    /// <summary>A snapshot of the waiters, in order of arrival; 128 at most.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Waiters => this.Kept(_core.Snapshot()).Waiters;

    /// <summary>Opens a named countdown, or creates it.</summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>. All kinds of locks share one set of names.</param>
    /// <param name="count">
    /// The initial count: 1 to 16,777,215. It must equal the initial count of an existing countdown, whatever is left of that.
    /// </param>
    /// <exception cref="FairleadException">
    /// Incompatible: it exists with other settings, or the name belongs to another kind of object. Corrupt: its file has been truncated or
    /// overwritten. Full: not enough space for the file. AlreadyExists: the name belongs to a file that Fairlead did not create.
    /// PermissionDenied: this user may not use the runtime directory.
    /// </exception>
    public static NamedCountdown Open(string name, int count)
    {
        Check(count);
        return new(name, count, new CountdownCore(LockPlace.Named(name, CountdownLayout.Size, RegionContent.Countdown), count));
    }

    /// <summary>Opens the countdown at an offset in a region, or creates it. Memory that is all zero is a new one.</summary>
    /// <param name="region">A memory file, a named region, a POSIX segment or a file. You may dispose it before the countdown.</param>
    /// <param name="offset">
    /// The offset in bytes from the start of the region; a multiple of 64. The lock takes <see cref="SizeInRegion"/> bytes.
    /// </param>
    /// <param name="count">As for <see cref="Open"/>.</param>
    /// <exception cref="ArgumentException">The offset is not a multiple of 64, or the lock does not fit into the region there.</exception>
    /// <exception cref="FairleadException">
    /// Incompatible: it has other settings, or another version of Fairlead created it. Corrupt: the memory at the offset holds something
    /// else. NotSupported: the region is a System V segment.
    /// </exception>
    public static NamedCountdown OpenIn(SharedRegion region, long offset, int count)
    {
        Check(count);
        return new(null, count, new CountdownCore(LockPlace.InRegion(region, offset, CountdownLayout.Size, "the countdown"), count));
    }

    /// <summary>
    /// Removes the name. Processes that have the countdown open keep it; the next one to open the name creates a new countdown. Call it
    /// when no process uses the countdown any more.
    /// </summary>
    /// <param name="name">As for <see cref="Open"/>.</param>
    /// <returns>Whether the name existed.</returns>
    /// <exception cref="FairleadException">AlreadyExists: the name belongs to something that is not a lock. Nothing is removed.</exception>
    public static bool Remove(string name) => NamedRegion.Remove(name, RegionContent.Countdown);

    /// <summary>
    /// Counts down; at zero it releases all waiters. Blocks only while another caller brings the count to zero or resets it: a moment,
    /// unless that process is stopped.
    /// </summary>
    /// <param name="count">How much to count down.</param>
    /// <returns>Whether this call brought the count to zero.</returns>
    /// <exception cref="InvalidOperationException">Less than that was left: nothing is changed.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool Signal(int count = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        bool isCounted = _core.TryChange(-count, out int left);
        GC.KeepAlive(this);
        return isCounted
            ? left == count
            : throw new InvalidOperationException(
                string.Create(CultureInfo.InvariantCulture, $"{_core.Description} has {left} left, and cannot be counted down by {count}.")
            );
    }

    /// <summary>Counts up. Blocks as <see cref="Signal"/> does.</summary>
    /// <param name="count">How much to count up.</param>
    /// <exception cref="InvalidOperationException">It has come to zero, or would come beyond 16,777,215: nothing is changed.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public void AddCount(int count = 1)
    {
        if (!TryAddCount(count))
        {
            throw new InvalidOperationException($"{_core.Description} is at zero and cannot count up: reset it first.");
        }
    }

    /// <summary>Counts up, unless the count is zero.</summary>
    /// <param name="count">How much to count up.</param>
    /// <returns>False if the count is zero.</returns>
    /// <exception cref="InvalidOperationException">It would come beyond 16,777,215: nothing is changed.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool TryAddCount(int count = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, CountdownLayout.MostCount);
        bool isCounted = _core.TryChange(count, out int left);
        GC.KeepAlive(this);
        if (!isCounted && left != 0)
        {
            throw new InvalidOperationException(
                string.Create(CultureInfo.InvariantCulture, $"{_core.Description} has {left} left, and cannot take {count} more."));
        }

        return isCounted;
    }

    /// <summary>
    /// Sets the count anew. Waiters of a countdown that was at zero are released, however soon the reset follows; other waiters go on
    /// waiting. Blocks as <see cref="Signal"/> does.
    /// </summary>
    /// <param name="count">1 to 16,777,215; null: the initial count.</param>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public void Reset(int? count = null)
    {
        Check(count ?? InitialCount);
        _core.Reset(count ?? InitialCount);
        GC.KeepAlive(this);
    }

    /// <summary>Blocks until the count is zero.</summary>
    /// <param name="timeout">The longest time to wait; null: no limit.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="FairleadException">Timeout: it has not come to zero in time.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public void Wait(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        if (!WaitLater(timeout, cancellationToken))
        {
            throw NotInTime(timeout);
        }
    }

    /// <summary>Blocks until the count is zero or the time runs out.</summary>
    /// <param name="timeout">The longest time to wait; zero: do not wait.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>Whether the count is zero.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool TryWait(TimeSpan timeout, CancellationToken cancellationToken = default) => WaitLater(timeout, cancellationToken);

    /// <summary>Waits until the count is zero. Takes no thread.</summary>
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

    /// <summary>Waits until the count is zero or the time runs out. Takes no thread.</summary>
    /// <inheritdoc cref="TryWait" path="/param|/returns|/exception"/>
    public ValueTask<bool> TryWaitAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        WaitLaterAsync(timeout, cancellationToken);

    /// <summary>
    /// Checks that its file is still the one that the name refers to. Takes a few system calls. For a lock in a region, verify the region.
    /// </summary>
    /// <exception cref="FairleadException">Corrupt: it is not; the message says what is wrong.</exception>
    public void Verify() => _core.Verify();

    /// <summary>
    /// Closes the countdown in this process. Waits that began through this object run to their end. The countdown itself stays.
    /// </summary>
    public void Dispose()
    {
        _core.Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>Returns a description for people.</summary>
    public override string ToString() => _core.Description;

    private static void Check(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, CountdownLayout.MostCount);
    }

    private bool WaitLater(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout);
        bool isZero = _core.TryPass(out uint rounds)
            || new CountdownAttempt(_core, rounds, NativeThread.Id).Wait(deadline, cancellationToken);

        // The finalizer closes an unreachable object; it must not run while a call is about to wait.
        GC.KeepAlive(this);
        return isZero;
    }

    private async ValueTask<bool> WaitLaterAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout);
        bool isZero = _core.TryPass(out uint rounds)
            || await new CountdownAttempt(_core, rounds, thread: 0)
                .WaitAsync(deadline, cancellationToken)
                .ConfigureAwait(false);
        GC.KeepAlive(this);
        return isZero;
    }

    private FairleadException NotInTime(TimeSpan? timeout) =>
        new(
            ErrorCode.Timeout,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{_core.Description} did not reach zero within {timeout?.TotalSeconds ?? 0:0.###} s: {_core.Count} left"));
}
