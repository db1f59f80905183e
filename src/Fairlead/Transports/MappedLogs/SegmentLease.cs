using Fairlead.Framing;
using Fairlead.Logs.Storage;

namespace Fairlead.Transports.MappedLogs;

/// <summary>Keeps a segment mapped as long as one of its records is held, and tells the position what has been given back.</summary>
internal sealed class SegmentLease(LogSegment segment, ConsumedRecords? consumption) : MemoryLease
{
    public LogSegment Segment => segment;

    /// <summary>The token is the record's number.</summary>
    public override void Release(long token)
    {
        segment.Exit();
        consumption?.GiveBack(token);
    }
}
