using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Native;

namespace Fairlead.Memory.Backing;

/// <summary>Writes the header of a region, and judges one that was found.</summary>
internal static class RegionHeader
{
    /// <summary>Writes it, the ready word last. The file is long enough and zeroed.</summary>
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

    /// <summary>Whether the file begins as a region of ours does, whole or not.</summary>
    public static bool IsOurs(Descriptor file)
    {
        Span<byte> magic = stackalloc byte[RegionLayout.VersionAt];
        return file.ReadAt(magic, 0).Count == magic.Length && magic.SequenceEqual(RegionLayout.Magic);
    }

    /// <summary>What it is used for; null: it is not whole, or not of this version.</summary>
    public static RegionContent? ContentOf(Descriptor file)
    {
        Span<byte> header = stackalloc byte[RegionLayout.HeaderSize];
        return file.ReadAt(header, 0).Count == header.Length && header.StartsWith(RegionLayout.Magic)
            && MemoryMarshal.Read<uint>(header[RegionLayout.VersionAt..]) == RegionLayout.Version
            && MemoryMarshal.Read<uint>(header[RegionLayout.ReadyAt..]) == RegionLayout.Ready
            ? (RegionContent)MemoryMarshal.Read<uint>(header[RegionLayout.ContentAt..])
            : null;
    }

    /// <summary>Reads and judges the header, and returns the size that it tells.</summary>
    /// <param name="file">Open for reading. It is read and not mapped: what somebody may have cut is not to be touched.</param>
    /// <param name="content">What it must be used for.</param>
    /// <param name="size">What the size must be; null: any.</param>
    /// <param name="who">How it is named in errors.</param>
    /// <exception cref="FairleadException">
    /// AlreadyExists: no region. Incompatible: another version, size or content. Corrupt: cut short or half made.
    /// </exception>
    public static long Read(Descriptor file, RegionContent content, long? size, string who)
    {
        Span<byte> header = stackalloc byte[RegionLayout.HeaderSize];
        IoResult read = file.ReadAt(header, 0);
        if (read.Count < RegionLayout.VersionAt || !header.StartsWith(RegionLayout.Magic))
        {
            throw new FairleadException(
                ErrorCode.AlreadyExists,
                $"{who} is a file that Fairlead did not make as a region",
                "Fairlead never replaces what it did not make: choose another name, or remove it yourself.");
        }

        var version = MemoryMarshal.Read<uint>(header[RegionLayout.VersionAt..]);
        var headerSize = MemoryMarshal.Read<uint>(header[RegionLayout.HeaderSizeAt..]);
        var has = MemoryMarshal.Read<long>(header[RegionLayout.SizeAt..]);
        var found = (RegionContent)MemoryMarshal.Read<uint>(header[RegionLayout.ContentAt..]);
        if (read.Count == header.Length && version != RegionLayout.Version)
        {
            throw Incompatible(
                $"{who} has layout version {version}, and this program knows version {RegionLayout.Version}",
                "Use one version of Fairlead in both programs, or remove the region.");
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
                    $"{who} is damaged: its header tells of {has} bytes behind {headerSize}, and the file has {length}"),
                "Somebody has cut or overwritten it: remove it and begin anew.");
        }

        if (found != content)
        {
            throw Incompatible($"{who} holds {Name(found)}, and {Name(content)} was asked for", "Choose another name.");
        }

        if (size is { } wanted && wanted != has)
        {
            // Of a cell the size follows from its value; it is judged, and named, there.
            if (content == RegionContent.Bytes)
            {
                throw WrongSize(who, has, wanted);
            }
        }

        return has;
    }

    /// <summary>Both sizes, named.</summary>
    public static FairleadException WrongSize(string who, long has, long wanted) => Incompatible(
        string.Create(CultureInfo.InvariantCulture, $"{who} has {has} bytes, and {wanted} were asked for"),
        "Open it with the size that it has, or remove it first.");

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
