using System.Globalization;
using Fairlead.Logs.Storage;

namespace Fairlead.Logs;

/// <summary>
/// One record of a log: a lease on the memory into which the file is mapped, good until the next record is asked for where this one came
/// from. Others can write to the file, so the bytes may change while they are read; their number cannot.
/// </summary>
public readonly struct LogRecord
{
    private readonly RecordLease _lease;

    internal LogRecord(RecordLease lease) => _lease = lease;

    /// <summary>Its number. They go up by one from 1; one is left out where an appender died.</summary>
    public long Sequence => _lease.Sequence;

    /// <summary>When it was appended, by the clock of its appender: not always in the order of the numbers.</summary>
    /// <exception cref="ObjectDisposedException">The lease has ended.</exception>
    public DateTimeOffset Time => LogTime.ToTime(Field<long>(LogLayout.TimeAt));

    /// <summary>
    /// The process that appended it: the number that it goes by among Fairlead's participants, 16 hexadecimal digits in <c>fairlead
    /// list</c>. Never used again by another.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The lease has ended.</exception>
    public ulong Appender => Field<ulong>(LogLayout.AppenderAt);

    /// <summary>What was appended, where it lies.</summary>
    /// <exception cref="ObjectDisposedException">The lease has ended.</exception>
    public ReadOnlySpan<byte> Span => Segment.Bytes(_lease.Offset, _lease.Length);

    /// <summary>How many bytes were appended.</summary>
    public int Length => _lease.Length;

    private LogSegment Segment
    {
        get
        {
            ObjectDisposedException.ThrowIf(_lease.Segment is null || _lease.Segment.IsDisposed, typeof(LogRecord));
            return _lease.Segment;
        }
    }

    /// <summary>Where it lies.</summary>
    internal RecordLease Lease => _lease;

    /// <summary>A copy of what was appended.</summary>
    /// <exception cref="ObjectDisposedException">The lease has ended.</exception>
    public byte[] ToArray() => Span.ToArray();

    /// <summary>For people.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"record {Sequence}, {Length} bytes");

    private T Field<T>(int at)
        where T : unmanaged => Segment.At<T>(_lease.Offset - LogLayout.RecordHeader + at);
}
