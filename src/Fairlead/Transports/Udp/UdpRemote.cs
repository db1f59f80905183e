using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Fairlead.Native.Sockets;

namespace Fairlead.Transports.Udp;

/// <summary>A remote address in comparable form, with the parts that distinguish it from others.</summary>
/// <remarks>A peer that sends to two addresses of this host is two peers: each gets its answers from the address that it asked.</remarks>
internal readonly record struct UdpRemote(ulong High, ulong Low, uint Scope, ushort Port)
{
    private const int Size4 = 16;
    private const int Size6 = 28;
    private const ulong MappedPrefix = 0x0000_FFFF;

    /// <summary>The address of this host to which the peer sends; unknown if the socket is bound to one address.</summary>
    public LocalHost Local { get; init; }

    /// <summary>Whether it is within this host: 127.0.0.0/8, also written in IPv6, and ::1.</summary>
    public bool IsLoopback => High == 0 && (Low == 1 || ((Low >> 32 is 0 or MappedPrefix) && (byte)(Low >> 24) == 127));

    /// <summary>Parses the address of a received datagram's sender. Returns false if it is neither IPv4 nor IPv6.</summary>
    public static bool TryRead(DatagramBatch batch, int index, out UdpRemote remote)
    {
        if (!TryRead(batch.Name(index), out remote))
        {
            return false;
        }

        remote = remote with { Local = batch.LocalHost(index) };
        return true;
    }

    /// <summary>Parses the kernel's form. Returns false if it is neither IPv4 nor IPv6.</summary>
    public static bool TryRead(ReadOnlySpan<byte> name, out UdpRemote remote)
    {
        remote = default;
        if (name.Length >= Size6 && NativeSocket.FamilyOf(name) == AddressFamily.InterNetworkV6)
        {
            remote = new UdpRemote(
                BinaryPrimitives.ReadUInt64BigEndian(name[8..]),
                BinaryPrimitives.ReadUInt64BigEndian(name[16..]),
                MemoryMarshal.Read<uint>(name[24..]),
                BinaryPrimitives.ReadUInt16BigEndian(name[2..]));
            return true;
        }

        if (name.Length >= Size4 && NativeSocket.FamilyOf(name) == AddressFamily.InterNetwork)
        {
            remote = new UdpRemote(0, BinaryPrimitives.ReadUInt32BigEndian(name[4..]), 0, BinaryPrimitives.ReadUInt16BigEndian(name[2..]));
            return true;
        }

        return false;
    }
}
