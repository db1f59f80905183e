using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports.SharedMemory;

/// <content>
/// A publisher's connections and its broadcast ring. The connection is the master: frames in it say from where to where its messages stand in the broadcast ring, so that they come in the order in which they were sent.
/// </content>
internal sealed unsafe partial class SharedMemoryConnection
{
    private Descriptor? _passedBroadcast;
    private BroadcastReader? _broadcast;
    private bool _isToBeTold;

    /// <inheritdoc/>
    public override bool HearsBroadcasts { get; }

    /// <inheritdoc/>
    public override bool ReadsBroadcasts => Volatile.Read(ref _broadcast) is { IsSitting: true };

    /// <summary>Whether the peer does. Known when it has been heard.</summary>
    public bool PeerHearsBroadcasts => _writer is not null && Rendezvous.HearsBroadcasts(_hello);

    /// <summary>The control page of the ring in which the peer receives; it can write to it at any time. Until the connection is disposed.</summary>
    public byte* PeerControl => _peerMemory!.Control;

    private bool ExpectsBroadcast => HearsBroadcasts && _broadcast is null && _passedBroadcast is null;

    /// <summary>Passes a broadcast ring to the peer; false when its socket is full of bells.</summary>
    public bool TryPass(Descriptor broadcast)
    {
        ReadOnlySpan<byte> bell = [1];
        return DescriptorPassing.Send(_socket, bell, broadcast).Ok;
    }

    /// <summary>Any thread, as long as the connection is not disposed.</summary>
    public void WakePeer() => Wake(_writer!.WakeIfAsleep());

    /// <inheritdoc/>
    public override bool TellConsumed(uint messages, long bytes)
    {
        if (!HearsBroadcasts)
        {
            return false;
        }

        // The bytes before the count, which the publisher reads the other way round. The acquire is RingSeat.Look.
        byte* page = _memory.Control;
        Volatile.Write(ref *(long*)(page + RingLayout.ConsumedBytesAt), bytes);
        Volatile.Write(ref *(uint*)(page + RingLayout.ConsumedAt), messages);

        // Said before looking, as the publisher says that it waits before it looks again; and as this side leaves before it looks what is untold.
        Interlocked.MemoryBarrier();
        return Volatile.Read(ref _broadcast) is { IsSitting: true, IsWaitedFor: false };
    }

    /// <inheritdoc/>
    public override bool TakeIsToBeTold()
    {
        bool isToBeTold = _isToBeTold;
        _isToBeTold = false;
        if (isToBeTold)
        {
            Interlocked.MemoryBarrier();
        }

        return isToBeTold;
    }

    /// <summary>A file has come: the peer's ring, or behind it the one for all. Others are nobody's.</summary>
    private void Keep(Descriptor file, bool isRing)
    {
        ref Descriptor? place = ref isRing ? ref _passed : ref _passedBroadcast;
        place?.Dispose();
        place = file;
    }

    /// <inheritdoc/>
    public override bool TryPass(int bodyLength)
    {
        if (_broadcast is { IsSitting: true } broadcast)
        {
            return broadcast.TryPass();
        }

        _reader.PassAndGive(bodyLength);
        return true;
    }

    public override bool TryTakePublished(ReadOnlySpan<byte> head, uint ack, Span<byte> into, out int length)
    {
        if (_broadcast is { IsSitting: true } broadcast)
        {
            return broadcast.TryTake(head, ack, into, Math.Min(ShortestLease - 1, ReceiveLimit), out length);
        }

        length = 0;
        return false;
    }

    /// <summary>What is said through the connection comes first as soon as nothing lies here, or was seen to.</summary>
    private bool TryPeekBroadcast(BroadcastReader broadcast, out MessageHeader header, out ReadOnlySpan<byte> body)
    {
        if (!(broadcast.IsDrained && _reader.HasArrivedHere) && broadcast.TryPeek(out header, out body) && body.Length < ShortestLease && body.Length <= ReceiveLimit)
        {
            return true;
        }

        header = default;
        body = default;
        return false;
    }

    private bool TryTakeBroadcast(out Incoming message)
    {
        message = default;
        if (!_broadcast!.TryRead(out MessageHeader header, out ReadOnlySpan<byte> body))
        {
            return false;
        }

        CheckLength(header, body.Length, ReceiveLimit);
        if (!header.Kind.IsData())
        {
            throw new FairleadException(ErrorCode.Corrupt, "what stands in the broadcast ring is no message");
        }

        message = Copy(header, body);
        if (_broadcast.TryPass())
        {
            return true;
        }

        message.Release();
        return false;
    }

    /// <summary>What came through the connection: whether it is to be handed on.</summary>
    private bool IsForUser(ref Incoming message)
    {
        if (!HearsBroadcasts)
        {
            return true;
        }

        bool isForUser = false;
        try
        {
            switch (message.Header.Kind)
            {
                case BroadcastLayout.Sit:
                    TakeBroadcast();
                    _broadcast!.Sit(message.Body.Span);
                    break;
                case BroadcastLayout.Leave:
                    RequireBroadcast().Leave(message.Body.Span);
                    _isToBeTold = true;
                    break;
                case var kind:
                    isForUser = !kind.IsData() || _broadcast?.IsRepeated() != true;
                    break;
            }
        }
        finally
        {
            if (!isForUser)
            {
                message.Release();
            }
        }

        return isForUser;
    }

    private void TakeBroadcast()
    {
        if (_broadcast is not null)
        {
            return;
        }

        // It was passed before this was said.
        OnReady(PollEvents.Read);
        using Descriptor? file = _passedBroadcast;
        _passedBroadcast = null;
        if (file is null)
        {
            throw new FairleadException(ErrorCode.Corrupt, "the publisher named a broadcast ring and passed none");
        }

        BroadcastReader broadcast = BroadcastReader.Accept(file, _memory);
        _reader.Beside = broadcast;

        // Release: who tells what was consumed sees a whole one.
        Volatile.Write(ref _broadcast, broadcast);
    }

    private BroadcastReader RequireBroadcast() => _broadcast ?? throw new FairleadException(ErrorCode.Corrupt, "the publisher named a broadcast ring and passed none");
}
