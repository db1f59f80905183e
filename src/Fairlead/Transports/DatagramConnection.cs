using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports;

/// <summary>A connection over a datagram socket, where each datagram is a message.</summary>
/// <remarks>The socket is connected, or receives from every sender and does not answer.</remarks>
internal sealed class DatagramConnection : Connection
{
    private const int BatchesPerFill = 4;

    [ThreadStatic]
    private static DatagramBatch? _batch;

    private readonly Descriptor _socket;
    private readonly StreamFraming _framing;
    private readonly DatagramOutput _output;
    private readonly Queue<Incoming> _arrived = new();
    private readonly ChunkPacker _packer = new();
    private readonly EventDescriptor _abort;
    private readonly bool _isConnected;
    private uint _overflows;
    private int _dropped;
    private FairleadException? _refusal;
    private volatile bool _isAborted;

    /// <summary>Creates the connection, which owns the socket from now on, and disposes it if that fails.</summary>
    public DatagramConnection(
        Descriptor socket, EndpointSettings settings, TransportCapabilities capabilities, Peer peer, int longest, bool isConnected)
    {
        _socket = socket;
        _framing = FramingOf(settings);
        _output = new DatagramOutput(_framing, longest);
        _isConnected = isConnected;
        Capabilities = capabilities;
        Peer = peer;
        try
        {
            _abort = new EventDescriptor();
            NativeSocket.SetBuffers(socket, send: null, receive: settings.Capacity);
            NativeDatagrams.CountOverflows(socket);
        }
        catch
        {
            _abort?.Dispose();
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Handles a datagram that is not a message of this kind, with its source.</summary>
    /// <remarks>It may answer, and returns the error that ends the connection, if any.</remarks>
    public DatagramStranger? OnStranger { get; init; }

    public override TransportCapabilities Capabilities { get; }

    public override Peer Peer { get; }

    public override Descriptor WaitDescriptor => _socket;

    public override Descriptor AbortDescriptor => _abort.Descriptor;

    public override int Unflushed => _output.Buffered;

    public override int LongThreshold => int.MaxValue;

    public override bool HasLong => false;

    /// <summary>Returns the framing. Fairlead's messages contain a check value against data of other programs; other data is taken
    /// unchecked.</summary>
    /// <exception cref="FairleadException">NotSupported: the framing is one of streams.</exception>
    public static StreamFraming FramingOf(EndpointSettings settings) =>
        settings.Framing switch
        {
            FairleadFraming => SimplexFraming.Instance,
            RawFraming => RawFraming.Instance,
            _ => throw new FairleadException(
                ErrorCode.NotSupported,
                "datagrams keep their boundaries and cannot use a framing for streams",
                "Use ?framing=none for programs that do not speak Fairlead's protocol."),
        };

    /// <summary>Parses a datagram as a message. Returns false if it is not an acceptable one.</summary>
    public static bool TryParse(StreamFraming framing, ReadOnlySpan<byte> datagram, int limit, out Frame frame)
    {
        int scanned = 0;
        if (datagram.IsEmpty)
        {
            // An empty message, if the framing has no header.
            frame = new Frame { Header = MessageHeader.Of(MessageKind.Send) };
            return framing is RawFraming;
        }

        return framing.TryParse(datagram, ref scanned, atEnd: false, limit, out frame)
            && frame.Header.Kind == MessageKind.Send
            && frame.Total == datagram.Length;
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
        while (true)
        {
            switch (_output.Flush(_socket, default))
            {
                case Errno.None:
                    return FlushResult.Done;
                case Errno.EAGAIN:
                    return FlushResult.Blocked;
                case Errno.EMSGSIZE or Errno.ENOBUFS:
                    // This datagram cannot be sent, or not now, and no event would tell when.
                    _output.DropFirst();
                    Interlocked.Increment(ref _dropped);
                    break;
                default:
                    return FlushResult.Broken;
            }
        }
    }

    public override FillResult Fill()
    {
        if (_isAborted)
        {
            return FillResult.Broken;
        }

        DatagramBatch batch = _batch ??= new DatagramBatch();
        for (int i = 0; i < BatchesPerFill; i++)
        {
            int count = batch.Receive(_socket, out Errno error);
            for (int k = 0; k < count; k++)
            {
                Add(batch, k);
            }

            if (error == Errno.EAGAIN || (count > 0 && count < DatagramBatch.Most))
            {
                _packer.Park();
                return FillResult.Drained;
            }

            if (error != Errno.None)
            {
                // Usually an ICMP error: the other host has no listener.
                return _isConnected ? FillResult.Broken : FillResult.Drained;
            }
        }

        return FillResult.More;
    }

    public override bool TryTake(out Incoming message)
    {
        if (_arrived.TryDequeue(out message))
        {
            return true;
        }

        return _refusal is null ? false : throw _refusal;
    }

    public override int TakeDropped(out long skipped)
    {
        skipped = 0;
        return Interlocked.Exchange(ref _dropped, 0);
    }

    public override void EndSending()
    {
    }

    public override void Abort()
    {
        _isAborted = true;
        _abort.Signal();
    }

    public override void Dispose()
    {
        _socket.Dispose();
        _abort.Dispose();
        _output.Dispose();
        _packer.Dispose();
        while (_arrived.TryDequeue(out Incoming message))
        {
            message.Release();
        }
    }

    private void Add(DatagramBatch batch, int index)
    {
        if (batch.Overflows(index) is { } overflows)
        {
            Interlocked.Add(ref _dropped, (int)(overflows - _overflows));
            _overflows = overflows;
        }

        ReadOnlySpan<byte> datagram = batch[index];
        if (!batch.IsCut(index)
            && datagram.Length - _framing.PrefixLength <= ReceiveLimit
            && TryParse(_framing, datagram, ReceiveLimit, out Frame frame))
        {
            _arrived.Enqueue(_packer.Pack(frame.Header, datagram.Slice(frame.BodyStart, frame.BodyLength)));
        }
        else
        {
            Interlocked.Increment(ref _dropped);
            _refusal ??= _framing is RawFraming
                ? null
                : OnStranger?.Invoke(_socket, datagram, batch.Name(index), batch.LocalHost(index), _isConnected);
        }
    }
}

/// <summary>Handles a datagram that is not a message.</summary>
internal delegate FairleadException? DatagramStranger(
    Descriptor socket, ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> name, LocalHost local, bool isConnected);
