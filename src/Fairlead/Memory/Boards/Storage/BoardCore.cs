using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Registry;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Memory.Boards.Storage;

/// <summary>
/// A board in this process. Its memory is mapped twice: whole, for all that is read and written; and its first pages once more, behind the
/// entries of the owner threads' lists, for the words by which the kernel marks dead writers.
/// </summary>
internal sealed unsafe class BoardCore
{
    private readonly RegionMemory _memory;
    private readonly LockPlace _place;
    private readonly int _cells;
    private readonly long _bytes;
    private readonly ConcurrentDictionary<string, BoardSlot> _byKey = new(StringComparer.Ordinal);
    private readonly RankedLock _gate = new(LockRank.SharedBoard);

    // In the order of their entries; grows inside the gate and is never changed otherwise.
    private BoardSlot[] _slots = [];
    private List<BoardClaim>? _claims = [];

    // Those by which this object itself writes, by the numbers of their cells. Inside the gate.
    private readonly Dictionary<int, BoardClaim> _own = [];
    private volatile bool _isClosed;

    /// <param name="memory">Owned from now on.</param>
    public BoardCore(RegionMemory memory)
    {
        _memory = memory;
        try
        {
            (_cells, _bytes) = ReadHeader(memory);

            // Looks at no header: the region's size and content have been judged.
            _place = LockPlace.InRegion(new SharedRegion(memory), 0, BoardLayout.EntriesAt(_cells), "the board");
            try
            {
                _place.Settle(
                    Header, (uint)_cells, static options => string.Create(CultureInfo.InvariantCulture, $"one of {options} cells"));
            }
            catch
            {
                _place.Dispose();
                throw;
            }
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    public RegionMemory Memory => _memory;

    public byte* Start => _memory.Start;

    public string Description => _memory.Description;

    /// <summary>How many cells there can be.</summary>
    public int MaxCells => _cells;

    /// <summary>How many bytes cells can take.</summary>
    public long MaxBytes => _bytes;

    public bool IsClosed => _isClosed;

    public LockHeader Header => new(Start, BoardLayout.Magic);

    /// <summary>Waiters for several cells sleep on it.</summary>
    public DoorbellWord Doorbell => new((int*)(Start + BoardLayout.DoorbellAt));

    /// <summary>To be looked at.</summary>
    public LockSlots HolderSlots => BoardLayout.HolderSlots(Start, _cells);

    /// <summary>The same words, where an owner thread can own them.</summary>
    public LockSlots OwnHolderSlots => BoardLayout.HolderSlots(_place.Start, _cells);

    public bool IsSealed => Volatile.Read(ref *(uint*)(Start + BoardLayout.SealedAt)) != 0;

    /// <summary>Keeps the memory. The release is <see cref="Exit"/>.</summary>
    /// <exception cref="ObjectDisposedException">The board has been disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Enter()
    {
        if (_isClosed)
        {
            throw Disposed();
        }

        bool isKept = false;
        _memory.Mapping.DangerousAddRef(ref isKept);
    }

    /// <summary>Keeps all of it, the slots too. The release is <see cref="ExitHolderSlots"/>.</summary>
    public void EnterHolderSlots()
    {
        Enter();
        bool isKept = false;
        try
        {
            _place.Mapping.DangerousAddRef(ref isKept);
        }
        finally
        {
            if (!isKept)
            {
                Exit();
            }
        }
    }

    public void ExitHolderSlots()
    {
        _place.Mapping.DangerousRelease();
        Exit();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exit() => _memory.Mapping.DangerousRelease();

    /// <summary>Returns the cell of a key; null: there is none. By a caller that keeps the memory.</summary>
    /// <exception cref="FairleadException">Corrupt: an entry does not hold.</exception>
    public BoardSlot? Find(string key) => _byKey.TryGetValue(key, out BoardSlot? slot) || (Refresh() && _byKey.TryGetValue(key, out slot))
        ? slot
        : null;

    /// <summary>Returns all cells, in the order in which they were added. By a caller that keeps the memory.</summary>
    /// <exception cref="FairleadException">Corrupt: an entry does not hold.</exception>
    public BoardSlot[] All()
    {
        Refresh();
        return Volatile.Read(ref _slots);
    }

    /// <summary>Returns the cell of a key, or adds it. By a caller that keeps the memory.</summary>
    /// <exception cref="FairleadException">
    /// Incompatible: its type is another. NotFound: there is none, and the board is sealed. Full: no room for another. Unavailable: another
    /// process keeps the lock of the folder.
    /// </exception>
    public BoardSlot FindOrAdd(BoardEntry wanted)
    {
        if (Find(wanted.Key) is not { } slot)
        {
            using DirectoryLock adding = NamedRegion.Lock(_memory.Path!);
            slot = Find(wanted.Key) ?? Add(wanted);
        }

        slot.Require(wanted);
        return slot;
    }

    /// <summary>No cell is added any more. By a caller that keeps the memory.</summary>
    public void Seal()
    {
        using DirectoryLock adding = NamedRegion.Lock(_memory.Path!);
        Volatile.Write(ref *(uint*)(Start + BoardLayout.SealedAt), 1);
    }

    /// <summary>Returns the error for a key that is not there, with the keys that are.</summary>
    public FairleadException NoCell(string key)
    {
        string[] keys = [.. Volatile.Read(ref _slots).Select(static slot => slot.Entry.Key)];
        string? near = NearestName.Of(key, keys);
        return new FairleadException(
            ErrorCode.NotFound,
            $"{Description} has no cell '{key}'",
            near is not null ? $"Did you mean '{near}'?"
                : keys.Length == 0 ? "It has no cells yet: start the program that writes them."
                : $"It has: {string.Join(", ", keys.Take(8))}{(keys.Length > 8 ? ", …" : "")}.");
    }

    /// <summary>
    /// Returns the claim by which this object itself writes a cell; takes it, where there is none. By a caller that keeps the memory.
    /// </summary>
    public BoardClaim Claim(BoardSlot slot)
    {
        using (_gate.Hold())
        {
            return _own.TryGetValue(slot.Index, out BoardClaim? claim) ? claim : _own[slot.Index] = BoardClaim.Take(this, slot);
        }
    }

    /// <summary>A claim is released when the board is closed, at the latest.</summary>
    /// <exception cref="ObjectDisposedException">The board has been disposed.</exception>
    public void Add(BoardClaim claim)
    {
        using (_gate.Hold())
        {
            (_claims ?? throw Disposed()).Add(claim);
        }
    }

    public void Remove(BoardClaim claim)
    {
        using (_gate.Hold())
        {
            _claims?.Remove(claim);
        }
    }

    /// <summary>A copy of what the last owner of a slot has written down.</summary>
    public OwnerInfo OwnerInfoOf(int index) => Unsafe.ReadUnaligned<OwnerInfo>(HolderSlots.Beside(index));

    /// <summary>Writes down who has taken a slot.</summary>
    public void SignIn(int index, RobustKeeper keeper, uint mark)
    {
        ref OwnerInfo standing = ref Unsafe.AsRef<OwnerInfo>(HolderSlots.Beside(index));
        standing.ParticipantId = _place.ParticipantId;
        standing.Thread = (int)mark;
        standing.Since = Clock.Nanoseconds();
        standing.Process = _place.Process;
        Volatile.Write(ref standing.Keeper, keeper.Id);
    }

    /// <summary>Lets go of it in this process: of the cells that it writes, too. The memory stays while a caller keeps it.</summary>
    public void Close()
    {
        List<BoardClaim>? claims;
        using (_gate.Hold())
        {
            _isClosed = true;
            (claims, _claims) = (_claims, null);
        }

        if (claims is null)
        {
            return;
        }

        foreach (BoardClaim claim in claims)
        {
            claim.Release();
        }

        _place.Dispose();
        _memory.Dispose();
    }

    private ObjectDisposedException Disposed() => new(Description);

    // False: there are none that this process does not know.
    private bool Refresh()
    {
        // Acquire: the entries before it are whole. The release is in Add.
        uint count = Volatile.Read(ref *(uint*)(Start + BoardLayout.CountAt));
        if (count == Volatile.Read(ref _slots).Length)
        {
            return false;
        }

        using (_gate.Hold())
        {
            BoardSlot[] slots = _slots;

            // Again: another thread may have found more cells meanwhile, and then there are more than the first look has shown.
            count = Volatile.Read(ref *(uint*)(Start + BoardLayout.CountAt));
            if (count > _cells || count < slots.Length)
            {
                throw Corrupt(string.Create(CultureInfo.InvariantCulture, $"it tells of {count} cells of {_cells}"));
            }

            List<BoardSlot> grown = [.. slots];
            for (int i = slots.Length; i < count; i++)
            {
                BoardSlot slot = new(this, i, ReadEntry(i));
                if (!_byKey.TryAdd(slot.Entry.Key, slot))
                {
                    throw Corrupt($"the key '{slot.Entry.Key}' stands there twice");
                }

                grown.Add(slot);
                Volatile.Write(ref _slots, [.. grown]);
            }
        }

        return true;
    }

    private BoardEntry ReadEntry(int index)
    {
        // Copied before it is judged: others may write there at any time.
        Span<byte> copy = stackalloc byte[BoardLayout.EntrySize];
        new ReadOnlySpan<byte>(EntryAt(index), BoardLayout.EntrySize).CopyTo(copy);
        return BoardEntry.TryRead(
            copy, BoardLayout.CellsAt(_cells), BoardLayout.Size(_cells, _bytes), out BoardEntry? entry, out string? wrong)
            ? entry
            : throw Corrupt(string.Create(CultureInfo.InvariantCulture, $"of cell {index} {wrong}"));
    }

    // Inside the lock of the folder, which ends with this process: an entry that a dead process has begun behind the count is written over.
    private BoardSlot Add(BoardEntry wanted)
    {
        if (IsSealed)
        {
            throw NoCell(wanted.Key);
        }

        BoardSlot[] slots = Volatile.Read(ref _slots);
        long next = BoardLayout.CellsAt(_cells);
        foreach (BoardSlot slot in slots)
        {
            next = Math.Max(next, slot.Entry.End);
        }

        BoardEntry entry = wanted with { Offset = next };
        long free = BoardLayout.Size(_cells, _bytes) - next;
        if (slots.Length >= _cells || CellLayout.Size(entry.Size) > free)
        {
            throw new FairleadException(
                ErrorCode.Full,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Description} has no room for the cell '{entry.Key}': it needs {CellLayout.Size(entry.Size)} bytes, {free} of "
                        + $"{_bytes} are free, and {slots.Length} of {_cells} cells are taken"),
                "Remove the board, and make it anew with greater MaxCells or MaxBytes.");
        }

        entry.Write(new Span<byte>(EntryAt(slots.Length), BoardLayout.EntrySize));

        // Release: a process that sees the count sees the entry.
        Volatile.Write(ref *(uint*)(Start + BoardLayout.CountAt), (uint)slots.Length + 1);
        return Find(entry.Key) ?? throw Corrupt("another process writes there without a lock");
    }

    private byte* EntryAt(int index) => Start + BoardLayout.EntriesAt(_cells) + ((long)index * BoardLayout.EntrySize);

    private FairleadException Corrupt(string how) => BoardHeader.Corrupt(Description, how);

    private static (int Cells, long Bytes) ReadHeader(RegionMemory memory)
    {
        Span<byte> copy = stackalloc byte[BoardLayout.HolderSlotsAt];
        copy.Clear();
        new ReadOnlySpan<byte>(memory.Start, (int)Math.Min(memory.Size, copy.Length)).CopyTo(copy);
        return BoardHeader.Read(copy, memory.Size, memory.Description);
    }
}
