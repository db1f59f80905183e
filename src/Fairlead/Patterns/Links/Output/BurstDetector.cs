using System.Diagnostics;

namespace Fairlead.Patterns.Links.Output;

/// <summary>Detects whether messages are sent in a stream: more than a few within a short time.</summary>
/// <remarks>A stream is written in batches. Fewer messages are written immediately, for latency. Under the link's send lock.</remarks>
internal struct BurstDetector
{
    /// <summary>More messages than this within <see cref="Span"/> are a stream.</summary>
    private const int Messages = 16;

    /// <summary>So are more than this with more than <see cref="Bytes"/> together: written one by one, longer messages take up the
    /// time.</summary>
    private const int LongMessages = 4;

    private const long Bytes = 16 * 1024;

    /// <summary>100 µs, in ticks of <see cref="Stopwatch"/>.</summary>
    public static readonly long Span = Stopwatch.Frequency / 10_000;

    private long _start;
    private long _bytes;
    private int _count;
    private int _unflushed;
    private bool _wasBurst;

    private readonly bool IsBurst => _count > Messages || (_count > LongMessages && _bytes > Bytes);

    /// <summary>Notes that a message is sent now, and returns whether it belongs to a stream.</summary>
    /// <param name="now">The timestamp of <see cref="Stopwatch"/>.</param>
    /// <param name="unflushed">The bytes that are buffered, this message included.</param>
    public bool Note(long now, int unflushed)
    {
        if (now - _start > Span)
        {
            _wasBurst = IsBurst && now - _start < 2 * Span;
            _start = now;
            _bytes = _count = 0;
        }

        // Less than before: the messages before this one have been written.
        _bytes += unflushed > _unflushed ? unflushed - _unflushed : unflushed;
        _unflushed = unflushed;
        _count++;
        return IsBurst || _wasBurst;
    }
}
