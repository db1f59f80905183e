using Fairlead.Memory.Boards.Storage;

namespace Fairlead.Memory;

/// <summary>
/// Waits for a change of any cell of a board, or of some of them. It remembers what it has reported: a change between two waits ends the
/// second immediately.
/// </summary>
/// <remarks>
/// For one waiter at a time. While a watch waits, each write to the board costs its writer a system call, and wakes the watch.
/// </remarks>
public sealed class BoardWatch
{
    private readonly SharedBoard _board;
    private readonly List<BoardReader> _readers = [];
    private readonly bool _isOfAll;
    private int _isWaiting;

    internal BoardWatch(SharedBoard board, BoardSlot[] slots, bool isOfAll)
    {
        _board = board;
        _isOfAll = isOfAll;
        foreach (BoardSlot slot in slots)
        {
            _readers.Add(BoardReader.FromNow(board.Core, slot));
        }
    }

    /// <summary>Blocks until a cell changes, or its writer dies.</summary>
    /// <param name="timeout">The longest time to wait; null: no limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Each cell that has changed since the last wait, or since the watch was made; one at least.</returns>
    /// <exception cref="FairleadException">
    /// Timeout: nothing changed in time. Corrupt: an entry of the board has been overwritten.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="InvalidOperationException">Another wait through this object has not ended.</exception>
    /// <exception cref="ObjectDisposedException">The board has been disposed.</exception>
    public IReadOnlyList<BoardChange> Wait(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        WaitOnce(timeout, cancellationToken) ?? throw NotInTime(timeout);

    /// <summary>Blocks until a cell changes, or its writer dies.</summary>
    /// <param name="timeout">The longest time to wait; zero: looks once.</param>
    /// <param name="changes">As <see cref="Wait"/> returns them; empty: nothing changed in time.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether something changed in time.</returns>
    /// <inheritdoc cref="Wait" path="/exception"/>
    public bool TryWait(TimeSpan timeout, out IReadOnlyList<BoardChange> changes, CancellationToken cancellationToken = default)
    {
        changes = WaitOnce(timeout, cancellationToken) ?? [];
        return changes.Count > 0;
    }

    /// <summary>Waits until a cell changes, or its writer dies. Takes no thread.</summary>
    /// <inheritdoc cref="Wait" path="/param|/returns|/exception"/>
    public async ValueTask<IReadOnlyList<BoardChange>> WaitAsync(TimeSpan? timeout, CancellationToken cancellationToken = default) =>
        await WaitOnceAsync(timeout, cancellationToken).ConfigureAwait(false) ?? throw NotInTime(timeout);

    /// <inheritdoc cref="WaitAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask<IReadOnlyList<BoardChange>> WaitAsync(CancellationToken cancellationToken = default) =>
        WaitAsync(null, cancellationToken);

    /// <summary>Waits until a cell changes, or its writer dies. Takes no thread.</summary>
    /// <param name="timeout">The longest time to wait; zero: looks once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>As <see cref="Wait"/>; empty: nothing changed in time.</returns>
    /// <inheritdoc cref="Wait" path="/exception"/>
    public async ValueTask<IReadOnlyList<BoardChange>> TryWaitAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        await WaitOnceAsync(timeout, cancellationToken).ConfigureAwait(false) ?? [];

    private IReadOnlyList<BoardChange>? WaitOnce(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        Begin();
        try
        {
            return _board.Wait(Attempt, timeout, cancellationToken);
        }
        finally
        {
            Volatile.Write(ref _isWaiting, 0);
        }
    }

    private async ValueTask<IReadOnlyList<BoardChange>?> WaitOnceAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        Begin();
        try
        {
            return await _board.WaitAsync(Attempt, timeout, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _isWaiting, 0);
        }
    }

    private void Begin()
    {
        if (Interlocked.Exchange(ref _isWaiting, 1) != 0)
        {
            throw new InvalidOperationException("A wait through this watch has not ended: make a watch for each waiter.");
        }
    }

    private BoardAttempt Attempt() => new(_board.Core, Readers, _board.Core.Doorbell);

    // By a caller that keeps the memory. A cell that was added meanwhile is new with its first value, and with the death of its writer.
    private List<BoardReader> Readers()
    {
        if (_isOfAll)
        {
            BoardSlot[] slots = _board.Core.All();
            for (int i = _readers.Count; i < slots.Length; i++)
            {
                _readers.Add(BoardReader.FromBeginning(_board.Core, slots[i]));
            }
        }

        return _readers;
    }

    private FairleadException NotInTime(TimeSpan? timeout) =>
        _board.NotInTime(
            _isOfAll ? _board.ToString() : $"the {_readers.Count} watched cells of {_board}",
            timeout,
            [.. _readers.Select(static reader => reader.Slot)]);
}
