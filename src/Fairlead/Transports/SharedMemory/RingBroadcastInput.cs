using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports.SharedMemory;

/// <summary>
/// A subscriber's connection and the broadcast ring of its publisher. The connection is the master: frames in it say from where to where
/// its messages stand in the broadcast ring, so that they come in the order in which they were sent. By the pump, but for
/// <see cref="IsSitting"/> and <see cref="TellConsumed"/>.
/// </summary>
/// <param name="memory">In which this side receives, and says what it has consumed.</param>
/// <param name="reader">Of that memory.</param>
/// <param name="connection">Says how long a message may be.</param>
/// <param name="openPassed">The broadcast ring that the peer has passed.</param>
internal sealed unsafe class RingBroadcastInput(
    RingMemory memory, RingReader reader, Connection connection, Func<BroadcastReader> openPassed) : BroadcastInput, IDisposable
{
    private BroadcastReader? _reader;
    private bool _isToBeTold;

    /// <summary>Null until the publisher has named its ring.</summary>
    public BroadcastReader? Reader => _reader;

    /// <inheritdoc/>
    public override bool IsSitting => Volatile.Read(ref _reader) is { IsSitting: true };

    /// <inheritdoc/>
    public override bool TryTakePublished(ReadOnlySpan<byte> head, uint ack, Span<byte> into, out int length)
    {
        if (_reader is { IsSitting: true } broadcast)
        {
            return broadcast.TryTake(head, ack, into, Math.Min(RingInput.ShortestLease - 1, connection.ReceiveLimit), out length);
        }

        length = 0;
        return false;
    }

    /// <inheritdoc/>
    public override bool TellConsumed(uint messages, long bytes)
    {
        // The bytes before the count, which the publisher reads the other way round. The acquire is RingSeat.Look.
        byte* page = memory.Control;
        Volatile.Write(ref *(long*)(page + RingLayout.ConsumedBytesAt), bytes);
        Volatile.Write(ref *(uint*)(page + RingLayout.ConsumedAt), messages);

        // Said before looking, as the publisher says that it waits before it looks again; and as this side leaves before it looks what is
        // untold.
        Interlocked.MemoryBarrier();
        return Volatile.Read(ref _reader) is { IsSitting: true, IsWaitedFor: false };
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

    /// <summary>What came through the connection: whether it is to be handed on. Releases what is not.</summary>
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
                    _isToBeTold = true;
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

        // Release: who tells what was consumed sees a whole one.
        Volatile.Write(ref _reader, opened);
        return opened;
    }

    private BroadcastReader Require() =>
        _reader ?? throw new FairleadException(ErrorCode.Corrupt, "the publisher named a broadcast ring and passed none");
}
