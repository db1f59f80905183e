using System.Globalization;
using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization;

/// <summary>
/// A number that many processes of this user count down, and for whose zero others wait, by name or in a <see cref="SharedRegion"/>. It
/// belongs to nobody: who dies without having counted is not counted for.
/// </summary>
/// <remarks>
/// Counting costs no system call, but to zero while somebody sleeps. Any number of threads may use it. One by name lies in the runtime
/// directory, and lasts until it is removed or the machine restarts.
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

    /// <summary>As <see cref="Dispose"/>.</summary>
    ~NamedCountdown() => _core.Close();

    /// <summary>How many bytes one takes in a region.</summary>
    public static long SizeInRegion => CountdownLayout.Size;

    /// <summary>Its name; <see langword="null"/> for one that lies in a region.</summary>
    public string? Name { get; }

    /// <summary>How much it is in the beginning.</summary>
    public int InitialCount { get; }

    /// <summary>How much is left, as it was a moment ago.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public int CurrentCount => this.Kept(_core.Count);

    /// <summary>Who waits, in the order in which they came, as it was a moment ago; 128 at most.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Waiters => this.Kept(_core.Snapshot()).Waiters;

    /// <summary>Opens the countdown of a name, or makes it.</summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>. All kinds of locks share their names.</param>
    /// <param name="count">
    /// How much it is in the beginning: 1 to 16,777,215. Of one that is there it must be the same number, which says nothing of how much is
    /// left.
    /// </param>
    /// <exception cref="FairleadException">
    /// Incompatible: it exists and is not as asked for, or something else has the name. Corrupt: its file has been cut or overwritten.
    /// Full: no room for the file. AlreadyExists: a file that Fairlead did not make has the name. PermissionDenied: the runtime directory
    /// is not this user's to use.
    /// </exception>
    public static NamedCountdown Open(string name, int count)
    {
        Check(count);
        return new(name, count, new CountdownCore(LockPlace.Named(name, CountdownLayout.Size, RegionContent.Countdown), count));
    }

    /// <summary>Opens the countdown at a place in a region, or makes it: memory that is zero is one that nobody has used.</summary>
    /// <param name="region">A memory file, a named region, a POSIX segment or a file. May be disposed before the countdown.</param>
    /// <param name="offset">In bytes from the beginning; a multiple of 64. It takes <see cref="SizeInRegion"/> bytes.</param>
    /// <param name="count">As for <see cref="Open"/>.</param>
    /// <exception cref="ArgumentException">It does not lie in the region whole, or not at a multiple of 64.</exception>
    /// <exception cref="FairleadException">
    /// Incompatible: it is not as asked for, or of another version. Corrupt: something else lies there. NotSupported: the region is a
    /// System V segment.
    /// </exception>
    public static NamedCountdown OpenIn(SharedRegion region, long offset, int count)
    {
        Check(count);
        return new(null, count, new CountdownCore(LockPlace.InRegion(region, offset, CountdownLayout.Size, "the countdown"), count));
    }

    /// <summary>
    /// Takes the name away. Who has the countdown open keeps it, and whoever opens the name gets another: so when nobody uses it any more.
    /// </summary>
    /// <param name="name">As for <see cref="Open"/>.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="FairleadException">AlreadyExists: what has the name is no lock, and stays.</exception>
    public static bool Remove(string name) => NamedRegion.Remove(name, RegionContent.Countdown);

    /// <summary>
    /// Counts down; at zero all who wait are released. Blocks only where it comes to zero just now, or begins anew, by another, for a
    /// moment, or while that one is stopped.
    /// </summary>
    /// <param name="count">By how much.</param>
    /// <returns>Whether it has come to zero by this.</returns>
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

    /// <summary>Counts up, as <see cref="Signal"/> does down.</summary>
    /// <param name="count">By how much.</param>
    /// <exception cref="InvalidOperationException">It has come to zero, or would come beyond 16,777,215: nothing is changed.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public void AddCount(int count = 1)
    {
        if (!TryAddCount(count))
        {
            throw new InvalidOperationException($"{_core.Description} has come to zero: reset it.");
        }
    }

    /// <summary>Counts up, unless it has come to zero.</summary>
    /// <param name="count">By how much.</param>
    /// <returns>False: it has come to zero.</returns>
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
                string.Create(CultureInfo.InvariantCulture, $"{_core.Description} has {left} left, and {count} more would be too many."));
        }

        return isCounted;
    }

    /// <summary>
    /// Begins anew. Those who waited when it came to zero are released, however soon this follows; those who still wait go on. Blocks as
    /// <see cref="Signal"/> does.
    /// </summary>
    /// <param name="count">1 to 16,777,215; null: as in the beginning.</param>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public void Reset(int? count = null)
    {
        Check(count ?? InitialCount);
        _core.Reset(count ?? InitialCount);
        GC.KeepAlive(this);
    }

    /// <summary>Waits until it has come to zero. Blocks.</summary>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
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

    /// <summary>Waits until it has come to zero, if that is in time. Blocks.</summary>
    /// <param name="timeout">At most so long; zero: does not wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it has come to zero.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool TryWait(TimeSpan timeout, CancellationToken cancellationToken = default) => WaitLater(timeout, cancellationToken);

    /// <summary>Waits until it has come to zero. Takes no thread.</summary>
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

    /// <summary>Waits until it has come to zero, if that is in time. Takes no thread.</summary>
    /// <inheritdoc cref="TryWait" path="/param|/returns|/exception"/>
    public ValueTask<bool> TryWaitAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        WaitLaterAsync(timeout, cancellationToken);

    /// <summary>Asks whether its file is still what its name means. Costs some system calls. Of one in a region, ask the region.</summary>
    /// <exception cref="FairleadException">Corrupt: it is not, and what.</exception>
    public void Verify() => _core.Verify();

    /// <summary>Lets go of it in this process; who waits through this object does so to the end. The countdown stays.</summary>
    public void Dispose()
    {
        _core.Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>For people: what it is.</summary>
    public override string ToString() => _core.Description;

    private static void Check(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, CountdownLayout.MostCount);
    }

    private bool WaitLater(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        bool isZero = _core.TryPass(out uint rounds)
            || new CountdownAttempt(_core, rounds, NativeThread.Id).Wait(Deadline.After(timeout), cancellationToken);

        // One that nobody refers to any more is closed: not while somebody is about to wait.
        GC.KeepAlive(this);
        return isZero;
    }

    private async ValueTask<bool> WaitLaterAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        bool isZero = _core.TryPass(out uint rounds)
            || await new CountdownAttempt(_core, rounds, thread: 0)
                .WaitAsync(Deadline.After(timeout), cancellationToken)
                .ConfigureAwait(false);
        GC.KeepAlive(this);
        return isZero;
    }

    private FairleadException NotInTime(TimeSpan? timeout) =>
        new(
            ErrorCode.Timeout,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{_core.Description} has not come to zero within {timeout?.TotalSeconds ?? 0:0.###} s: {_core.Count} left"));
}
