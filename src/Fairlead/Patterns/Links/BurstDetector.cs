using System.Diagnostics;

namespace Fairlead.Patterns.Links;

/// <summary>
/// Whether messages are sent in a stream: more than a few within a moment. A stream is written in batches; fewer are written at once, for
/// latency. Under the link's send lock.
/// </summary>
internal struct BurstDetector
{
    /// <summary>More messages than this within <see cref="Span"/> are a stream.</summary>
    private const int Messages = 16;

    private static readonly long Span = Stopwatch.Frequency / 10_000;

    private long _start;
    private int _count;
    private bool _wasBurst;

    /// <summary>A message is sent now; whether it is one of a stream.</summary>
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
