using System.Globalization;
using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization;

/// <summary>
/// A lock between the processes of this user that many may read under at a time, or one write, by name or in a <see cref="SharedRegion"/>.
/// Each time inside belongs to the scope that is returned, and ends when its process dies, in whatever way; where a writer dies, those who
/// come next are told (<see cref="ReadScope.OwnerDied"/>, <see cref="WriteScope.OwnerDied"/>).
/// </summary>
/// <remarks>
/// While no writer is there reading costs no system call, and readers do not wait for each other: up to 256 at once. When a writer has come
/// no further reader enters before him; those who wait are served in order of arrival. A reader does not become a writer: who reads and
/// enters to write waits for himself. One by name lies in the runtime directory, and lasts until it is removed or the machine restarts.
/// </remarks>
public sealed class NamedReaderWriterLock : IDisposable
{
    private readonly ReaderWriterCore _core;

    private NamedReaderWriterLock(string? name, ReaderWriterCore core)
    {
        Name = name;
        _core = core;
    }

    /// <summary>As <see cref="Dispose"/>.</summary>
    ~NamedReaderWriterLock() => _core.Close();

    /// <summary>How many bytes one takes in a region.</summary>
    public static long SizeInRegion => ReaderWriterLayout.Size;

    /// <summary>Its name; <see langword="null"/> for one that lies in a region.</summary>
    public string? Name { get; }

    /// <summary>Who is inside, as it was a moment ago: a writer, or readers.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Holders => this.Kept(_core.Snapshot()).Holders;

    /// <summary>Who waits, in the order in which they will enter, as it was a moment ago.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Waiters => this.Kept(_core.Snapshot()).Waiters;

    /// <summary>Opens the lock of a name, or makes it.</summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>. All kinds of locks share their names.</param>
    /// <param name="options">How it is used here.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: something else has the name, or it is of another version. Corrupt: its file has been cut or overwritten. Full: no room
    /// for the file. AlreadyExists: a file that Fairlead did not make has the name. PermissionDenied: the runtime directory is not this
    /// user's to use.
    /// </exception>
    public static NamedReaderWriterLock Open(string name, NamedReaderWriterLockOptions? options = null) =>
        new(
            name,
            new ReaderWriterCore(
                LockPlace.Named(name, ReaderWriterLayout.Size, RegionContent.ReaderWriterLock), options?.DetectDeadlock == true));

    /// <summary>Opens the lock at a place in a region, or makes it: memory that is zero is a free one.</summary>
    /// <param name="region">A memory file, a named region, a POSIX segment or a file. May be disposed before the lock.</param>
    /// <param name="offset">In bytes from the beginning; a multiple of 64. It takes <see cref="SizeInRegion"/> bytes.</param>
    /// <param name="options">How it is used here.</param>
    /// <exception cref="ArgumentException">It does not lie in the region whole, or not at a multiple of 64.</exception>
    /// <exception cref="FairleadException">
    /// Incompatible: it is of another version. Corrupt: something else lies there. NotSupported: the region is a System V segment.
    /// </exception>
    public static NamedReaderWriterLock OpenIn(SharedRegion region, long offset, NamedReaderWriterLockOptions? options = null) =>
        new(
            null,
            new ReaderWriterCore(
                LockPlace.InRegion(region, offset, ReaderWriterLayout.Size, "the reader-writer lock"), options?.DetectDeadlock == true));

    /// <summary>
    /// Takes the name away. Who has the lock open keeps it, and whoever opens the name gets another: so when nobody uses it any more.
    /// </summary>
    /// <param name="name">As for <see cref="Open"/>.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="FairleadException">AlreadyExists: what has the name is no lock, and stays.</exception>
    public static bool Remove(string name) => NamedRegion.Remove(name, RegionContent.ReaderWriterLock);

    /// <summary>Enters to read. Blocks for as long as a writer is inside or has come before.</summary>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>To be disposed when done.</returns>
    /// <exception cref="FairleadException">
    /// Timeout: names who is inside, also in <see cref="FairleadException.Peer"/>. Deadlock: only with
    /// <see cref="NamedReaderWriterLockOptions.DetectDeadlock"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public ReadScope EnterRead(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        TryRead(timeout, cancellationToken, out ReadScope scope) ? scope : throw NotInTime(timeout);

    /// <summary>Enters to read if that is possible in time. Blocks.</summary>
    /// <param name="timeout">At most so long; zero: does not wait.</param>
    /// <param name="scope">To be disposed when done.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it was entered.</returns>
    /// <exception cref="FairleadException">Deadlock: only with <see cref="NamedReaderWriterLockOptions.DetectDeadlock"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool TryEnterRead(TimeSpan timeout, out ReadScope scope, CancellationToken cancellationToken = default) =>
        TryRead(timeout, cancellationToken, out scope);

    /// <summary>Enters to read. Waiting takes no thread.</summary>
    /// <inheritdoc cref="EnterRead" path="/param|/returns|/exception"/>
    public async ValueTask<ReadScope> EnterReadAsync(TimeSpan? timeout, CancellationToken cancellationToken = default) =>
        await TryReadAsync(timeout, cancellationToken).ConfigureAwait(false) ?? throw NotInTime(timeout);

    /// <inheritdoc cref="EnterReadAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask<ReadScope> EnterReadAsync(CancellationToken cancellationToken = default) => EnterReadAsync(null, cancellationToken);

    /// <summary>Enters to read if that is possible in time. Waiting takes no thread.</summary>
    /// <param name="timeout">At most so long; zero: does not wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>To be disposed when done; <see langword="null"/>: not in time.</returns>
    /// <inheritdoc cref="TryEnterRead" path="/exception"/>
    public ValueTask<ReadScope?> TryEnterReadAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        TryReadAsync(timeout, cancellationToken);

    /// <summary>Enters to write. Blocks for as long as others are inside or have come before.</summary>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>To be disposed when done.</returns>
    /// <exception cref="FairleadException">
    /// Timeout: names who is inside, also in <see cref="FairleadException.Peer"/>. Deadlock: only with
    /// <see cref="NamedReaderWriterLockOptions.DetectDeadlock"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public WriteScope EnterWrite(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        TryWrite(timeout, cancellationToken, out WriteScope scope) ? scope : throw NotInTime(timeout);

    /// <summary>Enters to write if that is possible in time. Blocks.</summary>
    /// <param name="timeout">At most so long; zero: does not wait.</param>
    /// <param name="scope">To be disposed when done.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it was entered.</returns>
    /// <exception cref="FairleadException">Deadlock: only with <see cref="NamedReaderWriterLockOptions.DetectDeadlock"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool TryEnterWrite(TimeSpan timeout, out WriteScope scope, CancellationToken cancellationToken = default) =>
        TryWrite(timeout, cancellationToken, out scope);

    /// <summary>Enters to write. Waiting takes no thread.</summary>
    /// <inheritdoc cref="EnterWrite" path="/param|/returns|/exception"/>
    public async ValueTask<WriteScope> EnterWriteAsync(TimeSpan? timeout, CancellationToken cancellationToken = default) =>
        await TryWriteAsync(timeout, cancellationToken).ConfigureAwait(false) ?? throw NotInTime(timeout);

    /// <inheritdoc cref="EnterWriteAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask<WriteScope> EnterWriteAsync(CancellationToken cancellationToken = default) => EnterWriteAsync(null, cancellationToken);

    /// <summary>Enters to write if that is possible in time. Waiting takes no thread.</summary>
    /// <param name="timeout">At most so long; zero: does not wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>To be disposed when done; <see langword="null"/>: not in time.</returns>
    /// <inheritdoc cref="TryEnterWrite" path="/exception"/>
    public ValueTask<WriteScope?> TryEnterWriteAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        TryWriteAsync(timeout, cancellationToken);

    /// <summary>Asks whether its file is still what its name means. Costs some system calls. Of one in a region, ask the region.</summary>
    /// <exception cref="FairleadException">Corrupt: it is not, and what.</exception>
    public void Verify() => _core.Verify();

    /// <summary>Lets go of it in this process; who is inside, or waits, through this object does so to the end. The lock stays.</summary>
    public void Dispose()
    {
        _core.Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>For people: what it is.</summary>
    public override string ToString() => _core.Description;

    private bool TryRead(TimeSpan? timeout, CancellationToken cancellationToken, out ReadScope scope)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout);
        int thread = NativeThread.Id;
        bool reads = _core.TryReadIdle(thread, out SeatStay stay);
        if (!reads)
        {
            ReaderWriterAttempt attempt = new(_core, writes: false, thread);
            reads = attempt.Wait(deadline, cancellationToken);
            stay = attempt.Reading;
        }

        // One that nobody refers to any more is closed: not while somebody is about to enter.
        GC.KeepAlive(this);
        scope = new ReadScope(stay);
        return reads;
    }

    private async ValueTask<ReadScope?> TryReadAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout);
        bool reads = _core.TryReadIdle(thread: 0, out SeatStay stay);
        if (!reads)
        {
            ReaderWriterAttempt attempt = new(_core, writes: false, thread: 0);
            reads = await attempt.WaitAsync(deadline, cancellationToken).ConfigureAwait(false);
            stay = attempt.Reading;
        }

        GC.KeepAlive(this);
        return reads ? new ReadScope(stay) : null;
    }

    private bool TryWrite(TimeSpan? timeout, CancellationToken cancellationToken, out WriteScope scope)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout);
        int thread = NativeThread.Id;
        WriteHold? hold = _core.TryWriteIdle(thread, out Stay? gate);
        if (hold is null)
        {
            ReaderWriterAttempt attempt = new(_core, writes: true, thread, gate);
            _ = attempt.Wait(deadline, cancellationToken);
            hold = attempt.Writing;
        }

        GC.KeepAlive(this);
        scope = new WriteScope(hold);
        return hold is not null;
    }

    private async ValueTask<WriteScope?> TryWriteAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout);
        WriteHold? hold = _core.TryWriteIdle(thread: 0, out Stay? gate);
        if (hold is null)
        {
            ReaderWriterAttempt attempt = new(_core, writes: true, thread: 0, gate);
            _ = await attempt.WaitAsync(deadline, cancellationToken).ConfigureAwait(false);
            hold = attempt.Writing;
        }

        GC.KeepAlive(this);
        return hold is null ? null : new WriteScope(hold);
    }

    private FairleadException NotInTime(TimeSpan? timeout)
    {
        LockSnapshot snapshot = _core.Snapshot();
        LockHolder? holder = snapshot.Holder;
        string time = string.Create(CultureInfo.InvariantCulture, $"{timeout?.TotalSeconds ?? 0:0.###} s");
        return snapshot.NotInTime(
            holder is null
                ? $"{_core.Description} could not be entered within {time}"
                : $"{_core.Description} is held by {holder}, and could not be entered within {time}",
            holder);
    }
}
