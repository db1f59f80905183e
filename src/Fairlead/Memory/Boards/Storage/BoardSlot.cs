using Fairlead.Memory.Backing;
using Fairlead.Synchronization.Words;

namespace Fairlead.Memory.Boards.Storage;

/// <summary>A cell of a board that this process has open: where it lies here. To be touched by callers that hold the memory.</summary>
internal sealed unsafe class BoardSlot : ICellOwner
{
    private readonly BoardCore _core;

    /// <param name="core">The board of the cell.</param>
    /// <param name="index">Its number.</param>
    /// <param name="entry">Its description.</param>
    /// <exception cref="FairleadException">Incompatible or Corrupt: another thing lies there.</exception>
    public BoardSlot(BoardCore core, int index, BoardEntry entry)
    {
        _core = core;
        Index = index;
        Entry = entry;
        Words = new CellWords(core.Start + entry.Offset, entry.Size);
        Doorbell = new DoorbellWord((int*)(core.Start + entry.Offset + BoardLayout.CellDoorbellAt));
        Words.Settle(Description, CellLayout.Size(entry.Size));
    }

    public int Index { get; }

    public BoardEntry Entry { get; }

    /// <summary>The value, as in a <see cref="SharedCell{T}"/>.</summary>
    public CellWords Words { get; }

    /// <summary>Waiters for this cell alone sleep on it.</summary>
    public DoorbellWord Doorbell { get; }

    /// <summary>The slot of its writer.</summary>
    public LockSlot HolderSlot => _core.HolderSlots[Index];

    public string Description => $"the cell '{Entry.Key}' of {_core.Description}";

    /// <summary>Refuses a type with another size or layout.</summary>
    /// <exception cref="FairleadException">Incompatible: naming both.</exception>
    public void Require(BoardEntry wanted)
    {
        if (Entry.Fits(wanted.Fingerprint, wanted.Size))
        {
            return;
        }

        throw new FairleadException(
            ErrorCode.Incompatible,
            $"{Description} holds {Text(Entry)}, but {Text(wanted)} was requested",
            "Declare the type alike in all programs, or choose another key.");
    }

    private static string Text(BoardEntry entry) => $"{entry.Type} ({entry.Size} bytes, layout {entry.Layout})";
}
