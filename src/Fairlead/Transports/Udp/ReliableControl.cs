using System.Buffers.Binary;

namespace Fairlead.Transports.Udp;

/// <summary>
/// A datagram by which a reliable session begins or is refused, in network byte order:
/// <code>
///  0       4         5      6        8       16     20       22     24        32
///  | magic | version | kind | number | token | time | window | zero | cookie |
/// </code>
/// Refusals and resets end behind the token: no answer is longer than what it answers.
/// </summary>
internal readonly record struct ReliableControl
{
    public const int Size = 32;
    public const int ShortSize = 16;
    public const byte Version = 1;

    /// <summary><c>FLRU</c>. No session has a number that begins so.</summary>
    private const uint Magic = 0x464C_5255;

    public required ReliableKind Kind { get; init; }

    /// <summary>Bytes of a segment; of a refusal the <see cref="ReliableRefusal"/>.</summary>
    public ushort Number { get; init; }

    /// <summary>Chosen by the end that connects, and given back by the other; of a reset the session.</summary>
    public ulong Token { get; init; }

    /// <summary>When the cookie was made.</summary>
    public uint Time { get; init; }

    /// <summary>Segments that the sender of this takes unread.</summary>
    public ushort Window { get; init; }

    /// <summary>The proof that its holder hears what is sent to his address; of an accept the session that it is good for.</summary>
    public ulong Cookie { get; init; }

    /// <summary>Another version of the same: it is said so, and nothing else of it is known.</summary>
    public bool IsOtherVersion { get; private init; }

    private bool IsShort => Kind is ReliableKind.Refuse or ReliableKind.Reset;

    /// <summary>Whether a number could be taken for a control datagram.</summary>
    public static bool IsReserved(ulong session) => session >> 32 == Magic;

    /// <summary>False for what is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out ReliableControl control)
    {
        control = default;
        if (datagram.Length < ShortSize || BinaryPrimitives.ReadUInt32BigEndian(datagram) != Magic)
        {
            return false;
        }

        control = new ReliableControl
        {
            Kind = (ReliableKind)datagram[5],
            Number = BinaryPrimitives.ReadUInt16BigEndian(datagram[6..]),
            Token = BinaryPrimitives.ReadUInt64BigEndian(datagram[8..]),
            IsOtherVersion = datagram[4] != Version,
        };
        if (control.IsShort || control.IsOtherVersion)
        {
            return true;
        }

        if (datagram.Length != Size || control.Kind is < ReliableKind.Hello or > ReliableKind.Accept)
        {
            return false;
        }

        control = control with
        {
            Time = BinaryPrimitives.ReadUInt32BigEndian(datagram[16..]),
            Window = BinaryPrimitives.ReadUInt16BigEndian(datagram[20..]),
            Cookie = BinaryPrimitives.ReadUInt64BigEndian(datagram[24..]),
        };
        return true;
    }

    /// <returns>How many bytes it has.</returns>
    public int Write(Span<byte> datagram)
    {
        BinaryPrimitives.WriteUInt32BigEndian(datagram, Magic);
        datagram[4] = Version;
        datagram[5] = (byte)Kind;
        BinaryPrimitives.WriteUInt16BigEndian(datagram[6..], Number);
        BinaryPrimitives.WriteUInt64BigEndian(datagram[8..], Token);
        if (IsShort)
        {
            return ShortSize;
        }

        BinaryPrimitives.WriteUInt32BigEndian(datagram[16..], Time);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[20..], Window);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[22..], 0);
        BinaryPrimitives.WriteUInt64BigEndian(datagram[24..], Cookie);
        return Size;
    }
}

/// <summary>What a <see cref="ReliableControl"/> says.</summary>
internal enum ReliableKind : byte
{
    /// <summary>Who connects: I would like a session.</summary>
    Hello = 1,

    /// <summary>Who is bound: say this again, so that I know that you hear me.</summary>
    Cookie = 2,

    /// <summary>Who connects: I heard it.</summary>
    Open = 3,

    /// <summary>Who is bound: the session is yours.</summary>
    Accept = 4,

    /// <summary>No, for a reason.</summary>
    Refuse = 5,

    /// <summary>There is no such session, or no more.</summary>
    Reset = 6,
}

/// <summary>Why a session is refused.</summary>
internal enum ReliableRefusal : ushort
{
    /// <summary>Here it was not said that datagrams are to be reliable.</summary>
    Unreliable = 1,

    /// <summary>Here it was said, and what came was not.</summary>
    Reliable = 2,

    Version = 3,
    Crowded = 4,

    /// <summary>There are sessions, but nobody lets more in.</summary>
    NobodyListens = 5,
}
