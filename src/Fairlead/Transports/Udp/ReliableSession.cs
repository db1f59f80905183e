using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports.Udp;

/// <summary>A reliable session: a connected socket, the stream over it, and a timer. Any thread.</summary>
/// <remarks>
/// It does what the kernel does for a TCP connection. Whether or not a caller waits, the reactor receives, acknowledges and repeats. After
/// its connection has been closed it continues for a while, until the final data has arrived.
/// </remarks>
internal sealed partial class ReliableSession : IReactorClient, IAlarmed, IDisposable
{
    private const int BatchesPerTurn = 4;

    private readonly RankedLock _gate = new(LockRank.ReliableUdp);
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly ReliableTerms _terms;
    private readonly ReliableStream _stream;
    private readonly ReliableListener? _listener;
    private readonly UdpRemote _remote;
    private readonly Descriptor _socket;
    private readonly Registration _registration;
    private readonly ITimer _timer;
    private readonly Queue<int> _lengths = new();
    private readonly EventDescriptor _news;
    private readonly GateDescriptor _room;
    private TimeSpan _timerDue = TimeSpan.MaxValue;
    private bool _hasNews;
    private bool _isShut;
    private int _foreign;

    /// <summary>Creates a session, which owns the socket unless this throws. It is inactive before <see cref="Start()"/>.</summary>
    /// <param name="socket">The connected socket.</param>
    /// <param name="terms">The agreed parameters.</param>
    /// <param name="time">The clock of the endpoint.</param>
    /// <param name="peer">The process at the other end.</param>
    /// <param name="listener">The listener of the bound end, which has counted this session and learns of its end.</param>
    /// <param name="remote">The address of the other end in the listener's form.</param>
    public ReliableSession(
        Descriptor socket, ReliableTerms terms, TimeProvider time, Peer peer, ReliableListener? listener = null, UdpRemote remote = default)
    {
        _socket = socket;
        _terms = terms;
        _time = time;
        _start = time.GetTimestamp();
        _listener = listener;
        _remote = remote;
        _isProved = listener is null;
        Peer = peer;
        _stream = new ReliableStream(terms.Session, terms.SegmentBytes, terms.Window, terms.PeerWindow);
        try
        {
            _news = new EventDescriptor();
            _room = new GateDescriptor();
            _timer = Alarm.Create(time, this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _registration = Reactor.Shared.Register(socket, this);
        }
        catch
        {
            _timer?.Dispose();
            _room?.Dispose();
            _news?.Dispose();
            _stream.Dispose();
            throw;
        }
    }

    public Peer Peer { get; }

    /// <summary>Readable when there is data to read, or the end.</summary>
    public Descriptor News => _news.Descriptor;

    /// <summary>Writable when a blocked write may continue.</summary>
    public Descriptor Room => _room.Descriptor;

    private TimeSpan Now => _time.GetElapsedTime(_start);

    /// <summary>Begins to receive. At the bound end, sends the accept, and waits a while for the peer to use the session.</summary>
    public void Start()
    {
        using (_gate.Hold())
        {
            if (_listener is not null)
            {
                _diesAt = Now + ReliableCookies.Life;
                Say(_terms.ToAccept());
                Transmit();
            }
        }

        _registration.Arm(PollEvents.Read);
    }

    /// <summary>Handles a datagram of this session that arrived at the listener.</summary>
    public void Hear(ReadOnlySpan<byte> datagram)
    {
        Action? successor;
        using (_gate.Hold())
        {
            if (!_isOver)
            {
                Handle(datagram, Now);
                Transmit();
                Tell();
            }

            successor = TakeSuccessor();
        }

        successor?.Invoke();
    }

    /// <summary>Begins to receive in place of another session, with the datagram that proved the peer.</summary>
    public void Start(ReadOnlySpan<byte> datagram)
    {
        using (_gate.Hold())
        {
            // The datagram has the session's number, which proves nothing if the rest of it is invalid.
            _diesAt = Now + ReliableCookies.Life;
            Handle(datagram, Now);
            Transmit();
            Tell();
        }

        _registration.Arm(PollEvents.Read);
    }

    /// <summary>Takes as much as fits. <see cref="Room"/> tells when a blocked write may continue.</summary>
    public FlushResult Write(OutputQueue output)
    {
        using (_gate.Hold())
        {
            if (_isLost || _isOver || _isAborted)
            {
                return FlushResult.Broken;
            }

            while (!output.IsEmpty)
            {
                int first = output.First.Length;
                int taken = _stream.Write(output.First);
                if (taken == first && output.HasLong)
                {
                    int second = output.Second.Length;
                    taken += _stream.Write(output.Second);
                    taken += taken == first + second ? _stream.Write(output.Third) : 0;
                }

                if (taken == 0)
                {
                    break;
                }

                output.Written(taken);
            }

            Transmit();
            if (output.IsEmpty || _isLost)
            {
                return _isLost ? FlushResult.Broken : FlushResult.Done;
            }

            if (!_isShut)
            {
                _isShut = true;
                _room.Shut();
            }

            return FlushResult.Blocked;
        }
    }

    /// <summary>Reads arrived data in order. The result is that of a <see cref="Connection.Fill"/>.</summary>
    public int Read(Span<byte> buffer, out FillResult result)
    {
        int read;
        Action? successor = null;
        using (_gate.Hold())
        {
            result = FillResult.Broken;
            if (_isAborted || _isOver)
            {
                return 0;
            }

            read = _stream.Read(buffer);
            if (read == 0 && _isLost)
            {
                // The error of a send comes before the data that the reactor has not read yet.
                ReceiveAll();
                successor = TakeSuccessor();
                read = _stream.Read(buffer);
            }

            Transmit();
            if (read > 0)
            {
                result = _stream.HasUnread ? FillResult.More : FillResult.Drained;
            }
            else
            {
                result = _stream.HasEnded ? FillResult.End : _isLost ? FillResult.Broken : FillResult.Drained;
            }

            if (_hasNews && !HasNews)
            {
                _hasNews = false;
                _news.Drain();
            }
        }

        successor?.Invoke();
        return read;
    }

    /// <summary>Returns how many datagrams since the last call did not belong to this session.</summary>
    public int TakeForeign() => Interlocked.Exchange(ref _foreign, 0);

    /// <summary>Counts datagrams that arrived at the listener and have no other counter.</summary>
    public void NoteForeign(int count = 1) => Interlocked.Add(ref _foreign, count);

    private bool HasNews => _stream.HasUnread || _stream.HasEnded || _isLost || _isAborted;

    void IReactorClient.OnReady(PollEvents events)
    {
        Action? successor;
        using (_gate.Hold())
        {
            if (_isOver)
            {
                return;
            }

            ReceiveAll();
            Transmit();
            Tell();
            successor = TakeSuccessor();
        }

        successor?.Invoke();
        _registration.Arm(PollEvents.Read);
    }

    void IReactorClient.OnFailed(Exception exception) => Fail();

    void IAlarmed.OnAlarmFailed(Exception exception) => Fail();

    void IAlarmed.OnAlarm()
    {
        using (_gate.Hold())
        {
            _timerDue = TimeSpan.MaxValue;
            if (!_isOver)
            {
                Transmit();
                Tell();
            }
        }
    }

    private void ReceiveAll()
    {
        DatagramRoom room = DatagramRoom.Rent();
        DatagramBatch batch = room.Batch;
        for (int i = 0; i < BatchesPerTurn && !_isOver && !_isReplaced; i++)
        {
            int count = batch.Receive(_socket, out Errno error);
            TimeSpan now = Now;
            for (int k = 0; k < count && !_isOver && !_isReplaced; k++)
            {
                Handle(batch[k], now);
            }

            if (error == Errno.ECONNREFUSED)
            {
                // An ICMP error: the other host has no listener. Earlier datagrams may still be queued here.
                Lose();
                continue;
            }

            if (count < DatagramBatch.Most)
            {
                break;
            }
        }

        room.Return();
    }

    private void Handle(ReadOnlySpan<byte> datagram, TimeSpan now)
    {
        if (ReliableControl.TryRead(datagram, out ReliableControl control))
        {
            OnControl(control);
        }
        else if (_successor is { } successor
            && ReliableHeader.TryRead(datagram, out ReliableHeader header)
            && header.Session == successor.Session)
        {
            GiveWay(successor, datagram);
        }
        else if (!_stream.Receive(datagram, now))
        {
            NoteForeign();
            _hasForeign = true;
        }
        else if (!_isProved)
        {
            _isProved = true;
            _diesAt = null;
            if (!_listener!.OnProved(this))
            {
                Refuse();
            }
        }
    }

    /// <summary>Sends all due datagrams, and sets the timer for later ones.</summary>
    private void Transmit()
    {
        DatagramRoom room = DatagramRoom.Rent();
        byte[] output = room.Output;
        TimeSpan now = Now;
        while (!_isLost && !_isOver)
        {
            int filled = 0;
            while (output.Length - filled >= _stream.DatagramBytes && _stream.TrySend(now, output.AsSpan(filled), out int length))
            {
                _lengths.Enqueue(length);
                filled += length;
            }

            if (filled == 0)
            {
                break;
            }

            Send(output.AsSpan(0, filled));
        }

        room.Return();
        Settle(now);
    }

    private void Send(ReadOnlySpan<byte> datagrams)
    {
        Errno error = Errno.None;
        while (_lengths.Count > 0 && error == Errno.None)
        {
            for (int sent = NativeDatagrams.Send(_socket, datagrams, _lengths.GetEnumerator(), default, out error); sent > 0; sent--)
            {
                datagrams = datagrams[_lengths.Dequeue()..];
            }
        }

        // A datagram that the kernel does not take now counts as lost in the network, and is repeated.
        _lengths.Clear();
        if (error == Errno.ECONNREFUSED)
        {
            Lose();
        }
    }

    /// <summary>Sends one control datagram.</summary>
    private void Say(in ReliableControl control)
    {
        Span<byte> datagram = stackalloc byte[ReliableControl.Size];
        _lengths.Enqueue(control.Write(datagram));
        Send(datagram);
    }

    /// <summary>Notifies the connection of news.</summary>
    private void Tell()
    {
        if (_isOver || _isClosed)
        {
            return;
        }

        if (!_hasNews && (HasNews || _hasForeign))
        {
            // If the kernel refuses the signal, the next datagram or the timer repeats it.
            _hasNews = _news.Signal();
        }

        _hasForeign = false;
        if (_isShut && (_isLost || _stream.HasRoom))
        {
            _isShut = !_room.Open();
        }
    }
}
