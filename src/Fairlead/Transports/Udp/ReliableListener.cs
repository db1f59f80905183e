using System.Net;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports.Udp;

/// <summary>A bound socket on which reliable sessions begin.</summary>
/// <remarks>
/// It stores nothing about peers that have not proved that they receive data at their address. After the proof, a peer gets a session with
/// a separate socket, bound to the same address and connected. The kernel then sorts the datagrams, and reports a peer that is gone.
/// </remarks>
internal sealed class ReliableListener : IListener
{
    private const int BatchesPerAccept = 4;

    private readonly RankedLock _gate = new(LockRank.ReliableUdpAccept);
    private readonly Descriptor _socket;
    private readonly SocketAddress _place;
    private readonly EndpointSettings _settings;
    private readonly Queue<ReliableSession> _proved = new();
    private readonly Dictionary<UdpRemote, ReliableSession> _byRemote = [];
    private readonly FlaggedPollSet _more;
    private WeakReference<ReliableSession>? _last;
    private int _sessions;
    private int _foreign;
    private bool _isDisposed;

    /// <summary>Creates the listener, which owns the socket from now on, unless this throws.</summary>
    public ReliableListener(Address address, Descriptor socket, EndpointSettings settings)
    {
        Address = address;
        _socket = socket;
        _place = NativeSocket.LocalName(socket);
        _settings = settings;
        Cookies = new ReliableCookies(settings.Time);
        _more = new FlaggedPollSet(socket);
    }

    public Address Address { get; }

    public Descriptor WaitDescriptor => _more.Descriptor;

    public ReliableCookies Cookies { get; }

    public Connection? TryAccept() => TryAcceptSession() is { } session ? new ReliableConnection(session) : null;

    /// <summary>Accepts the next session with a proved peer. <see cref="ReliableSession.Dispose"/> releases it.</summary>
    public ReliableSession? TryAcceptSession()
    {
        DatagramRoom room = DatagramRoom.Rent();
        DatagramBatch batch = room.Batch;
        for (int i = 0; i < BatchesPerAccept; i++)
        {
            int count = batch.Receive(_socket, out _);
            for (int k = 0; k < count; k++)
            {
                Sort(batch, k);
            }

            if (count < DatagramBatch.Most)
            {
                break;
            }
        }

        room.Return();
        using (_gate.Hold())
        {
            if (_isDisposed || !_proved.TryDequeue(out ReliableSession? session))
            {
                _more.Drain();
                return null;
            }

            _last = new WeakReference<ReliableSession>(session);
            session.NoteForeign(_foreign);
            _foreign = 0;
            return session;
        }
    }

    /// <summary>Queues a session whose peer is proved. Returns false if the listener is closed. Called by the session.</summary>
    public bool OnProved(ReliableSession session)
    {
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return false;
            }

            _proved.Enqueue(session);
            _more.Signal();
            return true;
        }
    }

    /// <summary>Creates a session that takes over the socket of one that is over.</summary>
    public ReliableSession Succeed(Descriptor socket, ReliableTerms terms, UdpRemote remote, Peer peer)
    {
        ReliableSession session = new(socket, terms, _settings.Time, peer, this, remote);
        using (_gate.Hold())
        {
            _sessions++;
            _byRemote[remote] = session;
        }

        return session;
    }

    /// <summary>Removes a session that is over. Called by the session.</summary>
    public void Release(ReliableSession session, UdpRemote remote)
    {
        using (_gate.Hold())
        {
            _sessions--;
            if (_byRemote.GetValueOrDefault(remote) == session)
            {
                _byRemote.Remove(remote);
            }
        }
    }

    public void Dispose()
    {
        ReliableSession[] unaccepted;
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            unaccepted = [.. _proved];
            _proved.Clear();
        }

        foreach (ReliableSession session in unaccepted)
        {
            Finishing.Do("a session", session.Refuse);
        }

        _more.Dispose();
        _socket.Dispose();
    }

    private void Sort(DatagramBatch batch, int index)
    {
        ReadOnlySpan<byte> datagram = batch[index];
        ReadOnlySpan<byte> name = batch.Name(index);
        if (!UdpRemote.TryRead(batch, index, out UdpRemote remote))
        {
            Drop();
        }
        else if (SessionOf(remote) is { } session)
        {
            // It came before the session had its socket. Usually it is a repeated request, which must not open a second session.
            session.Hear(datagram);
        }
        else if (ReliableControl.TryRead(datagram, out ReliableControl control))
        {
            OnControl(control, remote, name);
        }
        else if (batch.IsCut(index) || DatagramConnection.TryParse(SimplexFraming.Instance, datagram, DatagramBatch.Longest, out _))
        {
            // A datagram of an end without reliable=true. A control datagram is never so long.
            Drop();
            Say(ReliableRefusals.Of(ReliableRefusal.Reliable, token: 0), name, remote.Local);
        }
        else
        {
            Drop();
            if (ReliableHeader.TryRead(datagram, out ReliableHeader header))
            {
                // It belongs to an earlier session, whose other end need not wait.
                Say(new ReliableControl { Kind = ReliableKind.Reset, Token = header.Session }, name, remote.Local);
            }
        }
    }

    private void OnControl(in ReliableControl control, UdpRemote remote, ReadOnlySpan<byte> name)
    {
        switch (control.Kind)
        {
            case ReliableKind.Hello or ReliableKind.Open when control.IsOtherVersion:
                Say(ReliableRefusals.Of(ReliableRefusal.Version, control.Token), name, remote.Local);
                break;
            case ReliableKind.Hello:
                Say(Cookies.Answer(control, remote), name, remote.Local);
                break;
            case ReliableKind.Open when Cookies.IsProof(control, remote):
                LetIn(control, remote, name);
                break;
            default:
                Drop();
                break;
        }
    }

    private void LetIn(in ReliableControl open, UdpRemote remote, ReadOnlySpan<byte> name)
    {
        int sessions;
        using (_gate.Hold())
        {
            sessions = _sessions;
        }

        if (sessions >= UdpSessions.MostSessions)
        {
            Say(ReliableRefusals.Of(ReliableRefusal.Crowded, open.Token), name, remote.Local);
            return;
        }

        // One call of the acceptor, which has looked at the reserve, lets in more peers than the reserve has descriptors.
        if (DescriptorReserve.IsTouchedBy(_socket) || UdpSocket.Accept(_socket, PlaceFor(remote), name) is not { } socket)
        {
            // No descriptors or route are available; the peer tries again.
            return;
        }

        ReliableSession? session = null;
        try
        {
            if (ReliableTerms.OfAccepted(open, remote, socket) is not { } terms)
            {
                Drop();
                socket.Dispose();
                return;
            }

            session = Succeed(socket, terms, remote, UdpTransport.PeerOf(socket, UdpSessions.TextOf(name)));
            session.Start();
        }
        catch (FairleadException)
        {
            // The kernel has no memory, or no descriptors; the peer tries again.
            session?.Refuse();
            socket.Dispose();
        }
    }

    /// <summary>Returns where the socket of a session is bound: at the address to which the peer sends.</summary>
    private SocketAddress PlaceFor(in UdpRemote remote) => remote.Local.IsKnown ? remote.Local.At(_place, remote.Scope) : _place;

    private ReliableSession? SessionOf(UdpRemote remote)
    {
        using (_gate.Hold())
        {
            return _byRemote.GetValueOrDefault(remote);
        }
    }

    private void Say(in ReliableControl control, ReadOnlySpan<byte> name, LocalHost from) =>
        ReliableRefusals.Send(_socket, control, name, from);

    /// <summary>Counts a dropped datagram at a session, because a listener has no counter.</summary>
    private void Drop()
    {
        using (_gate.Hold())
        {
            if (_last is not null && _last.TryGetTarget(out ReliableSession? session))
            {
                session.NoteForeign();
            }
            else
            {
                _foreign++;
            }
        }
    }
}
