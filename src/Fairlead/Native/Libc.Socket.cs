using System.Runtime.InteropServices;

namespace Fairlead.Native;

// Sockets.
internal static unsafe partial class Libc
{
    public const int AF_UNIX = 1;
    public const int AF_INET = 2;
    public const int AF_INET6 = 10;

    public const int SOCK_STREAM = 1;
    public const int SOCK_DGRAM = 2;
    public const int SOCK_SEQPACKET = 5;
    public const int SOCK_NONBLOCK = O_NONBLOCK;
    public const int SOCK_CLOEXEC = O_CLOEXEC;

    public const int SOL_SOCKET = 1;
    public const int SO_REUSEADDR = 2;
    public const int SO_TYPE = 3;
    public const int SO_ERROR = 4;
    public const int SO_SNDBUF = 7;
    public const int SO_RCVBUF = 8;
    public const int SO_KEEPALIVE = 9;
    public const int SO_LINGER = 13;
    public const int SO_REUSEPORT = 15;

    public const int SO_ACCEPTCONN = 30;

    /// <summary>POWER uses different numbers for socket options from here on.</summary>
    public static int SO_PEERCRED => RuntimeInformation.ProcessArchitecture == Architecture.Ppc64le ? 21 : 17;

    public const int IPPROTO_TCP = 6;
    public const int TCP_NODELAY = 1;
    public const int TCP_INFO = 11;

    /// <summary>In <c>struct tcp_info</c>: the segments that the peer has not acknowledged.</summary>
    public const int TcpUnacknowledgedSegments = 24;

    /// <summary>In <c>struct tcp_info</c>: the bytes that have not been sent yet.</summary>
    public const int TcpUnsentBytes = 144;

    public const int SCM_RIGHTS = 1;
    public const int MSG_PEEK = 2;
    public const int MSG_CTRUNC = 8;
    public const int MSG_DONTWAIT = 0x40;
    public const int MSG_NOSIGNAL = 0x4000;
    public const int MSG_CMSG_CLOEXEC = 0x40000000;

    /// <summary>Asks how much sent data the peer has not read. POWER uses another number.</summary>
    public static nuint SIOCOUTQ => RuntimeInformation.ProcessArchitecture == Architecture.Ppc64le ? 0x40047473u : 0x5411u;

    /// <summary>The largest address that the kernel returns, <c>struct sockaddr_storage</c>.</summary>
    public const int SocketAddressCapacity = 128;

    [LibraryImport(Library, EntryPoint = "socket")]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "socketpair")]
    public static partial int SocketPair(int family, int type, int protocol, int* descriptors);

    [LibraryImport(Library, EntryPoint = "bind")]
    public static partial int Bind(int descriptor, byte* address, uint length);

    [LibraryImport(Library, EntryPoint = "listen")]
    public static partial int Listen(int descriptor, int backlog);

    [LibraryImport(Library, EntryPoint = "accept4")]
    public static partial int Accept(int descriptor, byte* address, uint* length, int flags);

    [LibraryImport(Library, EntryPoint = "connect")]
    public static partial int Connect(int descriptor, byte* address, uint length);

    [LibraryImport(Library, EntryPoint = "shutdown")]
    public static partial int Shutdown(int descriptor, int how);

    [LibraryImport(Library, EntryPoint = "getsockname")]
    public static partial int LocalName(int descriptor, byte* address, uint* length);

    [LibraryImport(Library, EntryPoint = "getpeername")]
    public static partial int PeerName(int descriptor, byte* address, uint* length);

    [LibraryImport(Library, EntryPoint = "getsockopt")]
    public static partial int GetSocketOption(int descriptor, int level, int name, void* value, uint* length);

    [LibraryImport(Library, EntryPoint = "setsockopt")]
    public static partial int SetSocketOption(int descriptor, int level, int name, void* value, uint length);

    // Variadic, like fcntl: see there.
    [LibraryImport(Library, EntryPoint = "ioctl")]
    public static partial int DeviceControl(int descriptor, nuint request, int* value);

    [LibraryImport(Library, EntryPoint = "sendmsg")]
    public static partial nint SendMessage(int descriptor, MessageVector* message, int flags);

    [LibraryImport(Library, EntryPoint = "recvmsg")]
    public static partial nint ReceiveMessage(int descriptor, MessageVector* message, int flags);

    /// <summary>
    /// <c>struct msghdr</c>. Some fields have 32 bits and padding in musl, and 64 bits in the kernel and glibc: zeroed, the structure fits
    /// both on little-endian machines.
    /// </summary>
    public struct MessageVector
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nint VectorCount;
        public void* Control;
        public nint ControlLength;
        public int Flags;
    }

    /// <summary><c>struct cmsghdr</c>, followed by space for descriptors.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct RightsMessage
    {
        public nint Length;
        public int Level;
        public int Type;
        public fixed int Descriptors[MostDescriptors];

        public const int MostDescriptors = 4;
        public const int HeaderSize = 16;
    }

    /// <summary><c>struct ucred</c>.</summary>
    public struct UserCredentials
    {
        public int ProcessId;
        public uint UserId;
        public uint GroupId;
    }
}
