using System.Diagnostics;

namespace Fairlead.Patterns.Links;

/// <summary>
/// Whether messages for many are sent one right behind the other. Then those of each peer are left to come together, as the messages of a
/// stream to one are. A peer alone does not show it (<see cref="BurstDetector"/>): writing to all others takes so long that its own come
/// one at a time.
/// </summary>
/// <remarks>
/// No lock: threads that send at the same time may take a stream for none, or the other way round, and a message is written a moment sooner
/// or later for it.
/// </remarks>
internal struct FanOut
{
    /// <summary>So many in a row are a stream.</summary>
    private const int Messages = 8;

    /// <summary>In a row: begun so soon behind the end of the one before. Less than any peer takes to answer over a socket.</summary>
    private static readonly long Gap = Stopwatch.Frequency / 200_000;

    private long _end;
    private int _row;

    /// <summary>A message is about to be sent; whether it is one of a stream.</summary>
    public bool Begin()
    {
        _row = Stopwatch.GetTimestamp() - _end > Gap ? 0 : Math.Min(_row + 1, Messages);
        return _row == Messages;
    }

    /// <summary>It has been given to all.</summary>
    public void End() => _end = Stopwatch.GetTimestamp();
}
