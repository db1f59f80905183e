using System.Buffers.Binary;
using System.Text;

namespace Fairlead.Framing;

/// <summary>The introduction that each side sends in its first frame.</summary>
/// <remarks>
/// The layout is the same in every version of the protocol. Sides of incompatible versions can therefore tell each other the reason:
/// <code>
///  header: kind = 'H' | 'W' | 'R', id and ack hold the magic "FAIRLEAD"
///   0 u16 lowest version      2 u16 highest version     4 u8 pattern   5 u8 error code ('R')   6 u16 reserved
///   8 u32 window, messages   12 u32 heartbeat, ms      16 u64 window, bytes                   24 u64 longest message
///  32 u32 pid                36 u16 text length        38 text: program ('H', 'W') or reason ('R')
/// </code>
/// Fields like those of a head may follow the text. Unknown fields belong to later versions and are skipped.
/// </remarks>
internal sealed record Handshake
{
    public const ushort LowestVersion = 1;
    public const ushort HighestVersion = 1;
    public const int FixedSize = 38;
    public const int LongestBody = 4096;
    public const uint MagicHigh = 0x46414952; // "FAIR"
    public const uint MagicLow = 0x4C454144; // "LEAD"
    private const int LongestText = 1024;
    private const int FullBytes = 3 + 1;
    private const int HandlesBytes = 3 + 2;
    private const int PositionBytes = 3 + PublishedPosition.Bytes;

    public ushort Lowest { get; init; } = LowestVersion;

    public ushort Highest { get; init; } = HighestVersion;

    public PatternKind Pattern { get; init; }

    public ErrorCode Error { get; init; }

    public uint Messages { get; init; }

    public TimeSpan Heartbeat { get; init; }

    public ulong Capacity { get; init; }

    public ulong LongestMessage { get; init; }

    public int ProcessId { get; init; }

    /// <summary>The program's name or, in a refusal, the reason.</summary>
    public string Text { get; init; } = "";

    /// <summary>The overflow policy that a subscriber asks for; null for the publisher's default.</summary>
    public OverflowPolicy? Full { get; init; }

    /// <summary>The most unread open files on this side.</summary>
    public int Handles { get; init; }

    /// <summary>The last message of a publisher with a store.</summary>
    public PublishedPosition? Position { get; init; }

    public static MessageHeader HeaderOf(MessageKind kind) => new() { Kind = kind, Id = MagicHigh, Ack = MagicLow };

    public byte[] Encode()
    {
        byte[] text = Encoding.UTF8.GetBytes(Text.Length > LongestText / 4 ? Text[..(LongestText / 4)] : Text);
        int fieldBytes = (Full is null ? 0 : FullBytes) + (Handles == 0 ? 0 : HandlesBytes) + (Position is null ? 0 : PositionBytes);
        byte[] body = new byte[FixedSize + text.Length + fieldBytes];
        BinaryPrimitives.WriteUInt16BigEndian(body, Lowest);
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(2), Highest);
        body[4] = (byte)Pattern;
        body[5] = (byte)Error;
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(8), Messages);
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(12), (uint)Math.Clamp(Heartbeat.TotalMilliseconds, 0, uint.MaxValue));
        BinaryPrimitives.WriteUInt64BigEndian(body.AsSpan(16), Capacity);
        BinaryPrimitives.WriteUInt64BigEndian(body.AsSpan(24), LongestMessage);
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(32), (uint)ProcessId);
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(36), (ushort)text.Length);
        text.CopyTo(body.AsSpan(FixedSize));
        HeadWriter fields = new(body.AsSpan(FixedSize + text.Length));
        if (Full is { } full)
        {
            fields.Add(HeadField.Full, [(byte)(full + 1)]);
        }

        if (Handles > 0)
        {
            Span<byte> handles = stackalloc byte[sizeof(ushort)];
            BinaryPrimitives.WriteUInt16BigEndian(handles, (ushort)Handles);
            fields.Add(HeadField.Handles, handles);
        }

        if (Position is { } last)
        {
            Span<byte> position = stackalloc byte[PublishedPosition.Bytes];
            last.WriteTo(position);
            fields.Add(HeadField.Position, position);
        }

        return body;
    }

    /// <exception cref="FairleadException">Corrupt: the frame is not a handshake.</exception>
    public static Handshake Decode(in MessageHeader header, ReadOnlySpan<byte> body)
    {
        if (!IsHandshake(header) || body.Length is < FixedSize or > LongestBody)
        {
            throw NotFairlead();
        }

        int textLength = BinaryPrimitives.ReadUInt16BigEndian(body[36..]);
        if (textLength > body.Length - FixedSize)
        {
            throw NotFairlead();
        }

        return new Handshake
        {
            Lowest = BinaryPrimitives.ReadUInt16BigEndian(body),
            Highest = BinaryPrimitives.ReadUInt16BigEndian(body[2..]),
            Pattern = (PatternKind)body[4],
            Error = (ErrorCode)body[5],
            Messages = BinaryPrimitives.ReadUInt32BigEndian(body[8..]),
            Heartbeat = TimeSpan.FromMilliseconds(BinaryPrimitives.ReadUInt32BigEndian(body[12..])),
            Capacity = BinaryPrimitives.ReadUInt64BigEndian(body[16..]),
            LongestMessage = BinaryPrimitives.ReadUInt64BigEndian(body[24..]),
            ProcessId = (int)BinaryPrimitives.ReadUInt32BigEndian(body[32..]),
            Full = HeadReader.TryGet(body[(FixedSize + textLength)..], HeadField.Full, out ReadOnlySpan<byte> full) && full.Length == 1
                ? (OverflowPolicy)(full[0] - 1)
                : null,
            Handles = HeadReader.TryGet(body[(FixedSize + textLength)..], HeadField.Handles, out ReadOnlySpan<byte> handles)
                && handles.Length == sizeof(ushort)
                    ? BinaryPrimitives.ReadUInt16BigEndian(handles)
                    : 0,
            Position = HeadReader.TryGet(body[(FixedSize + textLength)..], HeadField.Position, out ReadOnlySpan<byte> position)
                ? PublishedPosition.Read(position)
                : null,
            Text = PlainText.OneLine(Encoding.UTF8.GetString(body.Slice(FixedSize, textLength))),
        };
    }

    public static bool IsHandshake(in MessageHeader header) =>
        header.Kind is MessageKind.Hello or MessageKind.Welcome or MessageKind.Refuse
        && header.Id == MagicHigh
        && header.Ack == MagicLow
        && header.HeadLength == 0;

    /// <summary>Returns the highest version that both sides support, or 0.</summary>
    public int CommonVersion()
    {
        int highest = Math.Min(Highest, HighestVersion);
        return highest >= Math.Max(Lowest, LowestVersion) ? highest : 0;
    }

    /// <param name="start">The peer's first bytes.</param>
    public static FairleadException NotFairlead(ReadOnlySpan<byte> start) =>

        // A record of TLS: its type, and the version 3.
        start is [0x16, 0x03, ..]
            ? new(ErrorCode.Corrupt, "the peer speaks TLS, and this address does not. Bind it with tls://, or connect with tcp://.")
            : NotFairlead();

    public static FairleadException NotFairlead() =>
        new(
            ErrorCode.Corrupt,
            "the peer's first bytes are not a Fairlead handshake. It is another program, or it uses ?framing=: "
                + "give both ends the same framing.");
}
