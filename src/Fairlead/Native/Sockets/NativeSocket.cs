using System.Net;
using System.Net.Sockets;

namespace Fairlead.Native.Sockets;

/// <summary>Sockets as descriptors: creating, binding, accepting, connecting. Expected network outcomes are results.</summary>
internal static unsafe partial class NativeSocket
{
    public static Descriptor Create(AddressFamily family, NativeSocketType type)
    {
        var number = Libc.Socket(ToNative(family), (int)type | Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK, 0);
        return number >= 0 ? new Descriptor(number) : throw ErrnoMap.Failure($"cannot create a socket ({family}, {type})", Libc.LastError);
    }

    /// <summary>Creates two connected Unix sockets.</summary>
    public static (Descriptor First, Descriptor Second) Pair(NativeSocketType type)
    {
        var numbers = stackalloc int[2];
        if (Libc.SocketPair(Libc.AF_UNIX, (int)type | Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK, 0, numbers) < 0)
        {
            throw ErrnoMap.Failure("cannot create a pair of sockets", Libc.LastError);
        }

        return (new Descriptor(numbers[0]), new Descriptor(numbers[1]));
    }

    public static Errno Bind(Descriptor socket, SocketAddress address)
    {
        if (!socket.TryEnter())
        {
            return Errno.EBADF;
        }

        Errno error;
        fixed (byte* start = address.Buffer.Span)
        {
            error = Libc.Bind(socket.Number, start, (uint)address.Size) == 0 ? Errno.None : Libc.LastError;
        }

        socket.Exit();
        return error;
    }

    public static Errno Listen(Descriptor socket, int backlog)
    {
        if (!socket.TryEnter())
        {
            return Errno.EBADF;
        }

        var error = Libc.Listen(socket.Number, backlog) == 0 ? Errno.None : Libc.LastError;
        socket.Exit();
        return error;
    }

    /// <summary>Accepts the next pending connection of <paramref name="listener"/>.</summary>
    /// <param name="listener">A listening socket.</param>
    /// <param name="error">
    /// EAGAIN if no connection is pending. On EMFILE, ENFILE, ENOMEM or ENOBUFS the connection stays pending and the listener readable:
    /// stop watching it for a while, or the caller spins.
    /// </param>
    /// <param name="peer">If given, filled with the peer's address.</param>
    public static Descriptor? Accept(Descriptor listener, out Errno error, SocketAddress? peer = null)
    {
        if (!listener.TryEnter())
        {
            error = Errno.EBADF;
            return null;
        }

        int number;
        error = Errno.None;
        var buffer = peer is null ? default : peer.Buffer.Span;
        fixed (byte* start = buffer)
        {
            uint length;
            do
            {
                length = (uint)buffer.Length;
                number = Libc.Accept(listener.Number, start, start is null ? null : &length, Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK);
            }
            while (number < 0 && IsOfOneConnection(error = Libc.LastError));

            if (number >= 0)
            {
                error = Errno.None;
                if (peer is not null)
                {
                    peer.Size = (int)Math.Min(length, (uint)buffer.Length);
                }
            }
        }

        listener.Exit();
        return number >= 0 ? new Descriptor(number) : null;
    }

    /// <summary>
    /// Begins to connect. EINPROGRESS: wait until the socket is writable, then call <see cref="TakeError"/>. EAGAIN (Unix sockets): the
    /// listener's backlog is full, and nothing was begun.
    /// </summary>
    public static Errno Connect(Descriptor socket, SocketAddress address)
    {
        if (!socket.TryEnter())
        {
            return Errno.EBADF;
        }

        Errno error;
        fixed (byte* start = address.Buffer.Span)
        {
            error = Libc.Connect(socket.Number, start, (uint)address.Size) == 0 ? Errno.None : Libc.LastError;
        }

        socket.Exit();

        // An interrupted connect goes on in the kernel; a second call would only return EALREADY.
        return error == Errno.EINTR ? Errno.EINPROGRESS : error;
    }

    // Errors of the accepted connection, not of the listener: the next one may be fine (accept(2)).
    private static bool IsOfOneConnection(Errno error) => error is Errno.EINTR or Errno.ECONNABORTED or Errno.EPROTO
        or Errno.ENETDOWN or Errno.ENETUNREACH or Errno.EHOSTDOWN or Errno.EHOSTUNREACH or Errno.ENONET or Errno.ENOPROTOOPT;

    private static int ToNative(AddressFamily family) => family switch
    {
        AddressFamily.Unix => Libc.AF_UNIX,
        AddressFamily.InterNetwork => Libc.AF_INET,
        AddressFamily.InterNetworkV6 => Libc.AF_INET6,
        _ => throw new ArgumentOutOfRangeException(nameof(family), family, "Unix, IPv4 or IPv6."),
    };
}
