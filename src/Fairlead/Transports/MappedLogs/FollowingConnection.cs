using Fairlead.Framing;
using Fairlead.Logs;
using Fairlead.Logs.Storage;
using Fairlead.Native;
using Fairlead.Native.Processes;

namespace Fairlead.Transports.MappedLogs;

/// <summary>The receiver's connection to a log: leases records in the mapped file.</summary>
/// <remarks>A named position moves behind the records that the user has got and returned.</remarks>
internal sealed class FollowingConnection : Connection
{
    // Gives other connections of the endpoint their turn, and limits how many records are requested in advance.
    private const int RecordsAtOnce = 64;

    private readonly LogFollower _follower;
    private readonly ConsumedRecords? _consumption;
    private readonly FollowerSleep _sleep;
    private SegmentLease? _lease;
    private int _granted;
    private long _missed;

    public FollowingConnection(LogFollower follower)
    {
        _follower = follower;
        _sleep = new FollowerSleep(follower);
        _consumption = follower.Position is null ? null : new ConsumedRecords(follower);
    }

    public override TransportCapabilities Capabilities => MappedLogTransport.Capabilities;

    public override Peer Peer { get; } = new() { UserId = NativeProcess.UserId };

    public override Descriptor WaitDescriptor => _sleep.Descriptor;

    public override int Unflushed => 0;

    public override int LongThreshold => int.MaxValue;

    public override bool HasLong => false;

    /// <inheritdoc/>
    public override SleepAnnouncer Sleep => _sleep;

    /// <inheritdoc/>
    public override ConsumptionSink? Consumption => _consumption;

    public override Span<byte> Reserve(int bodyLength) => throw new NotSupportedException();

    public override void Commit(in MessageHeader header) => throw new NotSupportedException();

    public override void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload) =>
        throw new NotSupportedException();

    public override void DetachLong()
    {
    }

    public override FlushResult Flush() => FlushResult.Done;

    public override void OnReady(PollEvents events) => _sleep.Drain();

    public override FillResult Fill()
    {
        _granted = RecordsAtOnce;
        return _sleep.IsEnding ? FillResult.End : _follower.HasNext ? FillResult.More : FillResult.Drained;
    }

    public override bool TryTake(out Incoming message)
    {
        message = default;
        if (_granted == 0 || !_follower.TryLease(out RecordLease record))
        {
            return false;
        }

        _granted--;
        if (record.Length > ReceiveLimit)
        {
            record.Segment.Exit();
            throw new FairleadException(
                ErrorCode.TooLarge,
                $"record {record.Sequence} has {record.Length} bytes, but at most {ReceiveLimit} are accepted here",
                "Raise the limit with ?maxmessage=.");
        }

        if (_lease?.Segment != record.Segment)
        {
            _lease = new SegmentLease(record.Segment, _consumption);
        }

        _consumption?.Add(record.Sequence);
        message = new Incoming
        {
            Header = MessageHeader.Of(MessageKind.Send) with { Length = record.Length },
            Body = record.Segment.Memory.Slice((int)record.Offset, record.Length),
            Lease = _lease,
            Token = record.Sequence,
        };
        return true;
    }

    public override int TakeDropped(out long skipped)
    {
        skipped = 0;
        long missed = _follower.Missed;
        int dropped = (int)Math.Min(int.MaxValue, missed - _missed);
        _missed += dropped;
        return dropped;
    }

    public override void EndSending()
    {
    }

    public override void Abort() => _sleep.End();

    public override void Dispose()
    {
        _sleep.Dispose();
        _follower.Dispose();
    }
}
