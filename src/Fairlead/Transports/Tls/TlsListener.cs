using System.Net;
using System.Net.Sockets;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Waiting;
using Fairlead.Transports.Tcp;

namespace Fairlead.Transports.Tls;

/// <summary>A listening TCP port whose connections appear when their TLS handshakes are complete.</summary>
/// <remarks>
/// A handshake is a task of the pool: neither its arithmetic nor a silent client holds up other connections. The thread that accepts
/// begins the handshakes, and takes those that are complete. The lock guards the lists of both.
/// </remarks>
internal sealed class TlsListener : IListener
{
    /// <summary>The most clients at one time that have connected but not completed the TLS handshake.</summary>
    private const int MostHandshakes = 4096;

    private const int AcceptsPerTurn = 16;

    private readonly RankedLock _gate = new(LockRank.TlsAccept);
    private readonly TcpPort _port;
    private readonly TlsIdentityKeeper _identity;
    private readonly EndpointSettings _settings;
    private readonly LinkedList<CancellationTokenSource> _handshakes = new();
    private readonly Queue<StreamConnection> _complete = new();
    private readonly FlaggedPollSet _more;
    private int _dropped;
    private bool _isDisposed;

    /// <param name="port">The port, owned by the listener.</param>
    /// <param name="identity">The certificates at first.</param>
    /// <param name="settings">The settings of the endpoint.</param>
    public TlsListener(TcpPort port, TlsIdentity identity, EndpointSettings settings)
    {
        _port = port;
        _settings = settings;

        // The files are this end's affair. The other end has its own.
        Address = port.Address
            .Without(TlsFiles.CertificateOption)
            .Without(TlsFiles.KeyOption)
            .Without(TlsFiles.AuthorityOption);
        _identity = new TlsIdentityKeeper(identity, port.Address, Address, settings.Time);
        _more = new FlaggedPollSet(port.Listener);
    }

    public Address Address { get; }

    /// <summary>Readable when a client connects, or when a handshake is complete.</summary>
    public Descriptor WaitDescriptor => _more.Descriptor;

    public Connection? TryAccept()
    {
        for (int i = 0; i < AcceptsPerTurn && !DescriptorReserve.IsTouchedBy(_port.Listener); i++)
        {
            if (_port.TryAccept(out SocketAddress remote) is not { } socket)
            {
                break;
            }

            Begin(socket, HostAddresses.EndPointOf(remote));
        }

        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return null;
            }

            if (!_complete.TryDequeue(out StreamConnection? connection))
            {
                _more.Drain();
            }

            return connection;
        }
    }

    /// <summary>Returns how many handshakes failed since the last call.</summary>
    public int TakeDropped() => Interlocked.Exchange(ref _dropped, 0);

    public void Dispose()
    {
        CancellationTokenSource[] open;
        StreamConnection[] unaccepted;
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            open = [.. _handshakes];
            unaccepted = [.. _complete];
            _complete.Clear();
        }

        foreach (CancellationTokenSource handshake in open)
        {
            End(handshake);
        }

        foreach (StreamConnection connection in unaccepted)
        {
            Finishing.Do("a TLS connection", connection.Dispose);
        }

        _more.Dispose();
        _port.Dispose();
    }

    private static void End(CancellationTokenSource handshake)
    {
        try
        {
            handshake.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It was complete by then.
        }
    }

    private void Begin(Descriptor socket, IPEndPoint remote)
    {
        CancellationTokenSource ending = new();
        LinkedListNode<CancellationTokenSource> place;
        CancellationTokenSource? oldest = null;
        using (_gate.Hold())
        {
            place = _handshakes.AddLast(ending);
            if (_handshakes.Count > MostHandshakes)
            {
                // A well-behaved client completes its handshake at once.
                oldest = _handshakes.First!.Value;
                _handshakes.RemoveFirst();
            }
        }

        if (oldest is not null)
        {
            End(oldest);
        }

        _ = PoolWork.Start(() => HandshakeAsync(socket, remote, place));
    }

    private async Task HandshakeAsync(Descriptor socket, IPEndPoint remote, LinkedListNode<CancellationTokenSource> place)
    {
        StreamConnection? connection = null;
        try
        {
            connection = await TlsHandshake.AcceptAsync(
                socket, remote, Address, _identity.Current, _settings, place.Value.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The listener is closed, or too many others shake hands.
            socket.Dispose();
        }
        catch (Exception exception)
        {
            socket.Dispose();
            Interlocked.Increment(ref _dropped);
            string why = (exception as FairleadException)?.WhatHappened ?? exception.ToString();
            FairleadEventSource.Log.HandshakeFailed(Address.Display, remote.ToString(), why);
        }

        using (_gate.Hold())
        {
            if (place.List is not null)
            {
                _handshakes.Remove(place);
            }

            if (connection is not null && !_isDisposed)
            {
                _complete.Enqueue(connection);
                _more.Signal();
                connection = null;
            }
        }

        connection?.Dispose();
        place.Value.Dispose();
    }
}
