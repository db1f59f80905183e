using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;

namespace Fairlead.Registry;

/// <summary>
/// Reads the entry of another process, which may be corrupt. It reads the file instead of mapping it, and a concurrent truncation is an
/// error and not a signal. It checks every field.
/// </summary>
internal static class EndpointEntryReader
{
    /// <summary>
    /// An address never changes so often that this does not find it stable. A writer that is stopped in the middle, or corrupts the entry,
    /// is shown as it is.
    /// </summary>
    private const int MostAttempts = 10_000;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Returns the entry, or null. In that case <paramref name="skipped"/> gives the reason; it is null if that is not a fault, because the
    /// entry vanished or is being created.
    /// </summary>
    public static EndpointInfo? Read(string path, out SkippedEntry? skipped)
    {
        skipped = null;

        // A FIFO in place of an entry would block without end if everything were not opened non-blocking.
        using var file = NativeFile.Open(path, OpenFlags.ReadOnly | OpenFlags.NoFollow, 0, out var error);
        if (file is null)
        {
            // A reader without descriptors or memory learns nothing about the entry.
            ErrorCode code = error is Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM ? ErrorCode.Unavailable : ErrorCode.Corrupt;
            skipped = error == Errno.ENOENT ? null : new(path, code, $"it cannot be opened ({ErrnoMap.Describe(error)})");
            return null;
        }

        if (NativeFile.Fstat(file) is not { Kind: FileKind.Regular } status || status.Uid != NativeProcess.UserId)
        {
            skipped = Corrupt(path, "it is not a regular file of this user");
            return null;
        }

        // One byte more than the layout has, to detect a longer file.
        var buffer = new byte[EndpointLayout.Size + 1];
        int length;
        bool hasMoved;
        var attempts = 0;
        do
        {
            // Odd while the address is being written, and different afterwards: the text may be half of each.
            var before = Changes(file);
            length = 0;
            while (length < buffer.Length && file.ReadAt(buffer.AsSpan(length), length) is { Ok: true, Count: > 0 } result)
            {
                length += result.Count;
            }

            hasMoved = before % 2 != 0 || Changes(file) != before;
            if (hasMoved)
            {
                // The writer may be waiting for this very processor.
                Thread.Yield();
            }
        }
        while (hasMoved && ++attempts < MostAttempts);

        return length == 0 ? null : WithState(WithProgram(Located(Parse(path, buffer.AsSpan(0, length), out skipped), path)));
    }

    /// <summary>Adds whether the process is stopped, which no process can say of itself.</summary>
    private static EndpointInfo? WithState(EndpointInfo? info) =>
        info is { IsInOtherNamespace: false } && NativeProcess.IsStopped(info.ProcessId) ? info with { IsStopped = true } : info;

    private static EndpointInfo? Located(EndpointInfo? info, string path)
    {
        string directory = Path.GetDirectoryName(Path.GetDirectoryName(path))!;
        string name = Path.GetFileName(path);
        return info is null ? null : ParticipantNote.Locate(info, $"{directory}/{Participant.Folder}/{name[..name.IndexOf('-')]}");
    }

    /// <summary>Adds the program of a child whose parent saw none: the kernel shows it only at the end of the child's start.</summary>
    private static EndpointInfo? WithProgram(EndpointInfo? info) =>
        info is { Program.Length: 0, ParentProcessId: not null, IsInOtherNamespace: false }
        ? info with { Program = PlainText.OneLine(NativeProcess.CommandLine(info.ProcessId) ?? "") }
        : info;

    private static uint Changes(Descriptor file)
    {
        Span<byte> changes = stackalloc byte[sizeof(uint)];
        return file.ReadAt(changes, EndpointLayout.Changes) is { Ok: true, Count: sizeof(uint) } ? MemoryMarshal.Read<uint>(changes) : 0;
    }

    /// <summary>Parses bytes that have been read.</summary>
    internal static EndpointInfo? Parse(string path, ReadOnlySpan<byte> page, out SkippedEntry? skipped)
    {
        skipped = null;
        if (page.Length == EndpointLayout.Size && Get<uint>(page, EndpointLayout.Ready) == 0)
        {
            return null;
        }

        if (Fault(page) is { } fault)
        {
            skipped = Corrupt(path, fault);
            return null;
        }

        if (Get<uint>(page, EndpointLayout.LayoutVersion) is var version && version != EndpointLayout.Version)
        {
            skipped = new SkippedEntry(
                path,
                ErrorCode.Incompatible,
                string.Create(
                    CultureInfo.InvariantCulture, $"it has layout version {version}; this program reads version {EndpointLayout.Version}"));
            return null;
        }

        if (Text(page, EndpointLayout.Address, EndpointLayout.AddressLength) is not { Length: > 0 } address
            || Text(page, EndpointLayout.Program, EndpointLayout.ProgramLength) is not { } program
            || Text(page, EndpointLayout.Label, EndpointLayout.LabelLength, EndpointLayout.LabelSize) is not { } label)
        {
            skipped = Corrupt(path, "its address, program or label is not valid text");
            return null;
        }

        return new EndpointInfo
        {
            Address = address,
            Kind = KindName((PatternKind)page[EndpointLayout.Kind])!,
            IsBound = page[EndpointLayout.Bound] == 1,
            ProcessId = (int)Get<uint>(page, EndpointLayout.ProcessId),
            ParentProcessId = Get<uint>(page, EndpointLayout.Parent) is > 0 and <= int.MaxValue and var parent ? (int)parent : null,
            Program = program,
            Label = label,
            Since = DateTimeOffset.FromUnixTimeMilliseconds(Get<long>(page, EndpointLayout.Started)),
            MessagesSent = SentIn(page),
            MessagesReceived = Get<long>(page, EndpointLayout.MessagesReceived),
            BytesSent = BytesSentIn(page),
            BytesReceived = Get<long>(page, EndpointLayout.BytesReceived),
            QueueDepth = Get<long>(page, EndpointLayout.QueueDepth),
            Dropped = Get<long>(page, EndpointLayout.Dropped),
            Missed = Get<long>(page, EndpointLayout.Missed),
            Clients = Get<long>(page, EndpointLayout.Clients),
            ControlMessages = Get<long>(page, EndpointLayout.Control),
            IsBlocked = Get<long>(page, EndpointLayout.State) == EndpointLayout.Blocked,
            IsReconnecting = Get<long>(page, EndpointLayout.State) == EndpointLayout.Reconnecting,
            IsAddressCut = (Get<ushort>(page, EndpointLayout.Flags) & EndpointLayout.AddressCut) != 0,
            Socket = new FileIdentity(Get<ulong>(page, EndpointLayout.SocketDevice), Get<ulong>(page, EndpointLayout.SocketInode)),
        };
    }

    private static string? Fault(ReadOnlySpan<byte> page)
    {
        if (page.Length != EndpointLayout.Size)
        {
            return string.Create(CultureInfo.InvariantCulture, $"it is not {EndpointLayout.Size} bytes long");
        }

        if (!page.StartsWith(EndpointLayout.Magic))
        {
            return "it does not begin with FLDENDPT";
        }

        // The following fields are defined for this version only.
        if (Get<uint>(page, EndpointLayout.LayoutVersion) != EndpointLayout.Version)
        {
            return null;
        }

        if (Get<uint>(page, EndpointLayout.SizeField) != EndpointLayout.Size || Get<uint>(page, EndpointLayout.Ready) != 1)
        {
            return "its size or ready word is wrong";
        }

        if (Get<uint>(page, EndpointLayout.ProcessId) is 0 or > int.MaxValue)
        {
            return "its process id is impossible";
        }

        if (Get<long>(page, EndpointLayout.Started) is var started
            && (started < 0 || started > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()))
        {
            return "its time is impossible";
        }

        if (KindName((PatternKind)page[EndpointLayout.Kind]) is null || page[EndpointLayout.Bound] > 1)
        {
            return "its kind is unknown";
        }

        foreach (var counter in Counters)
        {
            if (Get<long>(page, counter) < 0)
            {
                return "a counter is impossible";
            }
        }

        return SentIn(page) < 0 || BytesSentIn(page) < 0 ? "a counter is impossible" : null;
    }

    private static long SentIn(ReadOnlySpan<byte> page) =>
        Get<long>(page, EndpointLayout.MessagesSent) + Get<long>(page, EndpointLayout.MessagesShared);

    private static long BytesSentIn(ReadOnlySpan<byte> page) =>
        Get<long>(page, EndpointLayout.BytesSent) + Get<long>(page, EndpointLayout.BytesShared);

    private static ReadOnlySpan<int> Counters =>
    [
        EndpointLayout.MessagesSent, EndpointLayout.BytesSent, EndpointLayout.MessagesReceived, EndpointLayout.BytesReceived,
        EndpointLayout.MessagesShared, EndpointLayout.BytesShared, EndpointLayout.QueueDepth, EndpointLayout.Dropped,
        EndpointLayout.Missed, EndpointLayout.Clients, EndpointLayout.Control,
    ];

    private static string? KindName(PatternKind kind) => kind switch
    {
        PatternKind.Sender => "sender",
        PatternKind.Receiver => "receiver",
        PatternKind.Requester => "requester",
        PatternKind.Responder => "responder",
        PatternKind.Publisher => "publisher",
        PatternKind.Subscriber => "subscriber",
        PatternKind.Pair => "pair",
        PatternKind.Hub => "hub",
        PatternKind.WorkQueue => "work-queue",
        PatternKind.Socket => "socket",
        PatternKind.Foreign => "foreign",
        _ => null,
    };

    private static string? Text(ReadOnlySpan<byte> page, int offset, int lengthOffset, int size = EndpointLayout.TextSize)
    {
        var length = Get<ushort>(page, lengthOffset);
        if (length > size)
        {
            return null;
        }

        try
        {
            return PlainText.OneLine(Strict.GetString(page.Slice(offset, length)));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static SkippedEntry Corrupt(string path, string reason) => new(path, ErrorCode.Corrupt, reason);

    private static T Get<T>(ReadOnlySpan<byte> page, int offset)
        where T : unmanaged => MemoryMarshal.Read<T>(page[offset..]);
}
