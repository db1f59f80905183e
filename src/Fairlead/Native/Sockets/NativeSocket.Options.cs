using System.Net;
using System.Net.Sockets;

namespace Fairlead.Native.Sockets;

// Names, options and the peer's identity.
internal static unsafe partial class NativeSocket
{
    /// <summary>Takes the pending error of the socket since the last call: the result of a connect.</summary>
    public static Errno TakeError(Descriptor socket)
    {
        int value = 0;
        var error = GetOption(socket, Libc.SOL_SOCKET, Libc.SO_ERROR, &value, sizeof(int));
        return error == Errno.None ? (Errno)value : error;
    }

    /// <summary>Returns the local address: the real port if 0 was requested.</summary>
    public static SocketAddress LocalName(Descriptor socket)
    {
        var name = Name(socket, peer: false, out var error);
        return name ?? throw ErrnoMap.Failure($"cannot read the name of {socket}", error);
    }

    /// <summary>Returns the address of the peer; null if the socket is not connected, or no longer.</summary>
    public static SocketAddress? PeerName(Descriptor socket)
    {
        var name = Name(socket, peer: true, out var error);
        return name is not null || error is Errno.ENOTCONN or Errno.EINVAL or Errno.EBADF
            ? name
            : throw ErrnoMap.Failure($"cannot read the name of the peer of {socket}", error);
    }

    /// <summary>Returns the credentials of the peer; null if it is not a connected Unix socket.</summary>
    public static PeerCredentials? Credentials(Descriptor socket)
    {
        var credentials = new Libc.UserCredentials { UserId = uint.MaxValue };
        var error = GetOption(socket, Libc.SOL_SOCKET, Libc.SO_PEERCRED, &credentials, (uint)sizeof(Libc.UserCredentials));

        // A socket without a peer, or of another family, returns an invalid user rather than an error.
        return error == Errno.None && credentials.UserId != uint.MaxValue
            ? new PeerCredentials(credentials.ProcessId, credentials.UserId, credentials.GroupId)
            : null;
    }

    /// <summary>Returns the type of the socket; null if it is not a socket.</summary>
    public static NativeSocketType? TypeOf(Descriptor socket)
    {
        int value = 0;
        return GetOption(socket, Libc.SOL_SOCKET, Libc.SO_TYPE, &value, sizeof(int)) == Errno.None ? (NativeSocketType)value : null;
    }

    /// <summary>Returns whether the socket accepts connections.</summary>
    public static bool IsListening(Descriptor socket)
    {
        int value = 0;
        return GetOption(socket, Libc.SOL_SOCKET, Libc.SO_ACCEPTCONN, &value, sizeof(int)) == Errno.None && value != 0;
    }

    /// <summary>Makes small TCP segments leave immediately.</summary>
    public static void SetNoDelay(Descriptor socket, bool on = true) => SetOption(socket, Libc.IPPROTO_TCP, Libc.TCP_NODELAY, on ? 1 : 0);

    /// <summary>
    /// Lets the socket bind a TCP port although it still has old connections, or one that uses it as its local end, if they have
    /// this option too.
    /// </summary>
    public static void SetReuseAddress(Descriptor socket, bool on = true) =>
        SetOption(socket, Libc.SOL_SOCKET, Libc.SO_REUSEADDR, on ? 1 : 0);

    public static void SetKeepAlive(Descriptor socket, bool on = true) => SetOption(socket, Libc.SOL_SOCKET, Libc.SO_KEEPALIVE, on ? 1 : 0);

    /// <summary>Makes closing a TCP socket reset the connection (<c>SO_LINGER</c> of 0 seconds), also when its process dies.</summary>
    public static void SetReset(Descriptor socket)
    {
        if (socket.TryEnter())
        {
            // struct linger: on, and the seconds.
            int* linger = stackalloc int[] { 1, 0 };
            Errno error = Libc.SetSocketOption(socket.Number, Libc.SOL_SOCKET, Libc.SO_LINGER, linger, 2 * sizeof(int)) == 0
                ? Errno.None
                : Libc.LastError;
            socket.Exit();
            if (error != Errno.None)
            {
                throw ErrnoMap.Failure($"cannot set an option of {socket}", error);
            }
        }
    }

    /// <summary>Sets the options that every TCP connection of messages wants: no delay, and keep-alive.</summary>
    public static void SetForMessages(Descriptor socket)
    {
        SetNoDelay(socket);
        SetKeepAlive(socket);
    }

    /// <summary>Sets the buffer sizes in bytes; the kernel doubles them for its own needs and caps them. Null: no change.</summary>
    public static void SetBuffers(Descriptor socket, int? send, int? receive)
    {
        if (send is { } sendSize)
        {
            SetOption(socket, Libc.SOL_SOCKET, Libc.SO_SNDBUF, sendSize);
        }

        if (receive is { } receiveSize)
        {
            SetOption(socket, Libc.SOL_SOCKET, Libc.SO_RCVBUF, receiveSize);
        }
    }

    /// <summary>Returns whether the peer's kernel lacks some of the bytes, or the end, that a TCP socket has sent.</summary>
    public static bool HasUnacknowledged(Descriptor socket)
    {
        byte* state = stackalloc byte[Libc.TcpUnsentBytes + sizeof(uint)];
        return GetOption(socket, Libc.IPPROTO_TCP, Libc.TCP_INFO, state, Libc.TcpUnsentBytes + sizeof(uint)) == Errno.None
            && (*(uint*)(state + Libc.TcpUnacknowledgedSegments) | *(uint*)(state + Libc.TcpUnsentBytes)) != 0;
    }

    /// <summary>
    /// Returns how much memory of a Unix socket's sent data the peer has not read yet, the kernel's overhead included; 0 if it is closed.
    /// </summary>
    public static int Unread(Descriptor socket)
    {
        if (!socket.TryEnter())
        {
            return 0;
        }

        int value = 0;
        int status = Libc.DeviceControl(socket.Number, Libc.SIOCOUTQ, &value);
        socket.Exit();
        return status == 0 ? value : 0;
    }

    /// <summary>Returns the size of the kernel's receive buffer, its own overhead included.</summary>
    public static int ReceiveBuffer(Descriptor socket)
    {
        int value = 0;
        return GetOption(socket, Libc.SOL_SOCKET, Libc.SO_RCVBUF, &value, sizeof(int)) == Errno.None ? value : 0;
    }

    /// <summary>Lets several sockets of one user that all have this option bind one address.</summary>
    public static void SetReusePort(Descriptor socket, bool on) => SetOption(socket, Libc.SOL_SOCKET, Libc.SO_REUSEPORT, on ? 1 : 0);

    private static SocketAddress? Name(Descriptor socket, bool peer, out Errno error)
    {
        error = Errno.EBADF;
        if (!socket.TryEnter())
        {
            return null;
        }

        var buffer = stackalloc byte[Libc.SocketAddressCapacity];
        uint length = Libc.SocketAddressCapacity;
        var status = peer ? Libc.PeerName(socket.Number, buffer, &length) : Libc.LocalName(socket.Number, buffer, &length);
        error = status == 0 ? Errno.None : Libc.LastError;
        socket.Exit();
        if (error != Errno.None)
        {
            return null;
        }

        var size = (int)Math.Min(length, Libc.SocketAddressCapacity);
        var name = new SocketAddress(FromNative(*(ushort*)buffer), Math.Max(size, sizeof(ushort)));
        new ReadOnlySpan<byte>(buffer, size).CopyTo(name.Buffer.Span);
        return name;
    }

    /// <summary>Returns the family of an address in the kernel's form.</summary>
    public static AddressFamily FamilyOf(ReadOnlySpan<byte> name) =>
        name.Length < sizeof(ushort)
            ? AddressFamily.Unspecified
            : FromNative(System.Runtime.InteropServices.MemoryMarshal.Read<ushort>(name));

    private static AddressFamily FromNative(int family) => family switch
    {
        Libc.AF_UNIX => AddressFamily.Unix,
        Libc.AF_INET => AddressFamily.InterNetwork,
        Libc.AF_INET6 => AddressFamily.InterNetworkV6,
        _ => AddressFamily.Unspecified,
    };

    private static Errno GetOption(Descriptor socket, int level, int name, void* value, uint length)
    {
        if (!socket.TryEnter())
        {
            return Errno.EBADF;
        }

        var error = Libc.GetSocketOption(socket.Number, level, name, value, &length) == 0 ? Errno.None : Libc.LastError;
        socket.Exit();
        return error;
    }

    // Options are optimizations only; if the socket is closed, or its peer gone, the next call reports that.
    private static void SetOption(Descriptor socket, int level, int name, int value)
    {
        if (!socket.TryEnter())
        {
            return;
        }

        var error = Libc.SetSocketOption(socket.Number, level, name, &value, sizeof(int)) == 0 ? Errno.None : Libc.LastError;
        socket.Exit();
        if (error is not (Errno.None or Errno.EINVAL or Errno.ENOTCONN))
        {
            throw ErrnoMap.Failure($"cannot set an option of {socket}", error);
        }
    }
}
