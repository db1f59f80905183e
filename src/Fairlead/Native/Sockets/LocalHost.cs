using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Fairlead.Native.Sockets;

/// <summary>The address of this host to which a datagram was sent, and from which its answer must come.</summary>
/// <remarks>The default value is unknown: the socket does not report it, or it is the address of a group.</remarks>
internal readonly record struct LocalHost
{
    /// <summary>The capacity that a control message needs.</summary>
    public const int ControlRoom = 40;

    /// <summary>The length of <c>struct cmsghdr</c>, which precedes the data.</summary>
    public const int ControlHeader = 16;

    // struct in_pktinfo: interface, local address, destination.
    private const int InfoSize = 12;
    private const int InfoLocal = 4;

    // struct in6_pktinfo: address, interface.
    private const int InfoSize6 = 20;
    private const int AddressSize6 = 16;

    private readonly ulong _high;
    private readonly ulong _low;
    private readonly bool _isV6;

    private LocalHost(ReadOnlySpan<byte> bytes)
    {
        _isV6 = bytes.Length == AddressSize6;
        (_high, _low) = _isV6
            ? (BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[sizeof(ulong)..]))
            : (0, BinaryPrimitives.ReadUInt32BigEndian(bytes));
    }

    private static ReadOnlySpan<byte> MappedPrefix => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF];

    private static ReadOnlySpan<byte> Broadcast => [0xFF, 0xFF, 0xFF, 0xFF];

    public bool IsKnown => _high != 0 || _low != 0;

    /// <summary>Reads a control message; unknown if it is another one.</summary>
    /// <param name="level">The protocol.</param>
    /// <param name="type">The type of the control message.</param>
    /// <param name="data">The bytes after its header.</param>
    public static LocalHost Read(int level, int type, ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<byte> bytes = (level, type) switch
        {
            (Libc.IPPROTO_IP, Libc.IP_PKTINFO) when data.Length >= InfoSize => data.Slice(InfoLocal, sizeof(uint)),
            (Libc.IPPROTO_IPV6, Libc.IPV6_PKTINFO) when data.Length >= InfoSize6 => data[..AddressSize6],
            _ => default,
        };
        return bytes.IsEmpty || IsForMany(bytes) ? default : new LocalHost(bytes);
    }

    /// <summary>Writes the control message that sets the source of a datagram. The interface is left to the routes.</summary>
    /// <returns>Its length; 0 if the address is unknown.</returns>
    public int Write(Span<byte> control)
    {
        if (!IsKnown)
        {
            return 0;
        }

        control[..ControlRoom].Clear();
        int size = ControlHeader + (_isV6 ? InfoSize6 : InfoSize);
        MemoryMarshal.Write(control, (nint)size);
        MemoryMarshal.Write(control[8..], _isV6 ? Libc.IPPROTO_IPV6 : Libc.IPPROTO_IP);
        MemoryMarshal.Write(control[12..], _isV6 ? Libc.IPV6_PKTINFO : Libc.IP_PKTINFO);
        WriteAddress(control[(_isV6 ? ControlHeader : ControlHeader + InfoLocal)..]);
        return (size + 7) & ~7;
    }

    /// <summary>Replaces the host of a socket address, whose port stays.</summary>
    /// <param name="place">A socket address of the family of the socket.</param>
    /// <param name="scope">The number of the interface for a link-local address.</param>
    public SocketAddress At(SocketAddress place, uint scope)
    {
        SocketAddress at = new(place.Family, place.Size);
        place.Buffer.Span[..place.Size].CopyTo(at.Buffer.Span);
        Span<byte> bytes = at.Buffer.Span;
        WriteAddress(bytes[(_isV6 ? 8 : 4)..]);
        if (_isV6 && ToAddress().IsIPv6LinkLocal)
        {
            MemoryMarshal.Write(bytes[24..], scope);
        }

        return at;
    }

    /// <summary>Returns the address, an IPv4 one also if the socket is one of IPv6.</summary>
    public IPAddress ToAddress()
    {
        Span<byte> bytes = stackalloc byte[AddressSize6];
        WriteAddress(bytes);
        IPAddress address = new(_isV6 ? bytes : bytes[..sizeof(uint)]);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    /// <summary>Whether the bytes of an IPv4 or IPv6 address are those of a multicast group.</summary>
    public static bool IsGroup(ReadOnlySpan<byte> bytes) => bytes.Length == AddressSize6 ? bytes[0] == 0xFF : (bytes[0] & 0xF0) == 0xE0;

    // Such an address cannot be a source. Asked for each datagram.
    private static bool IsForMany(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> plain = bytes.StartsWith(MappedPrefix) ? bytes[MappedPrefix.Length..] : bytes;
        return IsGroup(plain) || plain.SequenceEqual(Broadcast);
    }

    private void WriteAddress(Span<byte> bytes)
    {
        if (_isV6)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes, _high);
            BinaryPrimitives.WriteUInt64BigEndian(bytes[sizeof(ulong)..], _low);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)_low);
        }
    }
}
