using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Synchronization.Words;

namespace Fairlead.Memory.Boards.Storage;

/// <summary>Writes what stands at the beginning of a board, and judges one that was found.</summary>
internal static class BoardHeader
{
    /// <summary>Writes it, behind the region's header, before the file has its name.</summary>
    public static Errno Write(Descriptor file, int cells, long bytes)
    {
        Span<byte> header = stackalloc byte[BoardLayout.CountAt];
        header.Clear();
        MemoryMarshal.Write(header[BoardLayout.HeaderAt..], ((ulong)BoardLayout.Magic << 32) | (uint)cells);
        MemoryMarshal.Write(header[BoardLayout.BytesAt..], bytes);
        return file.WriteAt(header, RegionLayout.HeaderSize).Error;
    }

    /// <summary>Reads how many cells there can be, and how many bytes they can take.</summary>
    /// <param name="header">A copy of the first 64 bytes.</param>
    /// <param name="size">Of the board.</param>
    /// <param name="who">How it is named in errors.</param>
    /// <exception cref="FairleadException">Incompatible: another version. Corrupt: it contradicts itself, or is none.</exception>
    public static unsafe (int Cells, long Bytes) Read(ReadOnlySpan<byte> header, long size, string who)
    {
        ulong found = MemoryMarshal.Read<ulong>(header[BoardLayout.HeaderAt..]);
        fixed (byte* start = header)
        {
            LockHeader form = new(start, BoardLayout.Magic);
            if (form.IsOtherVersion(found, out int version))
            {
                throw new FairleadException(
                    ErrorCode.Incompatible,
                    $"{who} has layout version {version}, and this program knows version {form.Version}",
                    "Use one version of Fairlead in both programs, or remove it.");
            }

            if (!form.IsSameKind(found))
            {
                throw Corrupt(who, "its first bytes are not those of a board");
            }
        }

        uint cells = LockHeader.Options(found);
        long bytes = MemoryMarshal.Read<long>(header[BoardLayout.BytesAt..]);
        return cells is > 0 and <= BoardLayout.MostCells && bytes >= 0 && bytes <= size - BoardLayout.CellsAt((int)cells)
            ? ((int)cells, bytes)
            : throw Corrupt(
                who,
                string.Create(CultureInfo.InvariantCulture, $"it tells of {cells} cells and {bytes} bytes for them, and has {size} bytes"));
    }

    public static FairleadException Corrupt(string who, string how) =>
        new(
            ErrorCode.Corrupt,
            $"{who} is damaged: {how}",
            "Another program has written there, or cut its file: remove it and begin anew.");
}
