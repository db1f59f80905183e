using System.Buffers;
using Fairlead.Framing;
using Fairlead.Logs;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports.MappedLogs;

/// <summary>The sender's connection to a log: each message is a record, appended when it is committed.</summary>
/// <remarks>
/// <para>
/// The requirements of a message are checked first: its sender then gets the error. Nothing here waits for another process. While another
/// process makes the next segment, possibly stopped, there may be no capacity. A task then tries the lock repeatedly, and signals the
/// descriptor when it has had it.
/// </para>
/// <para>
/// A race may use up the capacity between <see cref="OutputRoom.Has"/> and <see cref="Commit"/>. That one record is then kept here,
/// unflushed, and nothing is taken behind it.
/// </para>
/// </remarks>
internal sealed class AppendingConnection : Connection
{
    private const int KeptBuffer = 64 * 1024;

    private readonly MappedLog _log;
    private readonly EventDescriptor _event = new();
    private readonly CancellationTokenSource _end = new();
    private byte[] _buffer = [];

    // The length of the record kept in the buffer.
    private int? _kept;
    private bool _isMakingRoom;
    private volatile bool _isEnding;
    private bool _hasFailed;

    /// <param name="log">The log, owned from now on.</param>
    public AppendingConnection(MappedLog log)
    {
        _log = log;
        Room = new SegmentRoom(this);
    }

    public override TransportCapabilities Capabilities => MappedLogTransport.Capabilities;

    public override Peer Peer { get; } = new() { UserId = NativeProcess.UserId };

    public override Descriptor WaitDescriptor => _event.Descriptor;

    // The header counts, as in other connections: an empty record is data, too.
    public override int Unflushed => _kept is { } length ? MessageHeader.Size + length : 0;

    /// <inheritdoc/>
    public override OutputRoom Room { get; }

    public override int LongThreshold => int.MaxValue;

    public override bool HasLong => false;

    /// <exception cref="FairleadException">TooLarge: the record does not fit into a segment. Full: the disk is full.</exception>
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
        // The last step: the task that waits for capacity ends. After that it touches only the descriptor, which may be closed.
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
            // There is nothing to wait for: Check and Commit meet the same error, and report it to their caller.
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
            // Since the check, the disk has become full, or the log was damaged. The connection ends, which is what its sender learns.
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
            // A full disk or a damaged log. The next attempt of the sender meets the same error, and reports it.
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException)
        {
            return;
        }
        catch (Exception unexpected)
        {
            // The connection ends: a sender that waited for this room would wait without end.
            FairleadEventSource.Log.Contained("a log's next segment", unexpected.ToString());
            _hasFailed = true;
        }

        // In this order: a sender woken by the signal may ask for more capacity.
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
        public override string Awaited => "another process, which may be stopped, did not make the log's next segment";

        public override bool Has(int bodyLength) => connection.HasRoom(bodyLength);
    }
}
