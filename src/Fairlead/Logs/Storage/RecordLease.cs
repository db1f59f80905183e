namespace Fairlead.Logs.Storage;

/// <summary>The location of a complete record.</summary>
/// <param name="Segment">The segment, mapped until its owner advances.</param>
/// <param name="Offset">The offset of the body.</param>
/// <param name="Length">The length of the body.</param>
/// <param name="Sequence">The number of the record.</param>
internal readonly record struct RecordLease(LogSegment Segment, long Offset, int Length, long Sequence);
