using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fairlead.Memory.Backing;
using Fairlead.Memory.Boards.Storage;
using Fairlead.Synchronization;

namespace Fairlead.Memory;

/// <summary>
/// Many cells by name in one piece of shared memory, each with the newest value of its one writer: for state that several processes
/// publish and many read. Reads are whole, take no lock and make no system call. A reader can wait for a change of one cell, of some, or of
/// any. If a writer dies, its last whole value stays, readers learn of the death, and another writer may follow.
/// </summary>
/// <remarks>
/// Any number of threads may use it. A board lies where named regions lie, is the user's alone, and lasts until it is removed or the
/// machine restarts. Types have no references in them; their size and the layout of their fields are compared
/// (docs/design/shared-board.md).
/// </remarks>
public sealed class SharedBoard : IDisposable
{
    private SharedBoard(BoardCore core) => Core = core;

    /// <summary>As <see cref="Dispose"/>.</summary>
    ~SharedBoard() => Core.Close();

    /// <summary>Its name.</summary>
    public string Name => Core.Memory.Name!;

    /// <summary>Whether this call has made it, and did not find it.</summary>
    public bool IsNew => Core.Memory.IsNew;

    /// <summary>How many cells there can be.</summary>
    public int MaxCells => Core.MaxCells;

    /// <summary>How many bytes the cells can take together.</summary>
    public long MaxBytes => Core.MaxBytes;

    /// <summary>Whether no cell is added any more.</summary>
    /// <exception cref="ObjectDisposedException">The board has been disposed.</exception>
    public bool IsSealed => Inside(static core => core.IsSealed);

    /// <summary>All cells, in the order in which they were added, each as it was a moment ago.</summary>
    /// <exception cref="FairleadException">Corrupt: an entry of the board has been overwritten.</exception>
    /// <exception cref="ObjectDisposedException">The board has been disposed.</exception>
    public IReadOnlyList<BoardCellInfo> Cells =>
        Inside(static core => (IReadOnlyList<BoardCellInfo>)[.. core.All().Select(slot => BoardFile.Describe(
            slot.Entry, slot.Words.Done, slot.HolderSlot, core.OwnerInfoOf(slot.Index)))]);

    internal BoardCore Core { get; }

    /// <summary>Opens the board of a name, or makes it. Concurrent creators all get the same board.</summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>; boards, cells and regions share their names.</param>
    /// <param name="options">The room of a new board. Null: an existing board as it is, or the defaults for a new one.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it has room for something else, is of another layout version, or something else has the name. Full: its file does not
    /// fit. Corrupt: its file has been cut or overwritten. AlreadyExists: a file that is not a region has the name, and stays
    /// untouched. PermissionDenied: the runtime directory is not this user's to use. Unavailable: another process keeps the lock of the
    /// directory.
    /// </exception>
    public static SharedBoard Open(string name, SharedBoardOptions? options = null)
    {
        SharedBoardOptions wanted = options ?? new SharedBoardOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(wanted.MaxCells, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(wanted.MaxCells, BoardLayout.MostCells, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(wanted.MaxBytes, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(wanted.MaxBytes, long.MaxValue / 2, nameof(options));
        BoardCore core = new(NamedRegion.Open(
            name,
            BoardLayout.Size(wanted.MaxCells, wanted.MaxBytes),
            RegionContent.Board,
            file => BoardHeader.Write(file, wanted.MaxCells, wanted.MaxBytes)));
        if (options is not null && (core.MaxCells, core.MaxBytes) != (wanted.MaxCells, wanted.MaxBytes))
        {
            FairleadException other = new(
                ErrorCode.Incompatible,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{core.Description} has room for {core.MaxCells} cells in {core.MaxBytes} bytes, but {wanted.MaxCells} in "
                        + $"{wanted.MaxBytes} were requested"),
                "Open it without options, or remove it first.");
            core.Close();
            throw other;
        }

        return new SharedBoard(core);
    }

    /// <summary>
    /// Removes the name of a board. A process that has it open keeps the memory until it disposes it; a process that opens the name
    /// afterwards gets another.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="FairleadException">AlreadyExists: a file that is not a region has the name, and stays.</exception>
    public static bool Remove(string name) => NamedRegion.Remove(name, RegionContent.Board);

    /// <summary>All boards of this user, by name, seen without taking part. A board may change during the call.</summary>
    /// <exception cref="FairleadException">PermissionDenied: the runtime directory is not this user's to use.</exception>
    public static IReadOnlyList<SharedBoardInfo> List() => BoardFile.All();

    /// <summary>Returns a cell, and adds it where there is none of this key. Reads, writes and waits go through it.</summary>
    /// <typeparam name="T">A type without references. All programs must lay it out alike; that is checked.</typeparam>
    /// <param name="key">1 to 96 bytes of UTF-8 without control characters.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: the cell holds a type of another size or layout; the message names both. NotFound: the board is sealed
    /// and has no such cell. Full: another cell does not fit. Corrupt: an entry of the board has been overwritten. Unavailable: another
    /// process keeps the lock of the directory.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The board has been disposed.</exception>
    public BoardCell<T> Cell<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(string key)
        where T : unmanaged
    {
        BoardEntry.CheckKey(key);
        Core.Enter();
        try
        {
            return new BoardCell<T>(this, Core.FindOrAdd(BoardEntry.Of<T>(key)));
        }
        finally
        {
            Core.Exit();
        }
    }

    /// <summary>
    /// Becomes the one writer of a cell, until the result is disposed or this process ends. Adds the cell where there is none of this key.
    /// </summary>
    /// <inheritdoc cref="Cell" path="/typeparam|/param"/>
    /// <exception cref="FairleadException">
    /// AlreadyExists: the cell has a writer that lives, which <see cref="FairleadException.Peer"/> names. Otherwise as
    /// <see cref="Cell"/>.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The board has been disposed.</exception>
    public BoardWriter<T> Write<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(string key)
        where T : unmanaged
    {
        BoardEntry.CheckKey(key);
        Core.Enter();
        try
        {
            return new BoardWriter<T>(this, Core.FindOrAdd(BoardEntry.Of<T>(key)));
        }
        finally
        {
            Core.Exit();
        }
    }

    /// <summary>Copies the newest whole value of a cell; all zeroes when none was ever written. Adds no cell.</summary>
    /// <inheritdoc cref="Cell" path="/typeparam|/param"/>
    /// <exception cref="FairleadException">
    /// NotFound: the board has no cell of this key; the message names its keys. Incompatible: the cell holds a type of another size
    /// or layout. Otherwise as <see cref="BoardCell{T}.Read"/>.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The board has been disposed.</exception>
    public T Read<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(string key)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(key);
        Core.Enter();
        try
        {
            BoardSlot slot = Core.Find(key) ?? throw Core.NoCell(key);
            if (!slot.Entry.Fits(LayoutFingerprint.Of<T>(), slot.Entry.Size))
            {
                slot.Require(BoardEntry.Of<T>(key));
            }

            return CellCopy.Newest<T>(slot.Words, slot.Words.Done, out _, slot);
        }
        finally
        {
            Core.Exit();
            GC.KeepAlive(this);
        }
    }

    /// <summary>
    /// Makes a watch, which waits for changes of some cells, or of any: also of those that are added later. A change from now on ends
    /// its waits.
    /// </summary>
    /// <param name="keys">Which cells; none: all.</param>
    /// <exception cref="FairleadException">NotFound: the board has no cell of one of the keys.</exception>
    /// <exception cref="ObjectDisposedException">The board has been disposed.</exception>
    public BoardWatch Watch(params IReadOnlyList<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        Core.Enter();
        try
        {
            BoardSlot[] slots = keys.Count == 0
                ? Core.All()
                : [.. keys.Distinct(StringComparer.Ordinal).Select(key => Core.Find(key) ?? throw Core.NoCell(key))];
            return new BoardWatch(this, slots, isOfAll: keys.Count == 0);
        }
        finally
        {
            Core.Exit();
        }
    }

    /// <summary>Fixes keys and types: no process adds a cell any more. Cannot be undone.</summary>
    /// <exception cref="FairleadException">Unavailable: another process keeps the lock of the directory.</exception>
    /// <exception cref="ObjectDisposedException">The board has been disposed.</exception>
    public void Seal() =>
        Inside(static core =>
        {
            core.Seal();
            return true;
        });

    /// <summary>Asks whether its file is still whole and still what its name means. Costs some system calls.</summary>
    /// <exception cref="FairleadException">Corrupt: it is not, and what.</exception>
    /// <exception cref="ObjectDisposedException">The board has been disposed.</exception>
    public void Verify() =>
        Inside(static core =>
        {
            core.Memory.Verify();
            return true;
        });

    /// <summary>
    /// Detaches this process, which lets go of the cells that it writes through this object; waits through this object continue to their
    /// end. The board and its values stay.
    /// </summary>
    public void Dispose()
    {
        Core.Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>Returns a description for people.</summary>
    public override string ToString() => Core.Description;

    internal T Copy<T>(BoardSlot slot, out long version)
        where T : unmanaged
    {
        Core.Enter();
        try
        {
            return CellCopy.Newest<T>(slot.Words, slot.Words.Done, out version, slot);
        }
        finally
        {
            Core.Exit();
        }
    }

    internal TValue Kept<TValue>(BoardSlot slot, Func<BoardSlot, TValue> look)
    {
        Core.Enter();
        try
        {
            return look(slot);
        }
        finally
        {
            Core.Exit();
        }
    }

    internal LockHolder? WriterOf(BoardSlot slot)
    {
        Core.Enter();
        try
        {
            return BoardClaim.WriterIn(slot.HolderSlot, Core.OwnerInfoOf(slot.Index));
        }
        finally
        {
            Core.Exit();
        }
    }

    internal BoardCell<T> Again<T>(BoardSlot slot)
        where T : unmanaged
    {
        Core.Enter();
        try
        {
            return new BoardCell<T>(this, slot);
        }
        finally
        {
            Core.Exit();
        }
    }

    /// <returns>Null: not in time.</returns>
    internal IReadOnlyList<BoardChange>? Wait(Func<BoardAttempt> begin, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        Deadline deadline = Deadline.After(timeout);
        cancellationToken.ThrowIfCancellationRequested();
        BoardAttempt attempt = begin();
        bool isChanged = attempt.Wait(deadline, cancellationToken);
        GC.KeepAlive(this);
        return isChanged ? attempt.Changes : null;
    }

    /// <returns>Null: not in time.</returns>
    internal async ValueTask<IReadOnlyList<BoardChange>?> WaitAsync(
        Func<BoardAttempt> begin, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        Deadline deadline = Deadline.After(timeout);
        cancellationToken.ThrowIfCancellationRequested();
        BoardAttempt attempt = begin();
        bool isChanged = await attempt.WaitAsync(deadline, cancellationToken).ConfigureAwait(false);
        GC.KeepAlive(this);
        return isChanged ? attempt.Changes : null;
    }

    internal FairleadException NotInTime(string what, TimeSpan? timeout, BoardSlot[] slots)
    {
        LockHolder? writer = slots.Select(WriterOf).FirstOrDefault(static found => found is not null);
        string state = writer is not null ? $"written by {writer}" : "no writer lives";
        return new FairleadException(
            ErrorCode.Timeout,
            string.Create(CultureInfo.InvariantCulture, $"{what} did not change within {timeout?.TotalSeconds ?? 0:0.###} s ({state})"),
            writer is null ? "Start the program that writes: fairlead list --boards shows the cells." : null)
        {
            Peer = writer?.Peer,
        };
    }

    private TValue Inside<TValue>(Func<BoardCore, TValue> step)
    {
        Core.Enter();
        try
        {
            return step(Core);
        }
        finally
        {
            Core.Exit();
            GC.KeepAlive(this);
        }
    }
}
