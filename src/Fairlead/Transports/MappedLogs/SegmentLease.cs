using Fairlead.Framing;
using Fairlead.Logs.Storage;

namespace Fairlead.Transports.MappedLogs;

/// <summary>Keeps a segment mapped while one of its records is held, and tells the position which records were returned.</summary>
internal sealed class SegmentLease(LogSegment segment, ConsumedRecords? consumption) : MemoryLease
{
    public LogSegment Segment => segment;

    /// <summary>Releases a record, whose number is the token.</summary>
    public override void Release(long token)
    {
        segment.Exit();
        consumption?.GiveBack(token);
    }
}
