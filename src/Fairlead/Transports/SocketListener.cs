using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Registry;
using Fairlead.Transports;

namespace Fairlead;

/// <summary>
/// Listens for programs that do not use Fairlead. It returns each connection as a plain stream socket, to serve it here or in a child
/// process, as <c>inetd</c> does.
/// </summary>
/// <remarks>For messages, use an endpoint: a <see cref="Hub"/> or a <see cref="Pair"/> with <c>?framing=none</c>.</remarks>
public sealed class SocketListener : IDisposable
{
    private readonly IListener _listener;
    private readonly EndpointEntry _entry;

    private SocketListener(IListener listener)
    {
        _listener = listener;
        _entry = EndpointEntry.Create(PatternKind.Socket, bound: true, listener.Address.ToString(), listener.File);
    }

    /// <summary>The address that was bound; port 0 is replaced by the assigned port.</summary>
    public Address Address => _listener.Address;

    /// <summary>
    /// The listening socket, for <see cref="WaitSet.Attach(SafeHandle, Readiness, object?, TimeSpan?)"/>: readable while a client waits.
    /// The listener owns it.
    /// </summary>
    public SafeHandle Handle => _listener.WaitDescriptor;

    /// <summary>Binds and listens.</summary>
    /// <param name="address"><c>tcp://</c>, <c>unix://</c>, or an inherited listening socket, <c>fd://3</c>.</param>
    /// <exception cref="FairleadException">
    /// NotSupported: another transport. AlreadyExists, with the holder. PermissionDenied. Unavailable.
    /// </exception>
    public static SocketListener Bind(Address address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Platform.Require();
        ITransport transport = SocketConnection.TransportOf(address);
        IListener listener = transport.Bind(address, EndpointSettings.From(address, null, PatternKind.Pair, transport));
        if (!listener.YieldsOne)
        {
            return new SocketListener(listener);
        }

        listener.Dispose();
        throw new FairleadException(ErrorCode.NotSupported, "is a connected socket and cannot listen", "Use SocketConnection.ConnectAsync.")
        {
            Address = address,
        };
    }

    /// <summary>Accepts the next client. Does not block.</summary>
    /// <param name="connection">The connection, which the caller disposes.</param>
    /// <returns>Whether a client was waiting.</returns>
    /// <exception cref="FairleadException">
    /// Unavailable: the process has only its reserve of descriptors left; try again later. The client waits in the kernel's queue.
    /// </exception>
    public bool TryAccept([NotNullWhen(true)] out SocketConnection? connection)
    {
        if (DescriptorReserve.IsTouchedBy(_listener.WaitDescriptor))
        {
            throw new FairleadException(
                ErrorCode.Unavailable,
                "a client has to wait, because this process has only its reserve of descriptors left",
                "Close unneeded descriptors, or raise the limit (ulimit -n).")
            {
                Address = Address,
            };
        }

        connection = _listener.TryAccept() is { } accepted ? SocketConnection.Of(accepted, Address) : null;
        return connection is not null;
    }

    /// <summary>Shows a child process that serves one of the clients in <c>fairlead list</c>, with this process as its parent.</summary>
    /// <param name="processId">The child's process ID.</param>
    /// <returns>The entry: dispose it when the child has ended. It disappears with this process too.</returns>
    public IDisposable Register(int processId)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(processId, 1);
        return EndpointEntry.Create(PatternKind.Socket, bound: false, Address.ToString(), child: processId);
    }

    /// <summary>Stops listening, and releases the name.</summary>
    public void Dispose()
    {
        _entry.Dispose();
        _listener.Dispose();
    }
}
