using System.Globalization;
using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization;

/// <summary>
/// A point at which a number of parties, in processes of this user, wait for each other again and again, by name or in a
/// <see cref="SharedRegion"/>. An object of this class is one party, from its first arrival until it is disposed; where its process ends
/// before, in whatever way, the barrier is broken: all who wait or come are told (<see cref="ErrorCode.BarrierBroken"/>) until somebody
/// resets it. A party that has never arrived is not known, and not missed when it dies: give the wait a time where that may be.
/// </summary>
/// <remarks>
/// One call at a time: another party, also of the same process, is another object. An object that nobody refers to any more is disposed.
/// One by name lies in the runtime directory, and lasts until it is removed or the machine restarts.
/// </remarks>
public sealed class NamedBarrier : IDisposable
{
    private readonly BarrierCore _core;

    private NamedBarrier(string? name, BarrierCore core)
    {
        Name = name;
        _core = core;
    }

    /// <summary>As <see cref="Dispose"/>.</summary>
    ~NamedBarrier() => _core.Close();

    /// <summary>Its name; <see langword="null"/> for one that lies in a region.</summary>
    public string? Name { get; }

    /// <summary>How many wait for each other.</summary>
    public int Parties => _core.Parties;

    /// <summary>The number of the phase that is not complete yet, the first being 0, as it was a moment ago.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public long CurrentPhase => this.Kept(_core.State).Phase;

    /// <summary>How many have arrived in this phase, as it was a moment ago; none where it is broken.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public int Arrived => this.Kept(_core.State).Arrived;

    /// <summary>Whether a party has died, and nobody has called <see cref="Reset"/> since.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool IsBroken => this.Kept(_core.State).IsBroken;

    /// <summary>The parties that have arrived once and are not disposed, as it was a moment ago; in no order.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Holders => this.Kept(_core.Snapshot()).Holders;

    /// <summary>Who waits, in the order in which they came, as it was a moment ago; 128 at most.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Waiters => this.Kept(_core.Snapshot()).Waiters;

    /// <summary>How many bytes one takes in a region.</summary>
    /// <param name="parties">How many wait for each other: 1 to 1,024.</param>
    public static long SizeInRegion(int parties) => BarrierLayout.Size(Checked(parties));

    /// <summary>Opens the barrier of a name, or makes it. The object is no party before it has arrived once.</summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>. All kinds of locks share their names.</param>
    /// <param name="parties">How many wait for each other: 1 to 1,024. Of one that is there it must be the same number.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it exists and is not as asked for, or something else has the name. Corrupt: its file has been cut or overwritten.
    /// Full: no room for the file. AlreadyExists: a file that Fairlead did not make has the name. PermissionDenied: the runtime directory
    /// is not this user's to use.
    /// </exception>
    public static NamedBarrier Open(string name, int parties) =>
        new(
            name,
            new BarrierCore(
                LockPlace.Named(name, BarrierLayout.Size(Checked(parties)), RegionContent.Barrier, BarrierLayout.SeatsAt), parties));

    /// <summary>Opens the barrier at a place in a region, or makes it: memory that is zero is one that nobody has used.</summary>
    /// <param name="region">A memory file, a named region, a POSIX segment or a file. May be disposed before the barrier.</param>
    /// <param name="offset">In bytes from the beginning; a multiple of 64. It takes <see cref="SizeInRegion"/> bytes.</param>
    /// <param name="parties">As for <see cref="Open"/>.</param>
    /// <exception cref="ArgumentException">It does not lie in the region whole, or not at a multiple of 64.</exception>
    /// <exception cref="FairleadException">
    /// Incompatible: it is not as asked for, or of another version. Corrupt: something else lies there. NotSupported: the region is a
    /// System V segment.
    /// </exception>
    public static NamedBarrier OpenIn(SharedRegion region, long offset, int parties) =>
        new(null, new BarrierCore(LockPlace.InRegion(region, offset, BarrierLayout.Size(Checked(parties)), "the barrier"), parties));

    /// <summary>
    /// Takes the name away. Who has the barrier open keeps it, and whoever opens the name gets another: so when nobody uses it any more.
    /// </summary>
    /// <param name="name">As for <see cref="Open"/>.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="FairleadException">AlreadyExists: what has the name is no lock, and stays.</exception>
    public static bool Remove(string name) => NamedRegion.Remove(name, RegionContent.Barrier);

    /// <summary>
    /// Arrives, and waits until all parties have. Blocks. Who gives up, by time or token, has not arrived; unless the phase was completed
    /// in that moment: then it was, and that is what is returned.
    /// </summary>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The number of the phase that was completed, the first being 0.</returns>
    /// <exception cref="FairleadException">
    /// Timeout: not all have arrived in time. BarrierBroken: a party has died, <see cref="FairleadException.Peer"/> says which. Full: it
    /// has all of its parties, and this object is none of them.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="InvalidOperationException">Somebody waits by this object already.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public long SignalAndWait(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        BarrierAttempt attempt = Wait(timeout, cancellationToken);
        return IsCompleted(attempt) ? attempt.Phase : throw NotInTime(attempt, timeout);
    }

    /// <summary>Arrives, and waits until all parties have, if that is in time; else it has not arrived. Blocks.</summary>
    /// <param name="timeout">At most so long; zero: does not wait, and has arrived only if all others had.</param>
    /// <param name="phase">The number of the phase that was completed, or that was not.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it was completed.</returns>
    /// <exception cref="FairleadException">
    /// BarrierBroken: a party has died. Full: it has all of its parties, and this object is none of them.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="InvalidOperationException">Somebody waits by this object already.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool TrySignalAndWait(TimeSpan timeout, out long phase, CancellationToken cancellationToken = default)
    {
        BarrierAttempt attempt = Wait(timeout, cancellationToken);
        phase = attempt.Phase;
        return IsCompleted(attempt);
    }

    /// <summary>Arrives, and waits until all parties have. Waiting takes no thread.</summary>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="SignalAndWait" path="/returns|/exception"/>
    public async ValueTask<long> SignalAndWaitAsync(TimeSpan? timeout, CancellationToken cancellationToken = default)
    {
        BarrierAttempt attempt = await WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
        return IsCompleted(attempt) ? attempt.Phase : throw NotInTime(attempt, timeout);
    }

    /// <inheritdoc cref="SignalAndWaitAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask<long> SignalAndWaitAsync(CancellationToken cancellationToken = default) => SignalAndWaitAsync(null, cancellationToken);

    /// <summary>Arrives, and waits until all parties have, if that is in time; else it has not arrived. Waiting takes no thread.</summary>
    /// <param name="timeout">At most so long; zero: does not wait, and has arrived only if all others had.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The number of the phase that was completed; <see langword="null"/>: not in time.</returns>
    /// <inheritdoc cref="TrySignalAndWait" path="/exception"/>
    public async ValueTask<long?> TrySignalAndWaitAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        BarrierAttempt attempt = await WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
        return IsCompleted(attempt) ? attempt.Phase : null;
    }

    /// <summary>
    /// Mends a barrier that is broken: those who have died are parties no more, others may take their places, and the same phase begins
    /// once more, in which nobody has arrived. Who waited when it broke is told so, however soon this follows. One that is not broken stays
    /// as it is. Any object may do it, also one that is no party. Blocks only while another does the same, or takes some milliseconds where
    /// somebody has just died.
    /// </summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public void Reset()
    {
        _core.Reset();
        GC.KeepAlive(this);
    }

    /// <summary>Asks whether its file is still what its name means. Costs some system calls. Of one in a region, ask the region.</summary>
    /// <exception cref="FairleadException">Corrupt: it is not, and what.</exception>
    public void Verify() => _core.Verify();

    /// <summary>
    /// Is no party any more, and lets go of it in this process; who waits through this object does so to the end, and is one until then.
    /// The barrier stays, and another may take the place.
    /// </summary>
    public void Dispose()
    {
        _core.Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>For people: what it is.</summary>
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
            // It was too late for that.
        }

        // One that nobody refers to any more is closed, and a party no more: not while somebody waits.
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
            // It was too late for that.
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
