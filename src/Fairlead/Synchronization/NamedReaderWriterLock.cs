using System.Globalization;
using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Native.Waiting;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization;

/// <summary>
/// A lock between the processes of this user for many readers at a time or one writer, by name or in a <see cref="SharedRegion"/>. Each
/// entry belongs to the returned scope, and ends when its process dies. If a writer dies inside, later callers see it
/// (<see cref="ReadScope.OwnerDied"/>, <see cref="WriteScope.OwnerDied"/>).
/// </summary>
/// <remarks>
/// Without a writer, reading makes no system call, and up to 256 readers do not wait for each other. A waiting writer lets no later reader
/// enter before it; waiters are served in order of arrival. A reader cannot become a writer: a reader that enters to write waits for
/// itself. A named one is a file in the runtime directory. It lasts until you remove it or the machine restarts.
/// </remarks>
public sealed class NamedReaderWriterLock : IDisposable
{
    private readonly ReaderWriterCore _core;

    private NamedReaderWriterLock(string? name, ReaderWriterCore core)
    {
        Name = name;
        _core = core;
    }

    /// <summary>Same as <see cref="Dispose"/>.</summary>
    ~NamedReaderWriterLock() => _core.Close();

    /// <summary>The size in a region, in bytes.</summary>
    public static long SizeInRegion => ReaderWriterLayout.Size;

    /// <summary>Its name; <see langword="null"/> if it lies in a region.</summary>
    public string? Name { get; }

    /// <summary>A snapshot of the owners: one writer, or the readers.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Holders => this.Kept(_core.Snapshot()).Holders;

    /// <summary>A snapshot of the waiters, in the order in which they will enter.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Waiters => this.Kept(_core.Snapshot()).Waiters;

    /// <summary>Opens a named lock, or creates it.</summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>. All kinds of locks share one set of names.</param>
    /// <param name="options">How this object uses the lock.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: the name belongs to another kind of object, or another version of Fairlead created it. Corrupt: its file has been
    /// truncated or overwritten. Full: not enough space for the file. AlreadyExists: the name belongs to a file that Fairlead did not
    /// create. PermissionDenied: this user may not use the runtime directory.
    /// </exception>
    public static NamedReaderWriterLock Open(string name, NamedReaderWriterLockOptions? options = null) =>
        new(
            name,
            new ReaderWriterCore(
                LockPlace.Named(name, ReaderWriterLayout.Size, RegionContent.ReaderWriterLock), options?.DetectDeadlock == true));

    /// <summary>Opens the lock at an offset in a region, or creates it. Memory that is all zero is a free lock.</summary>
    /// <param name="region">A memory file, a named region, a POSIX segment or a file. You may dispose it before the lock.</param>
    /// <param name="offset">
    /// The offset in bytes from the start of the region; a multiple of 64. The lock takes <see cref="SizeInRegion"/> bytes.
    /// </param>
    /// <param name="options">How this object uses the lock.</param>
    /// <exception cref="ArgumentException">The offset is not a multiple of 64, or the lock does not fit into the region there.</exception>
    /// <exception cref="FairleadException">
    /// Incompatible: another version of Fairlead created it. Corrupt: the memory at the offset holds something else. NotSupported: the
    /// region is a System V segment.
    /// </exception>
    public static NamedReaderWriterLock OpenIn(SharedRegion region, long offset, NamedReaderWriterLockOptions? options = null) =>
        new(
            null,
            new ReaderWriterCore(
                LockPlace.InRegion(region, offset, ReaderWriterLayout.Size, "the reader-writer lock"), options?.DetectDeadlock == true));

    /// <summary>
    /// Removes the name. Processes that have the lock open keep it; the next one to open the name creates a new lock. Call it when no
    /// process uses the lock any more.
    /// </summary>
    /// <param name="name">As for <see cref="Open"/>.</param>
    /// <returns>Whether the name existed.</returns>
    /// <exception cref="FairleadException">AlreadyExists: the name belongs to something that is not a lock. Nothing is removed.</exception>
    public static bool Remove(string name) => NamedRegion.Remove(name, RegionContent.ReaderWriterLock);

    /// <summary>Enters for reading. Blocks while a writer is inside or came first.</summary>
    /// <param name="timeout">The longest time to wait; null: no limit.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The scope, to be disposed when done.</returns>
    /// <exception cref="FairleadException">
    /// Timeout: the message and <see cref="FairleadException.Peer"/> name the owner. Deadlock: only with
    /// <see cref="NamedReaderWriterLockOptions.DetectDeadlock"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public ReadScope EnterRead(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        TryRead(timeout, cancellationToken, out ReadScope scope) ? scope : throw NotInTime(timeout);

    /// <summary>Tries to enter for reading within a time. Blocks.</summary>
    /// <param name="timeout">The longest time to wait; zero: do not wait.</param>
    /// <param name="scope">The scope, to be disposed when done.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>Whether the call entered.</returns>
    /// <exception cref="FairleadException">Deadlock: only with <see cref="NamedReaderWriterLockOptions.DetectDeadlock"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool TryEnterRead(TimeSpan timeout, out ReadScope scope, CancellationToken cancellationToken = default) =>
        TryRead(timeout, cancellationToken, out scope);

    /// <summary>Enters for reading. Waiting takes no thread.</summary>
    /// <inheritdoc cref="EnterRead" path="/param|/returns|/exception"/>
    public async ValueTask<ReadScope> EnterReadAsync(TimeSpan? timeout, CancellationToken cancellationToken = default) =>
        await TryReadAsync(timeout, cancellationToken).ConfigureAwait(false) ?? throw NotInTime(timeout);

    /// <inheritdoc cref="EnterReadAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask<ReadScope> EnterReadAsync(CancellationToken cancellationToken = default) => EnterReadAsync(null, cancellationToken);

    /// <summary>Tries to enter for reading within a time. Waiting takes no thread.</summary>
    /// <param name="timeout">The longest time to wait; zero: do not wait.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The scope, to be disposed when done; <see langword="null"/> if the time ran out.</returns>
    /// <inheritdoc cref="TryEnterRead" path="/exception"/>
    public ValueTask<ReadScope?> TryEnterReadAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        TryReadAsync(timeout, cancellationToken);

    /// <summary>Enters for writing. Blocks while another caller is inside or came first.</summary>
    /// <param name="timeout">The longest time to wait; null: no limit.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The scope, to be disposed when done.</returns>
    /// <exception cref="FairleadException">
    /// Timeout: the message and <see cref="FairleadException.Peer"/> name the owner. Deadlock: only with
    /// <see cref="NamedReaderWriterLockOptions.DetectDeadlock"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public WriteScope EnterWrite(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        TryWrite(timeout, cancellationToken, out WriteScope scope) ? scope : throw NotInTime(timeout);

    /// <summary>Tries to enter for writing within a time. Blocks.</summary>
    /// <param name="timeout">The longest time to wait; zero: do not wait.</param>
    /// <param name="scope">The scope, to be disposed when done.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>Whether the call entered.</returns>
    /// <exception cref="FairleadException">Deadlock: only with <see cref="NamedReaderWriterLockOptions.DetectDeadlock"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public bool TryEnterWrite(TimeSpan timeout, out WriteScope scope, CancellationToken cancellationToken = default) =>
        TryWrite(timeout, cancellationToken, out scope);

    /// <summary>Enters for writing. Waiting takes no thread.</summary>
    /// <inheritdoc cref="EnterWrite" path="/param|/returns|/exception"/>
    public async ValueTask<WriteScope> EnterWriteAsync(TimeSpan? timeout, CancellationToken cancellationToken = default) =>
        await TryWriteAsync(timeout, cancellationToken).ConfigureAwait(false) ?? throw NotInTime(timeout);

    /// <inheritdoc cref="EnterWriteAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask<WriteScope> EnterWriteAsync(CancellationToken cancellationToken = default) => EnterWriteAsync(null, cancellationToken);

    /// <summary>Tries to enter for writing within a time. Waiting takes no thread.</summary>
    /// <param name="timeout">The longest time to wait; zero: do not wait.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The scope, to be disposed when done; <see langword="null"/> if the time ran out.</returns>
    /// <inheritdoc cref="TryEnterWrite" path="/exception"/>
    public ValueTask<WriteScope?> TryEnterWriteAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        TryWriteAsync(timeout, cancellationToken);

    /// <summary>
    /// Checks that its file is still the one that the name refers to. Takes a few system calls. For a lock in a region, verify the region.
    /// </summary>
    /// <exception cref="FairleadException">Corrupt: it is not; the message says what is wrong.</exception>
    public void Verify() => _core.Verify();

    /// <summary>
    /// Closes the lock in this process. Scopes and waits that began through this object run to their end. The lock itself stays.
    /// </summary>
    public void Dispose()
    {
        _core.Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>Returns a description for people.</summary>
    public override string ToString() => _core.Description;

    private bool TryRead(TimeSpan? timeout, CancellationToken cancellationToken, out ReadScope scope)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout);
        int thread = NativeThread.Id;
        bool reads = _core.TryReadIdle(thread, out SlotStay stay);
        if (!reads)
        {
            ReaderWriterAttempt attempt = new(_core, writes: false, thread);
            reads = attempt.Wait(deadline, cancellationToken);
            stay = attempt.Reading;
        }

        // The finalizer closes an unreachable object; it must not run while a call is about to enter.
        GC.KeepAlive(this);
        scope = new ReadScope(stay);
        return reads;
    }

    private async ValueTask<ReadScope?> TryReadAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout);
        bool reads = _core.TryReadIdle(thread: 0, out SlotStay stay);
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
