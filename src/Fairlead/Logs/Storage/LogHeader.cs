using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Logs.Storage;

/// <summary>
/// The first page of a log's file: on the disk before the file gets its name, and validated before it is mapped. So a file without a header
/// is none of Fairlead's, also after a crash of the machine.
/// </summary>
internal static class LogHeader
{
    /// <summary>Writes the header to the disk: the kind-specific content first, the ready word last.</summary>
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
        written = written.Ok ? file.WriteAt(ready, LogLayout.ReadyAt) : written;
        return written.Ok ? NativeFile.SyncData(file) : written.Error;
    }

    /// <summary>Reads and validates the part that all headers share. Returns the size in it.</summary>
    /// <param name="file">The file, open for reading.</param>
    /// <param name="magic">The required first bytes.</param>
    /// <param name="header">Receives the start of the page; zero where the file is too short.</param>
    /// <param name="who">The description of the file in errors.</param>
    /// <exception cref="FairleadException">
    /// AlreadyExists: not a file of Fairlead. Incompatible: another version. Corrupt: damaged.
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
                $"{who} is a file that Fairlead did not create",
                "Fairlead does not replace it: choose another path for the log, or remove it yourself.");
        }

        uint version = MemoryMarshal.Read<uint>(header[LogLayout.VersionAt..]);
        if (read.Count == header.Length && version != LogLayout.Version)
        {
            throw new FairleadException(
                ErrorCode.Incompatible,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{who} has layout version {version}, but this program uses version {LogLayout.Version}"),
                "Use the same version of Fairlead in all programs.");
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
                string.Create(CultureInfo.InvariantCulture, $"the header of {who} is damaged ({read.Count} bytes of it exist)"),
                "A program has truncated or overwritten it. Move it out of the folder; its records are lost.");
        }

        return size;
    }
}
