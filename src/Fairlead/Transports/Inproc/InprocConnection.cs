using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports.Inproc;

/// <summary>One end of a pair within the process.</summary>
/// <remarks><see cref="Flush"/> moves committed messages to the other end's receive queue. It never blocks, because credit limits that
/// queue.</remarks>
internal sealed class InprocConnection : Connection, IBridged
{
    private readonly EventDescriptor _event = new();
    private readonly RankedLock _gate = new(LockRank.InprocInbox);
    private readonly Queue<Incoming> _inbox = new();
    private readonly List<Incoming> _outbox = [];
    private InprocConnection _other = null!;
    private Chunk? _chunk;
    private int _chunkFilled;
    private int _outboxBytes;
    private bool _isSignalled;
    private bool _hasEnded;
    private bool _isAborted;
    private bool _isDisposed;

    private InprocConnection(Peer peer, InnerAnswers? answers = null) => (Peer, Answers) = (peer, answers);

    private static Peer ThisProcess => new() { ProcessId = NativeProcess.Id, UserId = NativeProcess.UserId };

    public override TransportCapabilities Capabilities => InprocTransport.Capabilities | TransportCapabilities.Protocol;

    public override Peer Peer { get; }

    public override Descriptor WaitDescriptor => _event.Descriptor;

    public override int Unflushed => _outboxBytes;

    public override int LongThreshold => int.MaxValue;

    public override bool HasLong => false;

    /// <inheritdoc/>
    public InnerAnswers? Answers { get; }

    /// <summary>Creates both ends within the process.</summary>
    public static (InprocConnection Near, InprocConnection Far) Pair() => Join(new InprocConnection(ThisProcess));

    /// <summary>Creates both ends of a connection to a bridge, which has the far one.</summary>
    /// <param name="peer">The peer behind the bridge, which the near end reports.</param>
    public static (InprocConnection Near, InprocConnection Far) PairToBridge(Peer peer) =>
        Join(new InprocConnection(peer, new InnerAnswers()));

    /// <summary>Sets who takes the answers of the other end. This end is a bridge's.</summary>
    public void TakeAnswersBy(IAnswerTaker taker) => _other.Answers?.TakeBy(taker);

    private static (InprocConnection Near, InprocConnection Far) Join(InprocConnection near)
    {
        InprocConnection far = new(ThisProcess) { _other = near };
        near._other = far;
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

        bool wasTaken = !_isAborted && _other.TryPut(_outbox);
        if (!wasTaken)
        {
            foreach (Incoming message in _outbox)
            {
                message.Release();
            }
        }

        _outbox.Clear();
        _outboxBytes = 0;
        LetGoWhenIdle();
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
        if (message.Header.Length > ReceiveLimit && !Handshake.IsHandshake(message.Header))
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
        using (_gate.Hold())
        {
            _isAborted = true;
            if (!_isDisposed)
            {
                Signal();
            }
        }

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
    private void LetGoWhenIdle()
    {
        if (_chunk is not null && (_chunk.Capacity > Chunk.PooledSize || _chunk.IsUnshared))
        {
            _chunk.Release();
            _chunk = null;
        }
    }

    private bool TryPut(List<Incoming> messages)
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

            Signal();
        }

        return true;
    }

    private void OnPeerEnded()
    {
        using (_gate.Hold())
        {
            if (_hasEnded || _isDisposed)
            {
                return;
            }

            _hasEnded = true;
            Signal();
        }
    }

    /// <summary>Wakes the thread that waits for this end. Called under the gate.</summary>
    private void Signal()
    {
        // A signal that failed is repeated with the next message.
        _isSignalled = _isSignalled || _event.Signal();
    }
}
