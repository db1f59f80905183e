using System.Buffers.Binary;

namespace Fairlead.Transports.Udp;

/// <summary>A datagram that begins or refuses a reliable session.</summary>
/// <remarks>
/// In network byte order:
/// <code>
///  0       4         5      6        8       16     20       22     24        32
///  | magic | version | kind | number | token | time | window | zero | cookie |
/// </code>
/// Refusals and resets end after the token: no answer is longer than the datagram it answers.
/// </remarks>
internal readonly record struct ReliableControl
{
    public const int Size = 32;
    public const int ShortSize = 16;
    public const byte Version = 1;

    /// <summary><c>FLRU</c>. No session's number begins with it.</summary>
    private const uint Magic = 0x464C_5255;

    public required ReliableKind Kind { get; init; }

    /// <summary>The segment size in bytes; in a refusal the <see cref="ReliableRefusal"/>.</summary>
    public ushort Number { get; init; }

    /// <summary>Chosen by the connecting end and returned by the other; in a reset the session.</summary>
    public ulong Token { get; init; }

    /// <summary>The time of the cookie.</summary>
    public uint Time { get; init; }

    /// <summary>The most unread segments of the sender of this datagram.</summary>
    public ushort Window { get; init; }

    /// <summary>The proof that its holder receives data sent to its address; in an accept the session.</summary>
    public ulong Cookie { get; init; }

    /// <summary>Whether this is a datagram of another version, of which nothing else is known.</summary>
    public bool IsOtherVersion { get; private init; }

    private bool IsShort => Kind is ReliableKind.Refuse or ReliableKind.Reset;

    /// <summary>Returns whether a session number could be mistaken for a control datagram.</summary>
    public static bool IsReserved(ulong session) => session >> 32 == Magic;

    /// <summary>Parses a control datagram. Returns false for other datagrams.</summary>
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

    /// <returns>The length in bytes.</returns>
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

/// <summary>The kind of a <see cref="ReliableControl"/>.</summary>
internal enum ReliableKind : byte
{
    /// <summary>From the connecting end: requests a session.</summary>
    Hello = 1,

    /// <summary>From the bound end: a cookie to repeat, as proof of receiving.</summary>
    Cookie = 2,

    /// <summary>From the connecting end: repeats the cookie.</summary>
    Open = 3,

    /// <summary>From the bound end: opens the session.</summary>
    Accept = 4,

    /// <summary>Refuses, with a reason.</summary>
    Refuse = 5,

    /// <summary>The session does not exist, or does not exist any more.</summary>
    Reset = 6,
}

/// <summary>The reasons to refuse a session.</summary>
internal enum ReliableRefusal : ushort
{
    /// <summary>The refusing end does not use reliable datagrams.</summary>
    Unreliable = 1,

    /// <summary>The refusing end uses reliable datagrams, and received another one.</summary>
    Reliable = 2,

    Version = 3,
    Crowded = 4,

    /// <summary>There are sessions, but no endpoint accepts more.</summary>
    NobodyListens = 5,
}
