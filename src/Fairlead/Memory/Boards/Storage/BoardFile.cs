using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Registry;
using Fairlead.Synchronization.Words;

namespace Fairlead.Memory.Boards.Storage;

/// <summary>
/// The files of all boards of this user, read and not mapped: a touch of what has been cut off a file would end the reader.
/// </summary>
internal static class BoardFile
{
    /// <summary>Returns all boards, by name.</summary>
    /// <exception cref="FairleadException">PermissionDenied: the runtime directory is not this user's to use.</exception>
    public static IReadOnlyList<SharedBoardInfo> All()
    {
        RuntimeDirectory directory = RuntimeDirectory.Current();
        if (!directory.HasFolder(NamedRegion.Folder))
        {
            return [];
        }

        List<SharedBoardInfo> all = [];
        foreach (string name in DeadParticipants.Names(directory, NamedRegion.Folder).Order(StringComparer.Ordinal))
        {
            if (Read($"{directory.Path}/{NamedRegion.Folder}/{name}", name) is { } found)
            {
                all.Add(found);
            }
        }

        return all;
    }

    private static SharedBoardInfo? Read(string path, string name)
    {
        using Descriptor? file = NativeFile.Lstat(path) is { Kind: FileKind.Regular }
            ? NativeFile.Open(path, OpenFlags.ReadOnly | OpenFlags.NoFollow, out _)
            : null;
        if (file is null || RegionHeader.ContentOf(file) != RegionContent.Board)
        {
            return null;
        }

        try
        {
            return Read(file, name);
        }
        catch (FairleadException error)
        {
            return new SharedBoardInfo(name, 0, 0, IsSealed: false, []) { Damage = error.Message };
        }
    }

    private static SharedBoardInfo Read(Descriptor file, string name)
    {
        string who = $"the board '{name}'";
        long size = RegionHeader.Read(file, RegionContent.Board, size: null, who);
        (int cells, long bytes) = BoardHeader.Read(Copy(file, 0, BoardLayout.HolderSlotsAt, who), size, who);
        byte[] copy = Copy(file, 0, (int)BoardLayout.CellsAt(cells), who);
        uint count = MemoryMarshal.Read<uint>(copy.AsSpan(BoardLayout.CountAt));
        if (count > cells)
        {
            throw BoardHeader.Corrupt(who, string.Create(CultureInfo.InvariantCulture, $"it tells of {count} cells of {cells}"));
        }

        List<BoardCellInfo> found = [];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> words = copy.AsSpan(BoardLayout.EntriesAt(cells) + (i * BoardLayout.EntrySize), BoardLayout.EntrySize);
            if (!BoardEntry.TryRead(
                words, BoardLayout.CellsAt(cells), BoardLayout.Size(cells, bytes), out BoardEntry? entry, out string? wrong))
            {
                throw BoardHeader.Corrupt(who, string.Create(CultureInfo.InvariantCulture, $"of cell {i} {wrong}"));
            }

            byte[] head = Copy(file, entry.Offset, CellLayout.SlotsAt, who);
            ReadOnlySpan<byte> slot = copy.AsSpan(BoardLayout.HolderSlotsAt + (i * BoardLayout.HolderSlotSize), BoardLayout.HolderSlotSize);
            found.Add(Describe(
                entry,
                MemoryMarshal.Read<long>(head.AsSpan(CellLayout.DoneAt)),
                LockSlot.Of(MemoryMarshal.Read<ulong>(slot)),
                MemoryMarshal.Read<OwnerInfo>(slot[sizeof(ulong)..])));
        }

        return new SharedBoardInfo(name, cells, bytes, MemoryMarshal.Read<uint>(copy.AsSpan(BoardLayout.SealedAt)) != 0, found);
    }

    /// <summary>A cell as it was found.</summary>
    public static BoardCellInfo Describe(BoardEntry entry, long version, LockSlot slot, OwnerInfo standing) =>
        new(
            entry.Key,
            entry.Type,
            entry.Size,
            entry.Layout,
            version,
            BoardClaim.WriterIn(slot, standing),
            slot.Word.HasDied && !slot.HasOwner);

    private static byte[] Copy(Descriptor file, long offset, int length, string who)
    {
        byte[] copy = new byte[length];
        return file.ReadAt(copy, RegionLayout.HeaderSize + offset).Count == length
            ? copy
            : throw BoardHeader.Corrupt(who, "its file has been cut");
    }
}
