using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Native;

namespace Fairlead.Logs.Storage;

/// <summary>The first page of a file of a log: written before the file has its name, and judged before it is mapped.</summary>
internal static class LogHeader
{
    /// <summary>Writes it, the ready word last, and what else must stand in it first.</summary>
    public static Errno Write(Descriptor file, ReadOnlySpan<byte> magic, long size, ReadOnlySpan<byte> page)
    {
        Span<byte> header = stackalloc byte[LogLayout.HeaderSize];
        page.CopyTo(header);
        magic.CopyTo(header);
        MemoryMarshal.Write(header[LogLayout.VersionAt..], LogLayout.Version);
        MemoryMarshal.Write(header[LogLayout.HeaderSizeAt..], (uint)LogLayout.HeaderSize);
        MemoryMarshal.Write(header[LogLayout.SizeAt..], size);
        MemoryMarshal.Write(header[LogLayout.BootAt..], BootIdentity.Current);
        IoResult written = file.WriteAt(header, 0);
        Span<byte> ready = stackalloc byte[sizeof(uint)];
        MemoryMarshal.Write(ready, LogLayout.Ready);
        return written.Ok ? file.WriteAt(ready, LogLayout.ReadyAt).Error : written.Error;
    }

    /// <summary>Reads and judges what all headers begin with. Returns the size that it tells.</summary>
    /// <param name="file">Open for reading.</param>
    /// <param name="magic">What it must begin with.</param>
    /// <param name="header">Takes the beginning of the page; what the file does not have is zero.</param>
    /// <param name="who">How the file is named in errors.</param>
    /// <exception cref="FairleadException">
    /// AlreadyExists: it is none of ours. Incompatible: of another version. Corrupt: damaged.
    /// </exception>
    public static long Read(Descriptor file, ReadOnlySpan<byte> magic, Span<byte> header, string who)
    {
        header.Clear();
        IoResult read = file.ReadAt(header, 0);
        if (!read.Ok)
        {
            throw ErrnoMap.Failure($"cannot read {who}", read.Error);
        }

        if (read.Count >= magic.Length && !header.StartsWith(magic))
        {
            throw new FairleadException(
                ErrorCode.AlreadyExists,
                $"{who} is a file that Fairlead did not make",
                "It is left alone: choose another place for the log, or remove it yourself.");
        }

        uint version = MemoryMarshal.Read<uint>(header[LogLayout.VersionAt..]);
        if (read.Count == header.Length && version != LogLayout.Version)
        {
            throw new FairleadException(
                ErrorCode.Incompatible,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{who} has layout version {version}, and this program knows version {LogLayout.Version}"),
                "Use one version of Fairlead in all programs.");
        }

        long size = MemoryMarshal.Read<long>(header[LogLayout.SizeAt..]);
        if (read.Count < header.Length
            || MemoryMarshal.Read<uint>(header[LogLayout.ReadyAt..]) != LogLayout.Ready
            || MemoryMarshal.Read<uint>(header[LogLayout.HeaderSizeAt..]) != LogLayout.HeaderSize
            || size < LogLayout.HeaderSize
            || size > LogLayout.LargestSegment)
        {
            throw new FairleadException(
                ErrorCode.Corrupt,
                string.Create(CultureInfo.InvariantCulture, $"the header of {who} is damaged ({read.Count} bytes of it are there)"),
                "Somebody has cut or overwritten it: move it out of the folder, and what was in it is lost.");
        }

        return size;
    }
}
