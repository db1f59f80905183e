using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports.Udp;

/// <summary>The traffic of a bound socket with one remote address, as a connection of which the kernel knows nothing.</summary>
/// <remarks>A datagram that cannot be sent immediately, or finds the queue full, is dropped and counted.</remarks>
internal sealed class UdpSession : Connection
{
    private readonly RankedLock _gate = new(LockRank.UdpPeer);
    private readonly UdpSessions _sessions;
    private readonly byte[] _name;
    private readonly StreamFraming _framing;
    private readonly DatagramOutput _output;
    private readonly Queue<Incoming> _arrived = new();
    private readonly ChunkPacker _packer = new();
    private readonly EventDescriptor _event = new();
    private readonly int _mostBytes;
    private readonly int _mostMessages;

    // The address that the peer asked; unknown if the system chooses.
    private LocalHost _from;
    private int _bytes;
    private int _dropped;
    private volatile bool _isOver;
    private volatile bool _isAborted;
    private bool _isDisposed;

    public UdpSession(UdpSessions sessions, UdpRemote remote, ReadOnlySpan<byte> name, EndpointSettings settings, Peer peer)
    {
        _sessions = sessions;
        Remote = remote;
        _name = name.ToArray();
        _from = remote.Local;
        _framing = DatagramConnection.FramingOf(settings);
        _output = new DatagramOutput(_framing, UdpTransport.Longest);
        _mostBytes = settings.Capacity;
        _mostMessages = settings.Messages;
        Peer = peer;
    }

    public UdpRemote Remote { get; }

    /// <summary>When it was last heard, by the clock of the endpoint. Used by the listener.</summary>
    public long LastHeard { get; set; }

    public override TransportCapabilities Capabilities => UdpTransport.Unreliable;

    public override Peer Peer { get; }

    public override Descriptor WaitDescriptor => _event.Descriptor;

    public override int Unflushed => _output.Buffered;

    public override int LongThreshold => int.MaxValue;

    public override bool HasLong => false;

    /// <summary>Adds a received message. Called by the listener.</summary>
    public void Deliver(in Frame frame, ReadOnlySpan<byte> datagram)
    {
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return;
            }

            if (frame.BodyLength > ReceiveLimit || _bytes + frame.BodyLength > _mostBytes || _arrived.Count >= _mostMessages)
            {
                _dropped++;
            }
            else
            {
                _bytes += frame.BodyLength;
                _arrived.Enqueue(_packer.Pack(frame.Header, datagram.Slice(frame.BodyStart, frame.BodyLength)));
            }

            _event.Signal();
        }
    }

    /// <summary>Ends the session, because nothing was heard for a long time. Called by the listener.</summary>
    public void End()
    {
        using (_gate.Hold())
        {
            _isOver = true;
            if (!_isDisposed)
            {
                _event.Signal();
            }
        }
    }

    public override void Check(ReadOnlySpan<byte> body) => _output.Check(body);

    public override Span<byte> Reserve(int bodyLength) => _output.Reserve(bodyLength);

    public override void Commit(in MessageHeader header) => _output.Commit(header);

    public override void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload) =>
        throw new NotSupportedException();

    public override void DetachLong()
    {
    }

    public override FlushResult Flush()
    {
        Errno error;
        while ((error = _output.Flush(_sessions.Socket, _name, _from)) != Errno.None)
        {
            if (error == Errno.EBADF)
            {
                return FlushResult.Broken;
            }

            if (error == Errno.EINVAL && _from.IsKnown)
            {
                // It cannot be a source: the broadcast address of a network, or an address that this host has lost. The system chooses.
                _from = default;
                continue;
            }

            _output.DropFirst();
            using (_gate.Hold())
            {
                _dropped++;
            }
        }

        return FlushResult.Done;
    }

    public override FillResult Fill()
    {
        _event.Drain();
        return _isAborted ? FillResult.Broken : _isOver ? FillResult.End : FillResult.Drained;
    }

    public override bool TryTake(out Incoming message)
    {
        using (_gate.Hold())
        {
            if (!_arrived.TryDequeue(out message))
            {
                _packer.Park();
                return false;
            }

            _bytes -= message.Body.Length;
            return true;
        }
    }

    public override int TakeDropped(out long skipped)
    {
        skipped = 0;
        using (_gate.Hold())
        {
            int dropped = _dropped;
            _dropped = 0;
            return dropped;
        }
    }

    public override void EndSending()
    {
    }

    public override void Abort()
    {
        _isAborted = true;
        _event.Signal();
    }

    public override void Dispose()
    {
        _sessions.Remove(this);
        using (_gate.Hold())
        {
            _isDisposed = true;
            _packer.Dispose();
            while (_arrived.TryDequeue(out Incoming message))
            {
                message.Release();
            }
        }

        _event.Dispose();
        _output.Dispose();
        _sessions.Release();
    }
}
