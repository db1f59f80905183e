using Fairlead.Synchronization.Words;

namespace Fairlead.Memory.Boards.Storage;

/// <summary>
/// One reader's place in one cell: the values and deaths that are not new to it. To be touched by callers that keep the
/// memory.
/// </summary>
internal sealed class BoardReader
{
    private readonly BoardCore _core;
    private long _seen;

    // The number of the writer whose death is not new, and whether there is one.
    private uint _dead;
    private bool _hasDead;

    private BoardReader(BoardCore core, BoardSlot slot)
    {
        _core = core;
        Slot = slot;
    }

    /// <summary>A reader that starts from now: neither the present value nor an earlier death is new to it.</summary>
    public static BoardReader FromNow(BoardCore core, BoardSlot slot)
    {
        LockSlot seat = slot.HolderSlot;
        return new BoardReader(core, slot)
        {
            Seen = slot.Words.Done,
            _dead = seat.Mark,
            _hasDead = seat.Word.HasDied,
        };
    }

    /// <summary>A reader that starts from the beginning of the cell: its first value is new, and so is each death.</summary>
    public static BoardReader FromBeginning(BoardCore core, BoardSlot slot) => new(core, slot);

    public BoardSlot Slot { get; }

    /// <summary>The number of the last value that is not new.</summary>
    public long Seen
    {
        get => Volatile.Read(ref _seen);
        set => Volatile.Write(ref _seen, value);
    }

    /// <summary>Whether there is a new value, or the writer has died; by that it is not new any more.</summary>
    public bool TryTakeChange(out BoardChange change)
    {
        long version = Slot.Words.Done;
        LockSlot seat = Slot.HolderSlot;
        bool isDeath = seat.Word.HasDied && !(_hasDead && _dead == seat.Mark);
        change = new BoardChange(Slot.Entry.Key, version, isDeath);
        if (version == Seen && !isDeath)
        {
            return false;
        }

        Seen = version;
        if (isDeath)
        {
            (_dead, _hasDead) = (seat.Mark, true);
        }

        return true;
    }

    /// <summary>Marks a writer whose process has ended unnoticed. If it lives, its end wakes all who wait in this process.</summary>
    public void MarkGone() => BoardClaim.MarkGone(_core, Slot.Index);
}
