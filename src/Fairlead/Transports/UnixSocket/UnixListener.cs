using System.Net.Sockets;
using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;
using Fairlead.Registry;

namespace Fairlead.Transports.UnixSocket;

/// <summary>A bound Unix socket: a file, or an abstract name, which the kernel releases by itself.</summary>
internal sealed class UnixListener : IListener
{
    private readonly Descriptor _listener;
    private readonly SocketFile? _file;
    private readonly Func<Descriptor, Peer, Connection> _wrap;
    private readonly string _place;

    private UnixListener(
        Address address, string place, Descriptor listener, SocketFile? file, Func<Descriptor, Peer, Connection> wrap)
    {
        Address = address;
        _listener = listener;
        _file = file;
        _wrap = wrap;
        _place = place;
    }

    public Address Address { get; }

    public FileIdentity File => _file?.Identity ?? FileIdentity.None;

    public Descriptor WaitDescriptor => _listener;

    public static UnixListener Bind(Address address, NativeSocketType type, Func<Descriptor, Peer, Connection> wrap)
    {
        if (address.IsAbstract)
        {
            return new UnixListener(address, address.Place, BindAbstractly(address, type), null, wrap);
        }

        string path = UnixEndpoint.PathOf(address);
        SocketFile file = SocketFile.Bind(path, type, Backlog.Of(address), address, PlaceMode.Of(address));
        return new UnixListener(address, path, file.Listener, file, wrap);
    }

    public Connection? TryAccept()
    {
        Descriptor? socket = NativeSocket.Accept(_listener, out Errno error);
        return socket is not null ? _wrap(socket, UnixEndpoint.PeerOf(socket) with { LocalAddress = _place })
            : error is Errno.EAGAIN or Errno.EBADF ? null
            : throw ErrnoMap.Failure("cannot accept a connection", error).At(Address);
    }

    public void Dispose()
    {
        if (_file is not null)
        {
            _file.Dispose();
        }
        else
        {
            _listener.Dispose();
        }
    }

    /// <summary>Binds a name without a file, and listens unless it is a datagram socket.</summary>
    public static Descriptor BindAbstractly(Address address, NativeSocketType type) =>
        EndingHolder.Outlast(() => BindAbstract(address, type), isHeldByDescriptors: true);

    private static Descriptor BindAbstract(Address address, NativeSocketType type)
    {
        Descriptor listener = NativeSocket.Create(AddressFamily.Unix, type);
        try
        {
            using SocketName name = SocketName.Of("\0" + address.Place[1..]);
            Errno error = NativeSocket.Bind(listener, name.Address);
            if (error == Errno.EADDRINUSE)
            {
                throw Busy(address, name, type);
            }

            error = error == Errno.None && type != NativeSocketType.Datagram ? NativeSocket.Listen(listener, Backlog.Of(address)) : error;
            return error == Errno.None ? listener : throw ErrnoMap.Failure("cannot be bound", error).At(address);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Returns the error with the listening process, which this asks for.</summary>
    private static FairleadException Busy(Address address, SocketName name, NativeSocketType type)
    {
        using Descriptor probe = NativeSocket.Create(AddressFamily.Unix, type);
        Holder? holder =
            NativeSocket.Connect(probe, name.Address) == Errno.None && NativeSocket.Credentials(probe) is { ProcessId: > 0 } credentials
                && NativeProcess.IsAlive(credentials.ProcessId)
                ? new Holder(
                    new Peer
                    {
                        ProcessId = credentials.ProcessId,
                        UserId = credentials.UserId,
                        GroupId = credentials.GroupId,
                        Program = NativeProcess.CommandLine(credentials.ProcessId),
                    })
                : Published(address);
        return new FairleadException(
            ErrorCode.AlreadyExists,
            holder is null ? "is held by another process" : $"is held by {holder}",
            "Stop that process, or choose another name.")
        {
            Address = address,
            Peer = holder?.Peer,
        };
    }

    /// <summary>Returns the holder by the registry, because a datagram socket does not report its process.</summary>
    private static Holder? Published(Address address)
    {
        try
        {
            return EndpointRegistry.FindHolder(address)?.Holder;
        }
        catch (FairleadException)
        {
            // The registry cannot be trusted.
            return null;
        }
    }
}
