using System.Net;
using System.Net.Sockets;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports.Udp;

/// <summary>A bound socket whose datagrams are sorted by their source.</summary>
/// <remarks>The first datagram from an address opens a session, which ends when nothing was heard for a long time.</remarks>
internal sealed class UdpSessions : IListener, IAlarmed
{
    /// <summary>The most remote addresses at one time. New ones beyond it are ignored, because addresses are easily forged.</summary>
    public const int MostSessions = 4096;

    private const int BatchesPerAccept = 4;

    private readonly RankedLock _gate = new(LockRank.UdpDemultiplexer);
    private readonly EndpointSettings _settings;
    private readonly StreamFraming _framing;
    private readonly TimeSpan _idle;
    private readonly string? _local;
    private readonly Dictionary<UdpRemote, UdpSession> _sessions = [];
    private readonly Queue<UdpSession> _new = new();
    private readonly DatagramBatch _batch = new();
    private readonly FlaggedPollSet _more;
    private readonly ITimer? _timer;
    private int _users = 1;

    // Drops without a session. Used by the accepting thread.
    private int _dropped;
    private bool _isDisposed;

    /// <summary>Creates the listener, which owns the socket from now on.</summary>
    public UdpSessions(Address address, Descriptor socket, EndpointSettings settings, TimeSpan idle)
    {
        Address = address;
        Socket = socket;
        _settings = settings;
        _framing = DatagramConnection.FramingOf(settings);
        _idle = idle;
        _local = HostAddresses.LocalOf(socket);
        NativeSocket.SetBuffers(socket, send: null, receive: settings.Capacity);
        _more = new FlaggedPollSet(socket);
        if (idle != Timeout.InfiniteTimeSpan)
        {
            TimeSpan period = Deadline.ForTimer(idle / 2 > TimeSpan.FromMilliseconds(1) ? idle / 2 : TimeSpan.FromMilliseconds(1));
            _timer = Alarm.Create(settings.Time, this, period, period);
        }
    }

    public Address Address { get; }

    /// <summary>The socket. Closed when the listener and all its sessions have ended.</summary>
    public Descriptor Socket { get; }

    public bool CarriesMessages => true;

    public Descriptor WaitDescriptor => _more.Descriptor;

    public Connection? TryAccept()
    {
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return null;
            }

            try
            {
                ReceiveAll();
            }
            catch
            {
                // The socket may be empty now. Without the signal, the acceptor would not ask for the sessions that are new already.
                _more.Signal();
                throw;
            }

            UdpSession? session = _new.Count > 0 ? _new.Dequeue() : null;
            if (_new.Count > 0)
            {
                _more.Signal();
            }
            else
            {
                _more.Drain();
            }

            return session;
        }
    }

    /// <summary>Removes a session that is being disposed. Called by the session.</summary>
    public void Remove(UdpSession session)
    {
        using (_gate.Hold())
        {
            if (_sessions.GetValueOrDefault(session.Remote) == session)
            {
                _sessions.Remove(session.Remote);
            }
        }
    }

    /// <summary>Releases the socket. Called once by the listener and each session.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Socket.Dispose();
        }
    }

    public void Dispose()
    {
        UdpSession[] unaccepted;
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            unaccepted = [.. _new];
            _new.Clear();
        }

        _timer?.Dispose();
        foreach (UdpSession session in unaccepted)
        {
            session.Dispose();
        }

        _more.Dispose();
        Release();
    }

    private void ReceiveAll()
    {
        for (int i = 0; _new.Count == 0 && i < BatchesPerAccept; i++)
        {
            int count = _batch.Receive(Socket, out _);
            for (int k = 0; k < count; k++)
            {
                Sort(k);
            }

            if (count < DatagramBatch.Most)
            {
                break;
            }
        }
    }

    private void Sort(int index)
    {
        // A datagram that is not a message must not open a session.
        ReadOnlySpan<byte> datagram = _batch[index];
        if (_batch.IsCut(index)
            || !DatagramConnection.TryParse(_framing, datagram, DatagramBatch.Longest, out Frame frame)
            || !UdpRemote.TryRead(_batch, index, out UdpRemote remote))
        {
            ReliableRefusals.OnStranger(Socket, datagram, _batch.Name(index), _batch.LocalHost(index), isConnected: false);
            _dropped++;
            return;
        }

        if (!_sessions.TryGetValue(remote, out UdpSession? session))
        {
            if (_sessions.Count >= MostSessions || DescriptorReserve.IsTouchedBy(Socket))
            {
                _dropped++;
                return;
            }

            Peer peer = new() { RemoteAddress = TextOf(_batch.Name(index)), LocalAddress = LocalOf(remote) };
            session = new UdpSession(this, remote, _batch.Name(index), _settings, peer);
            Interlocked.Increment(ref _users);
            _sessions.Add(remote, session);
            _new.Enqueue(session);
        }

        session.LastHeard = _settings.Time.GetTimestamp();
        session.Deliver(frame, datagram);
    }

    private string? LocalOf(in UdpRemote remote) =>
        remote.Local.IsKnown ? new IPEndPoint(remote.Local.ToAddress(), Address.Port!.Value).ToString() : _local;

    public int TakeDropped()
    {
        int dropped = _dropped;
        _dropped = 0;
        return dropped;
    }

    void IAlarmed.OnAlarm()
    {
        using (_gate.Hold())
        {
            foreach (UdpSession session in _sessions.Values)
            {
                if (_settings.Time.GetElapsedTime(session.LastHeard) >= _idle)
                {
                    session.End();
                }
            }
        }
    }

    /// <summary>Returns a remote address as text.</summary>
    public static string TextOf(ReadOnlySpan<byte> name)
    {
        SocketAddress address = new(NativeSocket.FamilyOf(name), name.Length);
        name.CopyTo(address.Buffer.Span);
        IPEndPoint place = HostAddresses.EndPointOf(address);
        return (place.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(place.Address.MapToIPv4(), place.Port) : place).ToString();
    }
}
