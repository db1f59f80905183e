using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Transports;

namespace Fairlead;

/// <summary>A connected stream socket: bytes, without messages. One thread at a time.</summary>
/// <remarks>
/// The two directions end separately, which programs such as <c>nc</c> and <c>socat</c> rely on. After the peer has ended its direction
/// (<see cref="TryRead"/> returns 0), this side may still write, until <see cref="EndSending"/>.
/// </remarks>
public sealed class SocketConnection : IDisposable
{
    private readonly Descriptor _socket;

    private SocketConnection(Descriptor socket, Peer peer)
    {
        _socket = socket;
        Peer = peer;
        _ = NativePipe.SetNonBlocking(socket);
    }

    /// <summary>The other end, with the properties that the kernel knows.</summary>
    public Peer Peer { get; }

    /// <summary>The network address of this end: <c>10.0.0.7:5242</c>. Null for a Unix socket, and for a broken connection.</summary>
    public string? LocalAddress => HostAddresses.LocalOf(_socket);

    /// <summary>The socket, for <see cref="WaitSet.Attach(SafeHandle, Readiness, object?, TimeSpan?)"/>. The connection owns it.</summary>
    public SafeHandle Handle => _socket;

    /// <summary>Connects, or takes over an inherited socket that is connected.</summary>
    /// <param name="address"><c>tcp://</c>, <c>unix://</c>, or <c>fd://3</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FairleadException">NotSupported: another transport. NotFound: no listener. PermissionDenied.</exception>
    public static async ValueTask<SocketConnection> ConnectAsync(Address address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        Platform.Require();
        ITransport transport = TransportOf(address);
        EndpointSettings settings = EndpointSettings.From(address, null, PatternKind.Pair, transport);
        return Of(await transport.ConnectAsync(address, settings, cancellationToken).ConfigureAwait(false), address);
    }

    /// <summary>Reads the bytes that have arrived. Does not block.</summary>
    /// <returns>The number of bytes; 0 when the peer has ended its direction, or is gone; null when none have arrived.</returns>
    public int? TryRead(Span<byte> buffer)
    {
        IoResult result = _socket.Read(buffer);
        return result.WouldBlock ? null : result.Ok && !result.IsEnd ? result.Count : 0;
    }

    /// <summary>Writes as many bytes as the kernel takes. Does not block.</summary>
    /// <returns>The number of bytes; null when the kernel takes none now.</returns>
    /// <exception cref="FairleadException">PeerGone.</exception>
    public int? TryWrite(ReadOnlySpan<byte> bytes)
    {
        IoResult result = _socket.Write(bytes);
        return result.WouldBlock ? null
            : result.Ok ? result.Count
            : throw new FairleadException(ErrorCode.PeerGone, "the peer has closed the connection") { Peer = Peer };
    }

    /// <summary>Reports to the peer that no more bytes follow. Reading remains possible.</summary>
    public void EndSending() => _socket.ShutdownSocket(ShutdownHow.Write);

    /// <summary>
    /// Returns the socket for another program, in blocking mode: for <see cref="Processes.Redirection.To"/> and
    /// <see cref="Processes.ChildProcessOptions.Descriptors"/>.
    /// </summary>
    /// <remarks>After that, do not read or write here. Dispose the connection when the program has started.</remarks>
    public SafeHandle ForProgram()
    {
        _ = NativePipe.SetNonBlocking(_socket, isSet: false);
        return _socket;
    }

    /// <summary>Closes this process's end.</summary>
    public void Dispose() => _socket.Dispose();

    /// <exception cref="FairleadException">NotSupported.</exception>
    internal static ITransport TransportOf(Address address) =>
        address.Scheme is "tcp" or "unix" or "fd"
            ? BuiltInTransports.Find(address)
            : throw new FairleadException(
                ErrorCode.NotSupported,
                $"{address.Scheme}:// has no stream sockets",
                "Use tcp://, unix:// or fd://, or an endpoint for messages.")
            {
                Address = address,
            };

    /// <summary>Takes the socket out of a connection that has neither read nor written, and closes the rest of it.</summary>
    internal static SocketConnection Of(Connection connection, Address address)
    {
        using (connection)
        {
            // The descriptor itself, not a copy: at the limit of descriptors there is none for a copy.
            Descriptor socket = (connection as StreamConnection)?.TakeSocket()
                ?? throw new FairleadException(ErrorCode.NotSupported, "is not a stream socket", "Pass one connected stream socket.")
                {
                    Address = address,
                };
            return new SocketConnection(socket, connection.Peer);
        }
    }
}
