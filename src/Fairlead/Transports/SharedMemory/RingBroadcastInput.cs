using Fairlead.Framing;
using Fairlead.Native.Memory;

namespace Fairlead.Transports.SharedMemory;

/// <summary>Combines a subscriber's connection with the broadcast ring of its publisher.</summary>
/// <remarks>
/// Frames in the connection say which part of the messages is in the broadcast ring; this keeps the order of sending. Used by the pump,
/// except for <see cref="HasJoined"/> and <see cref="PublishConsumed"/>.
/// </remarks>
/// <param name="memory">The memory in which this side receives and reports its consumption.</param>
/// <param name="reader">The reader of that memory.</param>
/// <param name="connection">Provides the limit for messages.</param>
/// <param name="openPassed">Opens the broadcast ring that the peer has passed.</param>
internal sealed unsafe class RingBroadcastInput(
    RingMemory memory, RingReader reader, Connection connection, Func<BroadcastReader> openPassed) : BroadcastInput, IDisposable
{
    private BroadcastReader? _reader;
    private bool _isToBePublished;

    /// <summary>Null until the publisher has named its ring.</summary>
    public BroadcastReader? Reader => _reader;

    /// <inheritdoc/>
    public override bool HasJoined => Volatile.Read(ref _reader) is { HasJoined: true };

    /// <inheritdoc/>
    public override bool TryTakePublished(ReadOnlySpan<byte> head, uint ack, Span<byte> into, out int length)
    {
        if (_reader is { HasJoined: true } broadcast)
        {
            return broadcast.TryTake(head, ack, into, Math.Min(RingInput.ShortestLease - 1, connection.ReceiveLimit), out length);
        }

        length = 0;
        return false;
    }

    /// <inheritdoc/>
    public override bool PublishConsumed(uint messages, long bytes)
    {
        // Write the bytes before the count; the publisher reads them in the reverse order. The acquire is in RingSlot.Poll.
        byte* page = memory.Control;
        Volatile.Write(ref *(long*)(page + RingLayout.ConsumedBytesAt), bytes);
        Volatile.Write(ref *(uint*)(page + RingLayout.ConsumedAt), messages);

        // Report before checking whether the publisher waits. The publisher announces its wait before it checks again, and this side leaves
        // before it checks for unreported consumption.
        Interlocked.MemoryBarrier();
        return Volatile.Read(ref _reader) is { HasJoined: true, IsWaitedFor: false };
    }

    /// <inheritdoc/>
    public override bool TakeIsToBePublished()
    {
        bool isToBeTold = _isToBePublished;
        _isToBePublished = false;
        if (isToBeTold)
        {
            Interlocked.MemoryBarrier();
        }

        return isToBeTold;
    }

    /// <summary>Returns whether a message from the connection is for the user. Releases it otherwise.</summary>
    public bool IsForUser(ref Incoming message)
    {
        bool isForUser = false;
        try
        {
            switch (message.Header.Kind)
            {
                case BroadcastLayout.Sit:
                    Open().Sit(message.Body.Span);
                    break;
                case BroadcastLayout.Leave:
                    Require().Leave(message.Body.Span);
                    _isToBePublished = true;
                    break;
                case var kind:
                    isForUser = !kind.IsData() || _reader?.IsRepeated() != true;
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

    public void Dispose() => _reader?.Dispose();

    private BroadcastReader Open()
    {
        if (_reader is { } known)
        {
            return known;
        }

        BroadcastReader opened = openPassed();
        reader.Beside = opened;

        // Release: a thread that reports the consumption sees a complete reader.
        Volatile.Write(ref _reader, opened);
        return opened;
    }

    private BroadcastReader Require() =>
        _reader ?? throw new FairleadException(ErrorCode.Corrupt, "the publisher referred to a broadcast ring but passed none");
}
