using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Memory;
using Fairlead.Native.Processes;

namespace Fairlead.Registry;

/// <summary>
/// The public entry of an endpoint: a small mapped file with its process, address and counters. Other processes read it without its help.
/// The file disappears when the endpoint is closed, and is ignored when its process is dead.
/// </summary>
/// <remarks>
/// An endpoint works without an entry: if the runtime directory cannot be used, it counts in private memory, and
/// <see cref="WhyUnpublished"/> gives the reason.
/// </remarks>
internal sealed unsafe class EndpointEntry : IDisposable
{
    /// <summary>The folder of the entries in the runtime directory. An entry is named PARTICIPANT-NUMBER.</summary>
    public const string Folder = "endpoints";

    private static long _count;

    private readonly string? _path;
    private readonly FileIdentity _identity;
    private readonly MappedFile? _mapping;
    private int _disposed;

    private EndpointEntry(string path, FileIdentity identity, MappedFile mapping)
    {
        _path = path;
        _identity = identity;
        _mapping = mapping;
        Counters = new EndpointCounters(mapping);
    }

    private EndpointEntry(FairleadException whyUnpublished)
    {
        Counters = new EndpointCounters();
        WhyUnpublished = whyUnpublished;
    }

    /// <summary>The counters, usable after <see cref="Dispose"/> too.</summary>
    public EndpointCounters Counters { get; }

    /// <summary>Whether other processes can see the entry.</summary>
    public bool IsPublished => WhyUnpublished is null;

    /// <summary>Why other processes cannot see the entry, or null.</summary>
    public FairleadException? WhyUnpublished { get; }

    /// <summary>Publishes an endpoint. Never fails for lack of a directory, space or permission; see <see cref="IsPublished"/>.</summary>
    /// <param name="kind">The pattern.</param>
    /// <param name="bound">Whether it listens; otherwise it has connected.</param>
    /// <param name="address">The address for people; for port 0, the assigned port.</param>
    /// <param name="socket">The socket file that it holds, if any.</param>
    /// <param name="directory">The runtime directory, if not the current one.</param>
    /// <param name="clock">The clock for the start time.</param>
    /// <param name="child">The child process whose endpoint it is; 0: this process.</param>
    /// <param name="label">The user's text, of at most <see cref="EndpointLayout.LabelSize"/> bytes.</param>
    public static EndpointEntry Create(
        PatternKind kind,
        bool bound,
        string address,
        FileIdentity socket = default,
        RuntimeDirectory? directory = null,
        TimeProvider? clock = null,
        int child = 0,
        string label = "")
    {
        try
        {
            directory ??= RuntimeDirectory.Current();
            var participant = Participant.Current(directory);
            var folder = directory.PrepareFolder(Folder);
            var path = string.Create(CultureInfo.InvariantCulture, $"{folder}/{participant.Id}-{Interlocked.Increment(ref _count)}");
            using var file =
                NativeFile.Open(
                    path,
                    OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow,
                    RuntimeDirectory.PrivateFile,
                    out var error) ?? throw ErrnoMap.Failure($"the endpoint entry {path} cannot be created", error);
            try
            {
                _ = NativeFile.Fchmod(file, RuntimeDirectory.PrivateFile);

                // Allocate the space before the first touch: a full disk is an error here and not a signal later.
                var identity = NativeFile.Fstat(file) is { } status ? FileIdentity.Of(status) : FileIdentity.None;
                var mapping = new MappedFile(file, EndpointLayout.Size);
                Describe(mapping, kind, bound, address, label, socket, child, (clock ?? TimeProvider.System).GetUtcNow());
                return new EndpointEntry(path, identity, mapping);
            }
            catch
            {
                _ = NativeFile.Unlink(path);
                throw;
            }
        }
        catch (FairleadException cannot)
        {
            return new EndpointEntry(cannot);
        }
    }

    /// <summary>Creates the entry of an endpoint that no other process sees, because it is part of another one.</summary>
    public static EndpointEntry CreateUnlisted() => new(new FairleadException(ErrorCode.NotSupported, "it is part of another endpoint"));

    /// <summary>Changes the address, when a connecting endpoint has lost its peer and finds it elsewhere. One thread at a time.</summary>
    public void MoveTo(string address)
    {
        if (_mapping is null)
        {
            return;
        }

        // A concurrent reader sees an odd number, or a different one after the text than before it, and reads again.
        Span<byte> page = _mapping.Span;
        uint* changes = (uint*)(_mapping.Pointer + EndpointLayout.Changes);
        Volatile.Write(ref *changes, *changes + 1);
        Thread.MemoryBarrier();
        bool isCut = PutText(page, EndpointLayout.Address, EndpointLayout.AddressLength, AddressText.Display(address));
        var flags = MemoryMarshal.Read<ushort>(page[EndpointLayout.Flags..]) & ~EndpointLayout.AddressCut;
        Put(page, EndpointLayout.Flags, (ushort)(flags | (isCut ? EndpointLayout.AddressCut : 0)));
        Volatile.Write(ref *changes, *changes + 1);
        GC.KeepAlive(_mapping);
    }

    /// <summary>
    /// Marks the endpoint as no longer listening, though it may still have peers: a search for the holder of its address or socket file
    /// finds another one. Any thread may call it; it makes no system call.
    /// </summary>
    public void GivePlaceBack()
    {
        if (_mapping is not null)
        {
            Volatile.Write(ref *(_mapping.Pointer + EndpointLayout.Bound), (byte)0);
            GC.KeepAlive(_mapping);
        }
    }

    /// <summary>
    /// Withdraws the entry: no process sees it from here on, even if its file cannot be removed. The counters stay usable.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0 || _mapping is null || _path is null)
        {
            return;
        }

        Volatile.Write(ref *(uint*)(_mapping.Pointer + EndpointLayout.Ready), 0u);
        GC.KeepAlive(_mapping);
        if (FileIdentity.At(_path) == _identity)
        {
            _ = NativeFile.Unlink(_path);
        }
    }

    /// <summary>Returns whether a file name is that of an entry.</summary>
    public static bool IsName(string name)
    {
        var hyphen = name.IndexOf('-');
        return hyphen > 0
            && Participant.IsId(name.AsSpan(0, hyphen))
            && ulong.TryParse(name.AsSpan(hyphen + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _);
    }

    private static void Describe(
        MappedFile mapping,
        PatternKind kind,
        bool bound,
        string address,
        string label,
        FileIdentity socket,
        int child,
        DateTimeOffset started)
    {
        var page = mapping.Span;
        EndpointLayout.Magic.CopyTo(page);
        Put(page, EndpointLayout.LayoutVersion, EndpointLayout.Version);
        Put(page, EndpointLayout.SizeField, (uint)EndpointLayout.Size);
        int process = child == 0 ? NativeProcess.Id : child;
        Put(page, EndpointLayout.ProcessId, (uint)process);
        Put(page, EndpointLayout.Parent, child == 0 ? 0u : (uint)NativeProcess.Id);
        Put(page, EndpointLayout.Started, started.ToUnixTimeMilliseconds());
        page[EndpointLayout.Kind] = (byte)kind;
        page[EndpointLayout.Bound] = bound ? (byte)1 : (byte)0;
        Put(page, EndpointLayout.SocketDevice, socket.Device);
        Put(page, EndpointLayout.SocketInode, socket.Inode);

        var addressCut = PutText(page, EndpointLayout.Address, EndpointLayout.AddressLength, AddressText.Display(address));
        _ = PutText(page, EndpointLayout.Label, EndpointLayout.LabelLength, PlainText.OneLine(label), EndpointLayout.LabelSize);
        var programCut = PutText(
            page,
            EndpointLayout.Program,
            EndpointLayout.ProgramLength,
            PlainText.OneLine(NativeProcess.CommandLine(process) ?? ""));
        Put(
            page,
            EndpointLayout.Flags,
            (ushort)((addressCut ? EndpointLayout.AddressCut : 0) | (programCut ? EndpointLayout.ProgramCut : 0)));

        // Written last: a reader that sees it sees everything above.
        Volatile.Write(ref *(uint*)(mapping.Pointer + EndpointLayout.Ready), 1u);
    }

    // Returns whether the text was truncated, between two characters.
    private static bool PutText(Span<byte> page, int offset, int lengthOffset, string text, int size = EndpointLayout.TextSize)
    {
        Encoding
            .UTF8.GetEncoder()
            .Convert(text, page.Slice(offset, size), flush: true, out var used, out var length, out _);
        Put(page, lengthOffset, (ushort)length);
        return used < text.Length;
    }

    private static void Put<T>(Span<byte> page, int offset, T value)
        where T : unmanaged => MemoryMarshal.Write(page[offset..], in value);
}
