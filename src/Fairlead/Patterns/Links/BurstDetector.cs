using System.Diagnostics;

namespace Fairlead.Patterns.Links;

/// <summary>Detects whether messages are sent in a stream: more than a few within a short time.</summary>
/// <remarks>A stream is written in batches. Fewer messages are written at once, for latency. Under the link's send lock.</remarks>
internal struct BurstDetector
{
    /// <summary>More messages than this within <see cref="Span"/> are a stream.</summary>
    private const int Messages = 16;

    private static readonly long Span = Stopwatch.Frequency / 10_000;

    private long _start;
    private int _count;
    private bool _wasBurst;

    /// <summary>Notes that a message is sent now, and returns whether it belongs to a stream.</summary>
    public bool Note()
    {
        long now = Stopwatch.GetTimestamp();
        if (now - _start > Span)
        {
            _wasBurst = _count > Messages && now - _start < 2 * Span;
            _start = now;
            _count = 0;
        }

        return ++_count > Messages || _wasBurst;
    }
}
