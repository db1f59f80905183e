using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports.Inproc;

/// <summary>One end of a pair within the process.</summary>
/// <remarks><see cref="Flush"/> moves committed messages to the other end's receive queue. It never blocks, because credit limits that
/// queue.</remarks>
internal sealed class InprocConnection : Connection, IBridged
{
    /// <summary>
    /// The longest head of a message to or from a bridge: 16 KiB of properties at a broker, a topic there, the context of a trace, a few
    /// numbers.
    /// </summary>
    private const int LongestHead = (16 * 1024) + 4096;

    private readonly EventDescriptor _event = new();
    private readonly RankedLock _gate = new(LockRank.InprocInbox);
    private readonly Queue<Incoming> _inbox = new();
    private readonly List<Incoming> _outbox = [];
    private InprocConnection _other = null!;
    private Chunk? _chunk;
    private int _chunkFilled;
    private int _outboxBytes;

    // Whether the event is set, or a thread that has left the gate is about to set it.
    private bool _isSignalled;
    private bool _hasEnded;
    private bool _isAborted;
    private bool _isDisposed;

    private InprocConnection(Peer peer, bool isBridged = false, bool isToBridge = false)
    {
        (Peer, IsToBridge) = (peer, isToBridge);
        Inner = isBridged ? new InnerWay(this) : null;
    }

    private static Peer ThisProcess => new() { ProcessId = NativeProcess.Id, UserId = NativeProcess.UserId };

    public override TransportCapabilities Capabilities => InprocTransport.Capabilities | TransportCapabilities.Protocol;

    public override Peer Peer { get; }

    public override Descriptor WaitDescriptor => _event.Descriptor;

    public override int Unflushed => _outboxBytes;

    public override int LongThreshold => int.MaxValue;

    /// <inheritdoc/>
    public int HeadRoom => Inner is null ? 0 : LongestHead;

    /// <inheritdoc/>
    public int LongestPayload => _other.ReceiveLimit;

    public override bool HasLong => false;

    /// <inheritdoc/>
    public InnerWay? Inner { get; }

    /// <inheritdoc/>
    public bool IsToBridge { get; }

    /// <summary>Creates both ends within the process.</summary>
    public static (InprocConnection Near, InprocConnection Far) Pair() =>
        Join(new InprocConnection(ThisProcess), new InprocConnection(ThisProcess));

    /// <summary>Creates both ends of a connection to a bridge, which has the far one.</summary>
    /// <param name="peer">The peer behind the bridge, which the near end reports.</param>
    public static (InprocConnection Near, InprocConnection Far) PairToBridge(Peer peer) =>
        Join(new InprocConnection(peer, isBridged: true, isToBridge: true), new InprocConnection(ThisProcess, isBridged: true));

    /// <inheritdoc/>
    public void OpenTo(IInnerEnd end) => _other.Inner?.OpenTo(end);

    /// <inheritdoc/>
    public void TellUnread() => _other.SignalUnread();

    private static (InprocConnection Near, InprocConnection Far) Join(InprocConnection near, InprocConnection far)
    {
        near._other = far;
        far._other = near;
        return (near, far);
    }

    public override Span<byte> Reserve(int bodyLength)
    {
        if (_chunk is { IsUnshared: true })
        {
            _chunkFilled = 0;
        }

        if (_chunk is null || _chunk.Capacity - _chunkFilled < bodyLength)
        {
            // In this order: if renting fails, this object still owns the old chunk.
            Chunk next = Chunk.Rent(Math.Max(bodyLength, Chunk.PooledSize));
            _chunk?.Release();
            _chunk = next;
            _chunkFilled = 0;
        }

        return _chunk.Free(_chunkFilled)[..bodyLength];
    }

    public override void Commit(in MessageHeader header)
    {
        _chunk!.Hold();
        _outbox.Add(new Incoming { Header = header, Body = _chunk.Memory(_chunkFilled, header.Length), Lease = _chunk });
        _chunkFilled += header.Length;
        _outboxBytes += MessageHeader.Size + header.Length;
    }

    public override void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload) =>
        throw new NotSupportedException();

    public override void DetachLong()
    {
    }

    public override FlushResult Flush()
    {
        if (_outbox.Count == 0)
        {
            return FlushResult.Done;
        }

        bool wasTaken = !_isAborted && _other.TryPut(_outbox, signals: Inner?.WillServe() != true);
        if (!wasTaken)
        {
            foreach (Incoming message in _outbox)
            {
                message.Release();
            }
        }

        _outbox.Clear();
        _outboxBytes = 0;
        ReleaseWhenIdle();
        return wasTaken ? FlushResult.Done : FlushResult.Broken;
    }

    public override FillResult Fill()
    {
        using (_gate.Hold())
        {
            // Drain before checking: data added later signals again.
            if (_isSignalled)
            {
                _isSignalled = !_event.Drain();
            }

            return _hasEnded || _isAborted ? FillResult.End : FillResult.Drained;
        }
    }

    public override bool TryTake(out Incoming message)
    {
        using (_gate.Hold())
        {
            if (!_inbox.TryDequeue(out message))
            {
                return false;
            }
        }

        // An introduction may be longer than a message is allowed to be.
        if (message.Header.Length > (long)ReceiveLimit + HeadRoom && !Handshake.IsHandshake(message.Header))
        {
            message.Release();
            throw new FairleadException(
                ErrorCode.TooLarge,
                $"a message of {message.Header.Length} bytes arrived, but at most {ReceiveLimit} are accepted here",
                "Raise the limit with ?maxmessage=.");
        }

        return true;
    }

    public override void EndSending() => _other.OnPeerEnded();

    public override void Abort()
    {
        bool signals;
        using (_gate.Hold())
        {
            _isAborted = true;
            signals = !_isDisposed && MustSignal();
        }

        SignalIf(signals);
        _other.OnPeerEnded();
    }

    public override void Dispose()
    {
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            while (_inbox.TryDequeue(out Incoming message))
            {
                message.Release();
            }

            _event.Dispose();
        }

        _chunk?.Release();
        _chunk = null;
        _other.OnPeerEnded();
    }

    /// <summary>Releases the chunk of a long message, or an empty one. A partly filled one stays for the next message.</summary>
    private void ReleaseWhenIdle()
    {
        if (_chunk is not null && (_chunk.Capacity > Chunk.PooledSize || _chunk.IsUnshared))
        {
            _chunk.Release();
            _chunk = null;
        }
    }

    private bool TryPut(List<Incoming> messages, bool signals)
    {
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return false;
            }

            foreach (Incoming message in messages)
            {
                _inbox.Enqueue(message);
            }

            signals = signals && MustSignal();
        }

        SignalIf(signals);
        return true;
    }

    private void OnPeerEnded()
    {
        bool signals;
        using (_gate.Hold())
        {
            if (_hasEnded || _isDisposed)
            {
                return;
            }

            _hasEnded = true;
            signals = MustSignal();
        }

        SignalIf(signals);
    }

    private void SignalUnread()
    {
        bool signals;
        using (_gate.Hold())
        {
            signals = !_isDisposed && _inbox.Count > 0 && MustSignal();
        }

        SignalIf(signals);
    }

    /// <summary>Returns whether the caller must wake the thread that waits for this end. Called under the gate.</summary>
    private bool MustSignal()
    {
        bool must = !_isSignalled;
        _isSignalled = true;
        return must;
    }

    /// <summary>Wakes the thread that waits for this end, if that is the caller's task. Not under the gate, which that thread needs
    /// next.</summary>
    private void SignalIf(bool signals)
    {
        if (signals && !_event.Signal())
        {
            // Repeated with the next message.
            using (_gate.Hold())
            {
                _isSignalled = false;
            }
        }
    }
}
