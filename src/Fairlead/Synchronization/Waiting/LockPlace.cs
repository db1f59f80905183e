using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Native.Processes;
using Fairlead.Registry;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>The location of a lock in this process's memory: a file, or an offset in a region of the caller.</summary>
internal sealed unsafe class LockPlace : IDisposable
{
    private readonly RegionMemory? _file;
    private readonly RobustMemory? _piece;
    private readonly LockPlace? _around;

    private LockPlace(string description, string identity)
    {
        Description = description;
        Identity = identity;
        ParticipantId = ulong.Parse(
            Participant.Current(RuntimeDirectory.Current()).Id, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    private LockPlace(RegionMemory file)
        : this(file.Description, file.Name!)
    {
        _file = file;
        Start = file.Start;
        Path = file.Path;
    }

    private LockPlace(RobustMemory piece, int start, string description, string identity)
        : this(description, identity)
    {
        _piece = piece;
        Start = piece.Shared + start;
    }

    private LockPlace(LockPlace around, int start)
        : this(around.Description, around.Identity)
    {
        _around = around;
        Start = around.Start + start;
    }

    public byte* Start { get; }

    /// <summary>The path of the file of a named lock.</summary>
    public string? Path { get; }

    public string Description { get; }

    /// <summary>The same for all users of the lock, if that can be told: its name, or its offset in a region.</summary>
    public string Identity { get; }

    /// <summary>Identifies this process among all that have had its process ID.</summary>
    public ulong ParticipantId { get; }

    public int Process { get; } = NativeProcess.Id;

    public SafeHandle Mapping => _around?.Mapping ?? _file?.Mapping ?? _piece!;

    /// <summary>Opens a named lock, or creates it.</summary>
    /// <param name="name">The name.</param>
    /// <param name="size">The size of a lock that is created here.</param>
    /// <param name="content">The kind of lock.</param>
    /// <param name="least">
    /// The minimum size in bytes, if the size depends on the options. The caller reads the options, and then calls <see cref="Require"/>.
    /// </param>
    public static LockPlace Named(string name, int size, RegionContent content, int? least = null)
    {
        RegionMemory file = NamedRegion.Open(name, size, content);
        try
        {
            return file.Size >= (least ?? size) ? new LockPlace(file) : throw Corrupt(file.Description, "is too short");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Maps the pages around an offset of a region once more.</summary>
    public static LockPlace InRegion(SharedRegion region, long offset, int size, string what)
    {
        ArgumentNullException.ThrowIfNull(region);
        ObjectDisposedException.ThrowIf(region.IsDisposed, region);
        RegionMemory memory = region.Memory;
        if (offset < 0 || size > memory.Size || offset > memory.Size - size)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset),
                offset,
                string.Create(CultureInfo.InvariantCulture, $"{what} of {size} bytes does not fit: the region has {memory.Size} bytes."));
        }

        if (offset % WaitQueueLayout.PlaceSize != 0)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{offset} is not a multiple of {WaitQueueLayout.PlaceSize}: align the lock."),
                nameof(offset));
        }

        if (memory.File is not { } file)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"{memory.Description} has no file, and cannot hold a lock",
                "Use a memory file, a named region, a POSIX segment or a file.");
        }

        string description = string.Create(CultureInfo.InvariantCulture, $"{what} at {offset} of {memory.Description}");
        long first = memory.HeaderSize + offset;
        int within = (int)(first % Environment.SystemPageSize);
        RobustMemory piece = new(file, first - within, within + size);
        try
        {
            return new LockPlace(piece, within, description, offset.ToString(CultureInfo.InvariantCulture));
        }
        catch
        {
            piece.Dispose();
            throw;
        }
    }

    /// <summary>Maps a lock that a file without a header begins with.</summary>
    /// <param name="file">Open for reading and writing, and at least as long as the lock. The caller may close it.</param>
    /// <param name="size">The size of the lock.</param>
    /// <param name="description">The lock, for people.</param>
    /// <param name="identity">The same for all users of the lock.</param>
    public static LockPlace OfFile(Descriptor file, int size, string description, string identity)
    {
        RobustMemory piece = new(file, 0, size);
        try
        {
            return new LockPlace(piece, 0, description, identity);
        }
        catch
        {
            piece.Dispose();
            throw;
        }
    }

    /// <summary>Returns the place of a lock that is a part of this one. This one keeps the memory.</summary>
    public LockPlace Within(int start) => new(this, start);

    /// <summary>Settles the kind and options of the lock; the first user decides.</summary>
    /// <exception cref="FairleadException">
    /// Incompatible: the lock has other options or another version. Corrupt: the memory at the offset holds something else.
    /// </exception>
    public void Settle(LockHeader form, uint options, Func<uint, string> text)
    {
        ulong found = form.Settle(options, NativeProcess.Namespace);
        if (found == form.Of(options))
        {
            return;
        }

        if (form.IsSameKind(found))
        {
            throw new FairleadException(
                ErrorCode.Incompatible,
                $"{Description} is {text(LockHeader.Options(found))}, but {text(options)} was requested",
                "Open it with the settings it was created with, or remove it first.");
        }

        throw form.IsOtherVersion(found, out int version)
            ? new FairleadException(
                ErrorCode.Incompatible,
                $"{Description} has layout version {version}, but this program uses version {form.Version}",
                "Use the same version of Fairlead in both programs, or remove it.")
            : Corrupt(Description, "is not a lock of this kind: the memory holds something else");
    }

    /// <exception cref="FairleadException">Corrupt: the file is shorter.</exception>
    public void Require(int size)
    {
        if (_file?.Size < size)
        {
            throw Corrupt(Description, "is too short");
        }
    }

    /// <summary>Checks that the file is still the one that the name refers to.</summary>
    public void Verify() => _file?.Verify();

    public void Dispose()
    {
        _file?.Dispose();
        _piece?.Dispose();
    }

    private static FairleadException Corrupt(string who, string how) =>
        new(ErrorCode.Corrupt, $"{who} {how}", "Remove it, or choose another name or offset.");
}
