using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;
using Fairlead.Registry;
using Fairlead.Transports;
using Fairlead.Transports.UnixSocket;

namespace Fairlead;

/// <summary>
/// A bound Unix datagram socket for programs that do not use Fairlead: it sends and receives datagrams, and answers those senders that have
/// bound a name. One thread at a time.
/// </summary>
/// <remarks>For messages in one direction, use a <see cref="Receiver"/> at <c>unixgram://</c>.</remarks>
public sealed class DatagramSocket : IDisposable
{
    private readonly IListener _listener;
    private readonly Descriptor _socket;
    private readonly EndpointEntry _entry;
    private readonly DatagramBatch _batch = new();
    private int _count;
    private int _next;

    private DatagramSocket(IListener listener, Descriptor socket, Address address)
    {
        (_listener, _socket, Address) = (listener, socket, address);
        _entry = EndpointEntry.Create(PatternKind.Socket, bound: true, address.ToString(), listener.File);
    }

    /// <summary>The address that was bound.</summary>
    public Address Address { get; }

    /// <summary>
    /// The socket, for <see cref="WaitSet.Attach(SafeHandle, Readiness, object?, TimeSpan?)"/>: readable while the kernel holds datagrams.
    /// Before you wait, call <see cref="TryReceive"/> while <see cref="HasMore"/>. This object owns it.
    /// </summary>
    public SafeHandle Handle => _socket;

    /// <summary>Whether datagrams that have left the kernel wait here.</summary>
    public bool HasMore => _next < _count;

    /// <summary>Binds.</summary>
    /// <param name="address"><c>unixgram://</c>.</param>
    /// <exception cref="FairleadException">
    /// NotSupported: another transport. AlreadyExists, with the holder. PermissionDenied. Unavailable.
    /// </exception>
    public static DatagramSocket Bind(Address address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Platform.Require();
        ThrowIfOther(address);
        UnixDatagramTransport transport = new();
        Address plain = address.Option("framing") is null ? address.With("framing", "none") : address;
        IListener listener = transport.Bind(plain, EndpointSettings.From(plain, null, PatternKind.Receiver, transport));
        try
        {
            using Connection bound = listener.TryAccept()!;
            Descriptor copy = NativeSpawn.Duplicate(bound.WaitDescriptor.Number, 3, out Errno error)
                ?? throw ErrnoMap.Failure("the socket cannot be taken over", error).At(address);
            return new DatagramSocket(listener, copy, address);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Receives the next datagram. Does not block.</summary>
    /// <param name="datagram">The datagram, cut after 64 KiB. Valid until the next call.</param>
    /// <returns>Whether one had arrived.</returns>
    public bool TryReceive(out ReadOnlySpan<byte> datagram)
    {
        if (_next == _count)
        {
            (_next, _count) = (0, _batch.Receive(_socket, out _));
        }

        datagram = _next < _count ? _batch[_next++] : default;
        return _count > 0;
    }

    /// <summary>Answers the last received datagram. Does not block.</summary>
    /// <returns>Whether it was sent: not if the sender has no name, has ended, or does not read.</returns>
    public bool TryAnswer(ReadOnlySpan<byte> answer)
    {
        if (_next == 0)
        {
            return false;
        }

        // Two bytes are the family alone: a socket without a name.
        ReadOnlySpan<byte> name = _batch.Name(_next - 1);
        Queue<int> lengths = new([answer.Length]);
        return name.Length > sizeof(ushort) && NativeDatagrams.Send(_socket, answer, lengths.GetEnumerator(), name, out _) == 1;
    }

    /// <summary>Sends a datagram to another socket, which may answer it. Does not block.</summary>
    /// <param name="to"><c>unixgram://</c>, where the other socket is bound.</param>
    /// <param name="datagram">The datagram.</param>
    /// <returns>Whether it was sent: not if the queue of the other socket is full.</returns>
    /// <exception cref="FairleadException">
    /// NotSupported: another transport. NotFound: no socket is bound there. PermissionDenied. TooLarge: it exceeds the buffers of the
    /// kernel.
    /// </exception>
    public bool TrySend(Address to, ReadOnlySpan<byte> datagram)
    {
        ArgumentNullException.ThrowIfNull(to);
        ThrowIfOther(to);
        using SocketName? name = UnixEndpoint.NameOf(to);
        if (name is null)
        {
            throw UnixEndpoint.Failure(to, Errno.ENOENT);
        }

        Queue<int> lengths = new([datagram.Length]);
        ReadOnlySpan<byte> bytes = name.Address.Buffer.Span[..name.Address.Size];
        bool sent = NativeDatagrams.Send(_socket, datagram, lengths.GetEnumerator(), bytes, out Errno error) == 1;
        return sent || error == Errno.EAGAIN ? sent : throw UnixEndpoint.Failure(to, error);
    }

    /// <summary>Closes the socket, and releases the name.</summary>
    public void Dispose()
    {
        _entry.Dispose();
        _listener.Dispose();
        _socket.Dispose();
    }

    private static void ThrowIfOther(Address address)
    {
        if (address.Scheme != "unixgram")
        {
            throw new FairleadException(
                ErrorCode.NotSupported, $"{address.Scheme}:// has no Unix datagrams", "Use unixgram://, or an endpoint for messages.")
            {
                Address = address,
            };
        }
    }
}
