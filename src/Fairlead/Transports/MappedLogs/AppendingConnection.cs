using System.Buffers;
using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports.MappedLogs;

/// <summary>The sender's: each message is a record, appended when it is committed. What a message needs is asked before, so that its sender is told what is wrong.</summary>
internal sealed class AppendingConnection(MappedLog log) : Connection
{
    private const int KeptBuffer = 64 * 1024;

    private readonly EventDescriptor _event = new();
    private byte[] _buffer = [];
    private volatile bool _isEnding;
    private bool _hasFailed;

    public override TransportCapabilities Capabilities => MappedLogTransport.Capabilities;

    public override Peer Peer { get; } = new() { UserId = NativeProcess.UserId };

    public override Descriptor WaitDescriptor => _event.Descriptor;

    public override int Unflushed => 0;

    public override int LongThreshold => int.MaxValue;

    public override bool HasLong => false;

    /// <exception cref="FairleadException">TooLarge: no segment holds it. Full: the disk has no room.</exception>
    public override void Check(ReadOnlySpan<byte> body) => log.MakeRoom(body.Length);

    public override Span<byte> Reserve(int bodyLength)
    {
        if (_buffer.Length < bodyLength)
        {
            GiveBack();
            _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(bodyLength, 4096));
        }

        return _buffer.AsSpan(0, bodyLength);
    }

    public override void Commit(in MessageHeader header)
    {
        try
        {
            log.Append(_buffer.AsSpan(0, header.Length));
        }
        catch (FairleadException)
        {
            // The disk has become full, or the log been damaged, since it was asked: the connection ends, and that is what its sender is told.
            _hasFailed = true;
        }

        if (_buffer.Length > KeptBuffer)
        {
            GiveBack();
        }
    }

    public override void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload) => throw new NotSupportedException();

    public override void DetachLong()
    {
    }

    public override FlushResult Flush()
    {
        if (_hasFailed)
        {
            Abort();
        }

        return _hasFailed ? FlushResult.Broken : FlushResult.Done;
    }

    public override FillResult Fill()
    {
        _event.Drain();
        return _hasFailed ? FillResult.Broken : _isEnding ? FillResult.End : FillResult.Drained;
    }

    public override bool TryTake(out Incoming message)
    {
        message = default;
        return false;
    }

    public override void EndSending()
    {
    }

    public override void Abort()
    {
        _isEnding = true;
        _event.Signal();
    }

    public override void Dispose()
    {
        GiveBack();
        _event.Dispose();
        log.Dispose();
    }

    private void GiveBack()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }
}
