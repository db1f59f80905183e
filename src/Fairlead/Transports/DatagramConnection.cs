using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>
/// A connection over a socket of datagrams, each of which is a message: a connected one, or one that hears everybody and answers nobody.
/// </summary>
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
    private readonly EventDescriptor _abort = new();
    private readonly bool _isConnected;
    private uint _overflows;
    private int _dropped;
    private FairleadException? _refusal;
    private volatile bool _isAborted;

    /// <summary>Takes over the socket.</summary>
    public DatagramConnection(
        Descriptor socket, EndpointSettings settings, TransportCapabilities capabilities, Peer peer, int longest, bool isConnected)
    {
        _socket = socket;
        _framing = FramingOf(settings);
        _output = new DatagramOutput(_framing, longest);
        _isConnected = isConnected;
        Capabilities = capabilities;
        Peer = peer;
        NativeSocket.SetBuffers(socket, send: null, receive: settings.Capacity);
        NativeDatagrams.CountOverflows(socket);
    }

    /// <summary>
    /// Is shown what is no message of this kind, with where it came from; may answer it, and says what ends the connection, if it does.
    /// </summary>
    public DatagramStranger? OnStranger { get; init; }

    public override TransportCapabilities Capabilities { get; }

    public override Peer Peer { get; }

    public override Descriptor WaitDescriptor => _socket;

    public override Descriptor AbortDescriptor => _abort.Descriptor;

    public override int Unflushed => _output.Buffered;

    public override int LongThreshold => int.MaxValue;

    public override bool HasLong => false;

    /// <summary>Fairlead's messages carry a check, so that strangers are told from them; the rest is taken as it is.</summary>
    /// <exception cref="FairleadException">NotSupported: a framing of streams.</exception>
    public static StreamFraming FramingOf(EndpointSettings settings) =>
        settings.Framing switch
        {
            FairleadFraming => SimplexFraming.Instance,
            RawFraming => RawFraming.Instance,
            _ => throw new FairleadException(
                ErrorCode.NotSupported,
                "datagrams have boundaries of their own",
                "Use ?framing=none for programs that do not speak Fairlead's protocol."),
        };

    /// <summary>The message that a datagram is, if it is one that may be taken.</summary>
    public static bool TryParse(StreamFraming framing, ReadOnlySpan<byte> datagram, int limit, out Frame frame)
    {
        int scanned = 0;
        if (datagram.IsEmpty)
        {
            // An empty message, where there is no header that would have to stand before it.
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
                    // This one does not get through, or not now; nobody would tell when.
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
                // Mostly the other host's word that nobody is there.
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

    public override int TakeDropped() => Interlocked.Exchange(ref _dropped, 0);

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
            _refusal ??= _framing is RawFraming ? null : OnStranger?.Invoke(_socket, datagram, batch.Name(index), _isConnected);
        }
    }
}

/// <summary>What is done about a datagram that is no message.</summary>
internal delegate FairleadException? DatagramStranger(
    Descriptor socket, ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> name, bool isConnected);
