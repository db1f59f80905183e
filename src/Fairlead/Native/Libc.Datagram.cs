using System.Runtime.InteropServices;

namespace Fairlead.Native;

// Datagrams: several in one call, and the options of those that go to many.
internal static unsafe partial class Libc
{
    public const int MSG_TRUNC = 0x20;

    public const int SO_BROADCAST = 6;
    public const int SO_RXQ_OVFL = 40;

    public const int IPPROTO_IP = 0;
    public const int IP_PKTINFO = 8;
    public const int IP_MULTICAST_IF = 32;
    public const int IP_MULTICAST_TTL = 33;
    public const int IP_MULTICAST_LOOP = 34;
    public const int IP_ADD_MEMBERSHIP = 35;

    public const int IPPROTO_IPV6 = 41;
    public const int IPV6_MULTICAST_IF = 17;
    public const int IPV6_MULTICAST_HOPS = 18;
    public const int IPV6_MULTICAST_LOOP = 19;
    public const int IPV6_JOIN_GROUP = 20;
    public const int IPV6_RECVPKTINFO = 49;
    public const int IPV6_PKTINFO = 50;

    [LibraryImport(Library, EntryPoint = "recvmmsg")]
    public static partial int ReceiveMessages(int descriptor, MultiMessage* messages, uint count, int flags, void* timeout);

    [LibraryImport(Library, EntryPoint = "sendmmsg")]
    public static partial int SendMessages(int descriptor, MultiMessage* messages, uint count, int flags);

    [LibraryImport(Library, EntryPoint = "if_nametoindex", StringMarshalling = StringMarshalling.Utf8)]
    public static partial uint InterfaceIndex(string name);

    /// <summary><c>struct mmsghdr</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MultiMessage
    {
        public MessageVector Header;
        public uint Length;
    }

    /// <summary><c>struct ip_mreqn</c>; the addresses in network byte order.</summary>
    public struct GroupRequest
    {
        public uint Group;
        public uint Address;
        public int Interface;
    }

    /// <summary><c>struct ipv6_mreq</c>.</summary>
    public struct GroupRequest6
    {
        public fixed byte Group[16];
        public uint Interface;
    }
}
