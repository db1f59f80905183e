using System.Net;
using System.Net.Sockets;

namespace Fairlead.Native.Sockets;

/// <summary>Sends datagrams, and sets the options of datagram sockets.</summary>
internal static unsafe class NativeDatagrams
{
    private const int MostOfOneCall = 32;

    /// <summary>Sends datagrams that are contiguous in memory.</summary>
    /// <param name="socket">A socket, connected if <paramref name="to"/> is empty.</param>
    /// <param name="bytes">All datagrams.</param>
    /// <param name="lengths">The length of each.</param>
    /// <param name="to">The destination in the kernel's form.</param>
    /// <param name="error">The reason if fewer were sent than one call takes.</param>
    /// <param name="from">The source; if it is unknown, the system chooses.</param>
    /// <returns>The number of datagrams sent.</returns>
    public static int Send(
        Descriptor socket,
        ReadOnlySpan<byte> bytes,
        Queue<int>.Enumerator lengths,
        ReadOnlySpan<byte> to,
        out Errno error,
        LocalHost from = default)
    {
        error = Errno.EBADF;
        if (!socket.TryEnter())
        {
            return 0;
        }

        int sent;
        error = Errno.None;
        Libc.IoVector* vectors = stackalloc Libc.IoVector[MostOfOneCall];
        Libc.MultiMessage* messages = stackalloc Libc.MultiMessage[MostOfOneCall];
        byte* control = stackalloc byte[LocalHost.ControlRoom];
        int controlLength = from.Write(new Span<byte>(control, LocalHost.ControlRoom));
        fixed (byte* start = bytes, name = to)
        {
            uint count = 0;
            byte* at = start;
            while (count < MostOfOneCall && lengths.MoveNext())
            {
                int length = lengths.Current;
                vectors[count] = new() { Base = at, Length = (nuint)length };
                messages[count] = new()
                {
                    Header = new()
                    {
                        Name = name,
                        NameLength = (uint)to.Length,
                        Vectors = vectors + count,
                        VectorCount = 1,
                        Control = controlLength == 0 ? null : control,
                        ControlLength = controlLength,
                    },
                };
                at += length;
                count++;
            }

            do
            {
                sent = Libc.SendMessages(socket.Number, messages, count, Libc.MSG_NOSIGNAL | Libc.MSG_DONTWAIT);
            }
            while (sent < 0 && (error = Libc.LastError) == Errno.EINTR);
        }

        socket.Exit();
        if (sent < 0)
        {
            return 0;
        }

        error = Errno.None;
        return sent;
    }

    /// <summary>Counts datagrams that the socket drops from now on: <see cref="DatagramBatch.Overflows"/>.</summary>
    public static void CountOverflows(Descriptor socket) => _ = Set(socket, Libc.SOL_SOCKET, Libc.SO_RXQ_OVFL, 1);

    /// <summary>Reports from now on to which address of this host a datagram was sent: <see cref="DatagramBatch.LocalHost"/>.</summary>
    public static Errno ReportLocalHosts(Descriptor socket, AddressFamily family) =>
        family == AddressFamily.InterNetworkV6
            ? Set(socket, Libc.IPPROTO_IPV6, Libc.IPV6_RECVPKTINFO, 1)
            : Set(socket, Libc.IPPROTO_IP, Libc.IP_PKTINFO, 1);

    public static Errno AllowBroadcast(Descriptor socket) => Set(socket, Libc.SOL_SOCKET, Libc.SO_BROADCAST, 1);

    /// <summary>Sets how many routers a datagram to a group may pass.</summary>
    public static Errno SetGroupHops(Descriptor socket, AddressFamily family, int hops) =>
        family == AddressFamily.InterNetworkV6
            ? Set(socket, Libc.IPPROTO_IPV6, Libc.IPV6_MULTICAST_HOPS, hops)
            : Set(socket, Libc.IPPROTO_IP, Libc.IP_MULTICAST_TTL, hops);

    /// <summary>Sets whether members of the group on this host get what this socket sends.</summary>
    public static Errno SetGroupLoop(Descriptor socket, AddressFamily family, bool on) =>
        family == AddressFamily.InterNetworkV6
            ? Set(socket, Libc.IPPROTO_IPV6, Libc.IPV6_MULTICAST_LOOP, on ? 1 : 0)
            : Set(socket, Libc.IPPROTO_IP, Libc.IP_MULTICAST_LOOP, on ? 1 : 0);

    /// <summary>Sets the interface for datagrams to groups.</summary>
    public static Errno SetGroupInterface(Descriptor socket, AddressFamily family, int index)
    {
        Libc.GroupRequest request = new() { Interface = index };
        return family == AddressFamily.InterNetworkV6 ? Set(socket, Libc.IPPROTO_IPV6, Libc.IPV6_MULTICAST_IF, index)
            : SetBytes(socket, Libc.IPPROTO_IP, Libc.IP_MULTICAST_IF, &request, (uint)sizeof(Libc.GroupRequest));
    }

    /// <summary>
    /// Joins a group, on an interface or, with 0, on the one that the system chooses. The membership ends with the socket.
    /// </summary>
    public static Errno Join(Descriptor socket, IPAddress group, int index)
    {
        if (group.AddressFamily == AddressFamily.InterNetworkV6)
        {
            Libc.GroupRequest6 request6 = new() { Interface = (uint)index };
            group.TryWriteBytes(new Span<byte>(request6.Group, 16), out _);
            return SetBytes(socket, Libc.IPPROTO_IPV6, Libc.IPV6_JOIN_GROUP, &request6, (uint)sizeof(Libc.GroupRequest6));
        }

        Libc.GroupRequest request = new() { Interface = index };
        group.TryWriteBytes(new Span<byte>(&request.Group, sizeof(uint)), out _);
        return SetBytes(socket, Libc.IPPROTO_IP, Libc.IP_ADD_MEMBERSHIP, &request, (uint)sizeof(Libc.GroupRequest));
    }

    /// <summary>Returns the number of an interface; 0 if there is none with that name.</summary>
    public static int InterfaceIndex(string name) => name.Contains('\0') ? 0 : (int)Libc.InterfaceIndex(name);

    private static Errno Set(Descriptor socket, int level, int name, int value) => SetBytes(socket, level, name, &value, sizeof(int));

    private static Errno SetBytes(Descriptor socket, int level, int name, void* value, uint length)
    {
        if (!socket.TryEnter())
        {
            return Errno.EBADF;
        }

        Errno error = Libc.SetSocketOption(socket.Number, level, name, value, length) == 0 ? Errno.None : Libc.LastError;
        socket.Exit();
        return error;
    }
}
