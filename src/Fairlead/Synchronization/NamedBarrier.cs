using System.Globalization;
using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Native.Waiting;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization;

/// <summary>
/// A point at which a fixed number of parties, in processes of this user, wait for each other, phase after phase. It has a name or lies in
/// a <see cref="SharedRegion"/>. An object of this class is one party, from its first arrival until it is disposed. If its process ends
/// before that, the barrier breaks: present and later callers get <see cref="ErrorCode.BarrierBroken"/> until one of them resets it. The
/// barrier does not know a party that has never arrived, and cannot notice its death. Give the wait a timeout where that may happen.
/// </summary>
/// <remarks>
/// One call at a time: for another party, also in the same process, open another object. The finalizer disposes an unreachable object. A
/// named one is a file in the runtime directory. It lasts until you remove it or the machine restarts.
/// </remarks>
public sealed class NamedBarrier : IDisposable
{
    private readonly BarrierCore _core;

    private NamedBarrier(string? name, BarrierCore core)
    {
        Name = name;
        _core = core;
    }

    /// <summary>Same as <see cref="Dispose"/>.</summary>
    ~NamedBarrier() => _core.Close();

    /// <summary>Its name; <see langword="null"/> if it lies in a region.</summary>
    public string? Name { get; }

    /// <summary>The number of parties.</summary>
    public int Parties => _core.Parties;

    /// <summary>A snapshot of the number of the current phase; the first is 0.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public long CurrentPhase => this.Kept(_core.State).Phase;

    /// <summary>A snapshot of how many parties have arrived in this phase; 0 if the barrier is broken.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public int Arrived => this.Kept(_core.State).Arrived;

    /// <summary>Whether a party has died without a later call of <see cref="Reset"/>.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool IsBroken => this.Kept(_core.State).IsBroken;

    /// <summary>A snapshot of the parties that have arrived at least once and are not disposed; in no order.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Holders => this.Kept(_core.Snapshot()).Holders;

    /// <summary>A snapshot of the waiters, in order of arrival; 128 at most.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Waiters => this.Kept(_core.Snapshot()).Waiters;

    /// <summary>The size in a region, in bytes.</summary>
    /// <param name="parties">The number of parties: 1 to 1,024.</param>
    public static long SizeInRegion(int parties) => BarrierLayout.Size(Checked(parties));

    /// <summary>Opens a named barrier, or creates it. The object becomes a party with its first arrival.</summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>. All kinds of locks share one set of names.</param>
    /// <param name="parties">The number of parties: 1 to 1,024. It must equal the one of an existing barrier.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it exists with other settings, or the name belongs to another kind of object. Corrupt: its file has been truncated or
    /// overwritten. Full: not enough space for the file. AlreadyExists: the name belongs to a file that Fairlead did not create.
    /// PermissionDenied: this user may not use the runtime directory.
    /// </exception>
    public static NamedBarrier Open(string name, int parties) =>
        new(
            name,
            new BarrierCore(
                LockPlace.Named(name, BarrierLayout.Size(Checked(parties)), RegionContent.Barrier, BarrierLayout.SlotsAt), parties));

    /// <summary>Opens the barrier at an offset in a region, or creates it. Memory that is all zero is a new one.</summary>
    /// <param name="region">A memory file, a named region, a POSIX segment or a file. You may dispose it before the barrier.</param>
    /// <param name="offset">
    /// The offset in bytes from the start of the region; a multiple of 64. The lock takes <see cref="SizeInRegion"/> bytes.
    /// </param>
    /// <param name="parties">As for <see cref="Open"/>.</param>
    /// <exception cref="ArgumentException">The offset is not a multiple of 64, or the lock does not fit into the region there.</exception>
    /// <exception cref="FairleadException">
    /// Incompatible: it has other settings, or another version of Fairlead created it. Corrupt: the memory at the offset holds something
    /// else. NotSupported: the region is a System V segment.
    /// </exception>
    public static NamedBarrier OpenIn(SharedRegion region, long offset, int parties) =>
        new(null, new BarrierCore(LockPlace.InRegion(region, offset, BarrierLayout.Size(Checked(parties)), "the barrier"), parties));

    /// <summary>
    /// Removes the name. Processes that have the barrier open keep it; the next one to open the name creates a new barrier. Call it when no
    /// process uses the barrier any more.
    /// </summary>
    /// <param name="name">As for <see cref="Open"/>.</param>
    /// <returns>Whether the name existed.</returns>
    /// <exception cref="FairleadException">AlreadyExists: the name belongs to something that is not a lock. Nothing is removed.</exception>
    public static bool Remove(string name) => NamedRegion.Remove(name, RegionContent.Barrier);

    /// <summary>
    /// Arrives, and blocks until all parties have arrived. A call that ends by timeout or token withdraws its arrival. If the phase
    /// completes at that very moment, the call returns it instead.
    /// </summary>
    /// <param name="timeout">The longest time to wait; null: no limit.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The number of the completed phase; the first is 0.</returns>
    /// <exception cref="FairleadException">
    /// Timeout: not all parties arrived in time. BarrierBroken: a party has died; <see cref="FairleadException.Peer"/> names it. Full: the
    /// barrier has all of its parties, and this object is not one of them.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="InvalidOperationException">Another call already waits through this object.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public long SignalAndWait(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        BarrierAttempt attempt = Wait(timeout, cancellationToken);
        return IsCompleted(attempt) ? attempt.Phase : throw NotInTime(attempt, timeout);
    }

    /// <summary>Arrives, and blocks until all parties have arrived or the time runs out; in that case it withdraws the arrival.</summary>
    /// <param name="timeout">The longest time to wait. Zero: do not wait; the phase completes only if all others have arrived.</param>
    /// <param name="phase">The number of the phase that completed, or of the one that did not.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>Whether the phase completed.</returns>
    /// <exception cref="FairleadException">
    /// BarrierBroken: a party has died. Full: the barrier has all of its parties, and this object is not one of them.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="InvalidOperationException">Another call already waits through this object.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool TrySignalAndWait(TimeSpan timeout, out long phase, CancellationToken cancellationToken = default)
    {
        BarrierAttempt attempt = Wait(timeout, cancellationToken);
        phase = attempt.Phase;
        return IsCompleted(attempt);
    }

    /// <summary>Arrives, and waits until all parties have arrived. Waiting takes no thread.</summary>
    /// <param name="timeout">The longest time to wait; null: no limit.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <inheritdoc cref="SignalAndWait" path="/returns|/exception"/>
    public async ValueTask<long> SignalAndWaitAsync(TimeSpan? timeout, CancellationToken cancellationToken = default)
    {
        BarrierAttempt attempt = await WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
        return IsCompleted(attempt) ? attempt.Phase : throw NotInTime(attempt, timeout);
    }

    /// <inheritdoc cref="SignalAndWaitAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask<long> SignalAndWaitAsync(CancellationToken cancellationToken = default) => SignalAndWaitAsync(null, cancellationToken);

    /// <summary>
    /// Arrives, and waits for all parties, at most for a time; after that it withdraws the arrival. Waiting takes no thread.
    /// </summary>
    /// <param name="timeout">The longest time to wait. Zero: do not wait; the phase completes only if all others have arrived.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The number of the completed phase; <see langword="null"/> if the time ran out.</returns>
    /// <inheritdoc cref="TrySignalAndWait" path="/exception"/>
    public async ValueTask<long?> TrySignalAndWaitAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        BarrierAttempt attempt = await WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
        return IsCompleted(attempt) ? attempt.Phase : null;
    }

    /// <summary>
    /// Repairs a broken barrier. It removes the dead parties, whose places others may take, and restarts the same phase with no arrivals.
    /// Callers that waited when the barrier broke still get the error, however soon the reset follows. A barrier that is not broken stays
    /// as it is. Any object may call this, party or not. Blocks only while another caller resets, or for some milliseconds if a party has
    /// just died.
    /// </summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public void Reset()
    {
        _core.Reset();
        GC.KeepAlive(this);
    }

    /// <summary>
    /// Checks that its file is still the one that the name refers to. Takes a few system calls. For a lock in a region, verify the region.
    /// </summary>
    /// <exception cref="FairleadException">Corrupt: it is not; the message says what is wrong.</exception>
    public void Verify() => _core.Verify();

    /// <summary>
    /// Ends this party, and closes the barrier in this process. A wait that began through this object runs to its end, and the object stays
    /// a party until then. The barrier itself stays, and another object may take the place.
    /// </summary>
    public void Dispose()
    {
        _core.Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>Returns a description for people.</summary>
    public override string ToString() => _core.Description;

    private static int Checked(int parties)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parties, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parties, BarrierLayout.MostParties);
        return parties;
    }

    private BarrierAttempt Arrive(int thread, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        BarrierAttempt attempt = new(_core, thread);
        try
        {
            if (attempt.Arrive())
            {
                attempt.Abandon();
            }

            return attempt;
        }
        catch
        {
            attempt.Abandon();
            throw;
        }
    }

    private BarrierAttempt Wait(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        Deadline deadline = Deadline.After(timeout);
        BarrierAttempt attempt = Arrive(NativeThread.Id, cancellationToken);
        try
        {
            _ = attempt.Outcome == BarrierOutcome.Completed || attempt.Wait(deadline, cancellationToken);
        }
        catch (OperationCanceledException) when (attempt.Outcome != BarrierOutcome.TakenBack)
        {
            // Too late to withdraw the arrival: the phase has completed or broken.
        }

        // The finalizer closes an unreachable object and ends its party; it must not run during a wait.
        GC.KeepAlive(this);
        return attempt;
    }

    private async ValueTask<BarrierAttempt> WaitAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        Deadline deadline = Deadline.After(timeout);
        BarrierAttempt attempt = Arrive(thread: 0, cancellationToken);
        try
        {
            _ = attempt.Outcome == BarrierOutcome.Completed || await attempt.WaitAsync(deadline, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (attempt.Outcome != BarrierOutcome.TakenBack)
        {
            // Too late to withdraw the arrival: the phase has completed or broken.
        }

        GC.KeepAlive(this);
        return attempt;
    }

    private bool IsCompleted(BarrierAttempt attempt) =>
        attempt.Outcome == BarrierOutcome.Broken ? throw _core.Broken(attempt.Dead) : attempt.Outcome == BarrierOutcome.Completed;

    private FairleadException NotInTime(BarrierAttempt attempt, TimeSpan? timeout) =>
        new(
            ErrorCode.Timeout,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{_core.Description} was not complete within {timeout?.TotalSeconds ?? 0:0.###} s: "
                    + $"{attempt.Arrived} of {Parties} had arrived"));
}
