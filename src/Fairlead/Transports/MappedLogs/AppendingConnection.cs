using System.Buffers;
using Fairlead.Framing;
using Fairlead.Logs;
using Fairlead.Native;

namespace Fairlead.Transports.MappedLogs;

/// <summary>
/// The sender's: each message is a record, appended when it is committed. What a message needs is asked before, so that its sender is told
/// what is wrong.
/// </summary>
/// <remarks>
/// Nothing here waits for another process. While one makes the next segment (it may be stopped), there is no room. A task tries the lock
/// again and again then, and signals the descriptor when it has had it. A race may use up the room between <see cref="OutputRoom.Has"/> and
/// <see cref="Commit"/>: then that one record is kept here, unflushed, and nothing is taken behind it.
/// </remarks>
internal sealed class AppendingConnection : Connection
{
    private const int KeptBuffer = 64 * 1024;

    private readonly MappedLog _log;
    private readonly EventDescriptor _event = new();
    private readonly CancellationTokenSource _end = new();
    private byte[] _buffer = [];

    // The length of the record that is kept in the buffer.
    private int? _kept;
    private bool _isMakingRoom;
    private volatile bool _isEnding;
    private bool _hasFailed;

    /// <param name="log">Owned from now on.</param>
    public AppendingConnection(MappedLog log)
    {
        _log = log;
        Room = new SegmentRoom(this);
    }

    public override TransportCapabilities Capabilities => MappedLogTransport.Capabilities;

    public override Peer Peer { get; } = new() { UserId = NativeProcess.UserId };

    public override Descriptor WaitDescriptor => _event.Descriptor;

    // The header counts, as it does elsewhere: an empty record is something, too.
    public override int Unflushed => _kept is { } length ? MessageHeader.Size + length : 0;

    /// <inheritdoc/>
    public override OutputRoom Room { get; }

    public override int LongThreshold => int.MaxValue;

    public override bool HasLong => false;

    /// <exception cref="FairleadException">TooLarge: no segment holds it. Full: the disk has no room.</exception>
    public override void Check(ReadOnlySpan<byte> body) => _log.TryMakeRoom(body.Length);

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
        _kept = header.Length;
        Append();
    }

    public override void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload) =>
        throw new NotSupportedException();

    public override void DetachLong()
    {
    }

    public override FlushResult Flush()
    {
        Append();
        if (_hasFailed)
        {
            Abort();
        }

        return _hasFailed ? FlushResult.Broken : _kept is not null ? FlushResult.Blocked : FlushResult.Done;
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
        // Its last act: what waits for room ends, and touches nothing any more but the descriptor, which may be closed.
        _end.Cancel();
        GiveBack();
        _event.Dispose();
        _log.Dispose();
    }

    private bool HasRoom(int bodyLength)
    {
        if (_hasFailed)
        {
            return true;
        }

        try
        {
            if (_kept is null && _log.TryMakeRoom(bodyLength))
            {
                return true;
            }
        }
        catch (FairleadException)
        {
            // Nothing to wait for: Check and Commit meet the same error, and their caller is told.
            return true;
        }

        AwaitRoom(bodyLength);
        return false;
    }

    private void Append()
    {
        if (_kept is not { } length || _hasFailed)
        {
            return;
        }

        try
        {
            if (_log.TryAppend(_buffer.AsSpan(0, length)))
            {
                _kept = null;
            }
        }
        catch (FairleadException)
        {
            // The disk has become full, or the log been damaged, since it was asked: the connection ends, and that is what its sender is
            // told.
            _hasFailed = true;
        }

        if (_kept is not null && !_hasFailed)
        {
            AwaitRoom(length);
        }
        else if (_buffer.Length > KeptBuffer)
        {
            GiveBack();
        }
    }

    private void AwaitRoom(int length)
    {
        if (!Volatile.Read(ref _isMakingRoom))
        {
            Volatile.Write(ref _isMakingRoom, true);
            _ = MakeRoomAsync(length);
        }
    }

    private async Task MakeRoomAsync(int length)
    {
        try
        {
            await _log.MakeRoomAsync(length, _end.Token).ConfigureAwait(false);
        }
        catch (FairleadException)
        {
            // A full disk, a damaged log: what waits for room meets that by itself, and its caller is told.
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException)
        {
            return;
        }

        // In this order: a sender that the signal wakes may ask for more room.
        Volatile.Write(ref _isMakingRoom, false);
        _event.Signal();
    }

    private void GiveBack()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    private sealed class SegmentRoom(AppendingConnection connection) : OutputRoom
    {
        public override string Awaited => "another process has not yet made the log's next segment, and may be stopped";

        public override bool Has(int bodyLength) => connection.HasRoom(bodyLength);
    }
}
