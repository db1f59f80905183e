namespace Fairlead.Logs.Storage;

/// <summary>Where a record lies that has been found whole.</summary>
/// <param name="Segment">Mapped as long as its owner has not gone on.</param>
/// <param name="Offset">Of the body.</param>
/// <param name="Length">Of the body.</param>
/// <param name="Sequence">Its number.</param>
internal readonly record struct RecordLease(LogSegment Segment, long Offset, int Length, long Sequence);
