using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Memory.Backing;

/// <summary>Writes the header of a region, and validates that of an existing file.</summary>
internal static class RegionHeader
{
    /// <summary>Writes the header, with the ready word last. The file is zeroed and long enough.</summary>
    public static Errno Write(Descriptor file, RegionContent content, long size)
    {
        Span<byte> header = stackalloc byte[RegionLayout.ReadyAt];
        header.Clear();
        RegionLayout.Magic.CopyTo(header);
        MemoryMarshal.Write(header[RegionLayout.VersionAt..], RegionLayout.Version);
        MemoryMarshal.Write(header[RegionLayout.HeaderSizeAt..], (uint)RegionLayout.HeaderSize);
        MemoryMarshal.Write(header[RegionLayout.SizeAt..], size);
        MemoryMarshal.Write(header[RegionLayout.ContentAt..], (uint)content);
        Span<byte> ready = stackalloc byte[sizeof(uint)];
        MemoryMarshal.Write(ready, RegionLayout.Ready);
        IoResult first = file.WriteAt(header, 0);
        return first.Ok ? file.WriteAt(ready, RegionLayout.ReadyAt).Error : first.Error;
    }

    /// <summary>Returns whether the file begins like a Fairlead region, complete or not.</summary>
    public static bool IsOurs(Descriptor file)
    {
        Span<byte> magic = stackalloc byte[RegionLayout.VersionAt];
        return file.ReadAt(magic, 0).Count == magic.Length && magic.SequenceEqual(RegionLayout.Magic);
    }

    /// <summary>Returns the content of a region; null if it is incomplete or of another version.</summary>
    public static RegionContent? ContentOf(Descriptor file)
    {
        Span<byte> header = stackalloc byte[RegionLayout.HeaderSize];
        return file.ReadAt(header, 0).Count == header.Length && header.StartsWith(RegionLayout.Magic)
            && MemoryMarshal.Read<uint>(header[RegionLayout.VersionAt..]) == RegionLayout.Version
            && MemoryMarshal.Read<uint>(header[RegionLayout.ReadyAt..]) == RegionLayout.Ready
            ? (RegionContent)MemoryMarshal.Read<uint>(header[RegionLayout.ContentAt..])
            : null;
    }

    /// <summary>Reads and validates the header, and returns the size in it.</summary>
    /// <param name="file">Open for reading. It is read, not mapped, because a process may have truncated it.</param>
    /// <param name="content">The required content.</param>
    /// <param name="size">The required size; null: any.</param>
    /// <param name="who">Its description in errors.</param>
    /// <exception cref="FairleadException">
    /// AlreadyExists: not a region. Incompatible: another version, size or content. Corrupt: truncated or incomplete.
    /// </exception>
    public static long Read(Descriptor file, RegionContent content, long? size, string who)
    {
        Span<byte> header = stackalloc byte[RegionLayout.HeaderSize];
        IoResult read = file.ReadAt(header, 0);
        if (read.Count < RegionLayout.VersionAt || !header.StartsWith(RegionLayout.Magic))
        {
            throw new FairleadException(
                ErrorCode.AlreadyExists,
                $"{who} is a file that Fairlead did not create as a region",
                "Fairlead never replaces what it did not create: choose another name, or remove it yourself.");
        }

        var version = MemoryMarshal.Read<uint>(header[RegionLayout.VersionAt..]);
        var headerSize = MemoryMarshal.Read<uint>(header[RegionLayout.HeaderSizeAt..]);
        var has = MemoryMarshal.Read<long>(header[RegionLayout.SizeAt..]);
        var found = (RegionContent)MemoryMarshal.Read<uint>(header[RegionLayout.ContentAt..]);
        if (read.Count == header.Length && version != RegionLayout.Version)
        {
            throw Incompatible(
                $"{who} has layout version {version}, but this program uses version {RegionLayout.Version}",
                "Use the same version of Fairlead in both programs, or remove the region.");
        }

        long length = NativeFile.Fstat(file)?.Size ?? 0;
        if (MemoryMarshal.Read<uint>(header[RegionLayout.ReadyAt..]) != RegionLayout.Ready
            || headerSize != RegionLayout.HeaderSize
            || has <= 0
            || length - RegionLayout.HeaderSize < has)
        {
            throw new FairleadException(
                ErrorCode.Corrupt,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{who} is damaged: its header announces {has} bytes after {headerSize}, but the file has {length}"),
                "A program has truncated or overwritten it: remove it and create it again.");
        }

        if (found != content)
        {
            throw Incompatible($"{who} holds {Name(found)}, but {Name(content)} was requested", "Choose another name.");
        }

        if (size is { } wanted && wanted != has)
        {
            // The size of a cell follows from that of its value; the cell checks it, with a better message.
            if (content == RegionContent.Bytes)
            {
                throw WrongSize(who, has, wanted);
            }
        }

        return has;
    }

    /// <summary>Creates the error for a wrong size, with both sizes.</summary>
    public static FairleadException WrongSize(string who, long has, long wanted) => Incompatible(
        string.Create(CultureInfo.InvariantCulture, $"{who} has {has} bytes, but {wanted} were requested"),
        "Open it with its existing size, or remove it first.");

    private static FairleadException Incompatible(string whatHappened, string whatToDo) =>
        new(ErrorCode.Incompatible, whatHappened, whatToDo);

    private static string Name(RegionContent content) => content switch
    {
        RegionContent.Bytes => "a region",
        RegionContent.Cell => "a cell",
        RegionContent.Mutex => "a mutex",
        RegionContent.Semaphore => "a semaphore",
        RegionContent.Event => "an event",
        RegionContent.Countdown => "a countdown",
        RegionContent.Condition => "a condition",
        RegionContent.ReaderWriterLock => "a reader-writer lock",
        RegionContent.Barrier => "a barrier",
        RegionContent.Board => "a board",
        _ => string.Create(CultureInfo.InvariantCulture, $"content of kind {(uint)content}"),
    };
}
