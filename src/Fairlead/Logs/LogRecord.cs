using System.Globalization;
using Fairlead.Logs.Storage;

namespace Fairlead.Logs;

/// <summary>
/// One record of a log: a lease on the mapped memory of the file, valid until the next record is requested from the same source. Other
/// programs can write to the file: the bytes may change while you read them, but their number cannot.
/// </summary>
public readonly struct LogRecord
{
    private readonly RecordLease _lease;

    internal LogRecord(RecordLease lease) => _lease = lease;

    /// <summary>The number of the record. Numbers go up by one from 1; an appender that dies leaves one out.</summary>
    public long Sequence => _lease.Sequence;

    /// <summary>The time of the append, by the clock of the appender: not always in the order of the numbers.</summary>
    /// <exception cref="ObjectDisposedException">The lease has ended.</exception>
    public DateTimeOffset Time => LogTime.ToTime(Field<long>(LogLayout.TimeAt));

    /// <summary>
    /// The process that appended it: its number among Fairlead's participants, 16 hexadecimal digits in <c>fairlead list</c>. No other
    /// process ever gets the same number.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The lease has ended.</exception>
    public ulong Appender => Field<ulong>(LogLayout.AppenderAt);

    /// <summary>The content, in place.</summary>
    /// <exception cref="ObjectDisposedException">The lease has ended.</exception>
    public ReadOnlySpan<byte> Span => Segment.Bytes(_lease.Offset, _lease.Length);

    /// <summary>The length of the content in bytes.</summary>
    public int Length => _lease.Length;

    private LogSegment Segment
    {
        get
        {
            ObjectDisposedException.ThrowIf(_lease.Segment is null || _lease.Segment.IsDisposed, typeof(LogRecord));
            return _lease.Segment;
        }
    }

    /// <summary>The lease behind this record.</summary>
    internal RecordLease Lease => _lease;

    /// <summary>Returns a copy of the content.</summary>
    /// <exception cref="ObjectDisposedException">The lease has ended.</exception>
    public byte[] ToArray() => Span.ToArray();

    /// <summary>Returns a description for people.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"record {Sequence}, {Length} bytes");

    private T Field<T>(int at)
        where T : unmanaged => Segment.At<T>(_lease.Offset - LogLayout.RecordHeader + at);
}
