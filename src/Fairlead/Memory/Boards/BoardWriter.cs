using Fairlead.Memory.Boards.Storage;

namespace Fairlead.Memory;

/// <summary>The one writer of a cell of a board, until it is disposed or its process ends.</summary>
/// <typeparam name="T">A type without references.</typeparam>
/// <remarks>
/// Any number of threads may use it; they take turns. Writing never waits for a reader. It costs a system call where a reader waits.
/// </remarks>
public sealed class BoardWriter<T> : IDisposable
    where T : unmanaged
{
    private readonly SharedBoard _board;
    private readonly BoardSlot _slot;
    private readonly BoardClaim _claim;

    internal BoardWriter(SharedBoard board, BoardSlot slot)
    {
        _board = board;
        _slot = slot;
        _claim = BoardClaim.Take(board.Core, slot);
    }

    /// <summary>As <see cref="Dispose"/>.</summary>
    ~BoardWriter() => _claim?.Release();

    /// <summary>The cell's name on the board.</summary>
    public string Key => _slot.Entry.Key;

    /// <summary>The newest value; all zeroes when none was ever written. Setting it is <see cref="Write"/>.</summary>
    /// <inheritdoc cref="Write" path="/exception"/>
    public T Value
    {
        get => _board.Copy<T>(_slot, out _);
        set => Write(in value);
    }

    /// <summary>Writes the next value; readers see it immediately. Never waits for a reader.</summary>
    /// <param name="value">The value.</param>
    /// <exception cref="ObjectDisposedException">The writer or its board has been disposed.</exception>
    public void Write(in T value)
    {
        _board.Core.Enter();
        try
        {
            ObjectDisposedException.ThrowIf(!_claim.TryWrite(in value), this);
        }
        finally
        {
            _board.Core.Exit();
            GC.KeepAlive(this);
        }
    }

    /// <summary>Lets go of the cell; another writer may follow. The value stays.</summary>
    public void Dispose()
    {
        _claim.Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>Returns a description for people.</summary>
    public override string ToString() => $"the writer of {_slot.Description}";
}
