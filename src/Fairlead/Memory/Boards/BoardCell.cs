using System.Runtime.CompilerServices;
using Fairlead.Memory.Boards.Storage;
using Fairlead.Synchronization;

namespace Fairlead.Memory;

/// <summary>
/// A cell of a board: the newest value of one writer. Reads are whole, take no lock and make no system call. The object remembers how far
/// its user has read: a wait ends at the first value that is newer. So a loop that reads and then waits misses no newest value.
/// </summary>
/// <typeparam name="T">A type without references.</typeparam>
/// <remarks>
/// Any number of threads may use it, but they share the memory of how far they have read: each waiting thread takes another cell
/// object (<see cref="SharedBoard.Cell"/> makes one at each call, cheaply). Good until the board is disposed.
/// </remarks>
public sealed class BoardCell<T>
    where T : unmanaged
{
    private readonly SharedBoard _board;
    private readonly BoardSlot _slot;
    private readonly BoardReader _reader;
    private readonly BoardReader[] _readers;
    private BoardClaim? _claim;

    internal BoardCell(SharedBoard board, BoardSlot slot)
    {
        _board = board;
        _slot = slot;
        _reader = BoardReader.FromNow(board.Core, slot);
        _readers = [_reader];
    }

    /// <summary>Its name on the board.</summary>
    public string Key => _slot.Entry.Key;

    /// <summary>The number of the newest value, counted from 1 since the cell was added; 0: none was ever written.</summary>
    /// <exception cref="ObjectDisposedException">The board has been disposed.</exception>
    public long Version => _board.Kept(_slot, static slot => slot.Words.Done);

    /// <summary>The process that writes it; <see langword="null"/>: none. Costs some system calls.</summary>
    /// <exception cref="ObjectDisposedException">The board has been disposed.</exception>
    public LockHolder? Writer => _board.WriterOf(_slot);

    /// <summary>Whether the last writer ended without disposing its writer or board, and no other has followed. No system call.</summary>
    /// <exception cref="ObjectDisposedException">The board has been disposed.</exception>
    public bool WriterDied => _board.Kept(_slot, static slot => slot.HolderSlot is { HasOwner: false, Word.HasDied: true });

    /// <summary>Copies the newest whole value; all zeroes when none was ever written.</summary>
    /// <exception cref="FairleadException">
    /// Corrupt: the cell's words contradict each other, because another program has written there. Unavailable: the writer was faster
    /// 100,000 times in a row.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The board has been disposed.</exception>
    public T Read()
    {
        T value = _board.Copy<T>(_slot, out long version);
        _reader.Seen = version;
        return value;
    }

    /// <summary>Copies the newest whole value if it is newer than one that was read before.</summary>
    /// <param name="version">The version that was read last, at first 0; becomes the version of the copy.</param>
    /// <param name="value">The copy, or nothing.</param>
    /// <returns>Whether there was a newer one. Values between the two were missed.</returns>
    /// <inheritdoc cref="Read" path="/exception"/>
    public bool TryReadNew(ref long version, out T value)
    {
        if (Version == version)
        {
            value = default;
            return false;
        }

        value = _board.Copy<T>(_slot, out version);
        _reader.Seen = version;
        return true;
    }

    /// <summary>
    /// Writes the next value; readers see it immediately. Never waits for a reader. The first write makes the board object the cell's
    /// writer, until it is disposed or its process ends. To hold the place for a shorter time, or to take it before the first value, use
    /// <see cref="SharedBoard.Write"/>.
    /// </summary>
    /// <param name="value">The value.</param>
    /// <exception cref="FairleadException">
    /// AlreadyExists: the cell has another writer, which <see cref="FairleadException.Peer"/> names.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The board has been disposed.</exception>
    public void Write(in T value)
    {
        BoardCore core = _board.Core;
        core.Enter();
        try
        {
            _claim ??= core.Claim(_slot);
            ObjectDisposedException.ThrowIf(!_claim.TryWrite(in value), _board);
        }
        finally
        {
            core.Exit();
            GC.KeepAlive(this);
        }
    }

    /// <summary>Blocks until there is a value that this object has not read, or the writer dies.</summary>
    /// <param name="timeout">The longest time to wait; null: no limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The change. It counts as read.</returns>
    /// <exception cref="FairleadException">Timeout: nothing changed in time. The message says whether a writer lives.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The board has been disposed.</exception>
    public BoardChange WaitForChange(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        _board.Wait(Begin, timeout, cancellationToken) is { } changes ? changes[0] : throw NotInTime(timeout);

    /// <summary>Blocks until there is a value that this object has not read, or the writer dies.</summary>
    /// <param name="timeout">The longest time to wait; zero: looks once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether something changed in time. It counts as read.</returns>
    /// <inheritdoc cref="WaitForChange" path="/exception[not(contains(., 'Timeout'))]"/>
    public bool TryWaitForChange(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        _board.Wait(Begin, timeout, cancellationToken) is not null;

    /// <summary>Waits until there is a value that this object has not read, or the writer dies. Takes no thread.</summary>
    /// <inheritdoc cref="WaitForChange" path="/param|/returns|/exception"/>
    public async ValueTask<BoardChange> ChangedAsync(TimeSpan? timeout, CancellationToken cancellationToken = default) =>
        await _board.WaitAsync(Begin, timeout, cancellationToken).ConfigureAwait(false) is { } changes
            ? changes[0]
            : throw NotInTime(timeout);

    /// <inheritdoc cref="ChangedAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask<BoardChange> ChangedAsync(CancellationToken cancellationToken = default) => ChangedAsync(null, cancellationToken);

    /// <summary>Waits until there is a value that this object has not read, or the writer dies. Takes no thread.</summary>
    /// <inheritdoc cref="TryWaitForChange" path="/param|/returns|/exception"/>
    public async ValueTask<bool> TryChangedAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        await _board.WaitAsync(Begin, timeout, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>
    /// The newest value, where one was ever written, and then each newer one as soon as it is there; values that are written faster than
    /// they are taken are skipped. Continues when the writer has died: with the values of the next.
    /// </summary>
    /// <param name="cancellationToken">Ends the loop.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <inheritdoc cref="Read" path="/exception"/>
    public async IAsyncEnumerable<T> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // With another memory of what was read: this object may be used meanwhile.
        BoardCell<T> own = _board.Again<T>(_slot);
        long version = 0;
        while (true)
        {
            if (own.TryReadNew(ref version, out T value))
            {
                yield return value;
            }
            else
            {
                await own.ChangedAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Returns a description for people.</summary>
    public override string ToString() => _slot.Description;

    private BoardAttempt Begin() => new(_board.Core, () => _readers, _slot.Doorbell);

    private FairleadException NotInTime(TimeSpan? timeout) => _board.NotInTime(_slot.Description, timeout, [_slot]);
}
