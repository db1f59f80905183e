using System.Diagnostics;
using Fairlead.Patterns.Links.Output;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>Detects whether broadcast messages are sent directly one after the other.</summary>
/// <remarks>
/// <para>
/// The messages of each peer are then batched like those of a stream to one peer. <see cref="BurstDetector"/> of a single link cannot see
/// this: writing to all other peers takes so long that its own messages seem isolated.
/// </para>
/// <para>
/// No lock: threads that send at the same time may misjudge a stream. A message is then written slightly earlier or later.
/// </para>
/// </remarks>
internal struct FanOut
{
    /// <summary>This many messages in a row are a stream.</summary>
    private const int Messages = 8;

    /// <summary>The longest gap between messages in a row. It is less than any peer takes to answer over a socket.</summary>
    private static readonly long Gap = Stopwatch.Frequency / 200_000;

    private long _end;
    private int _row;

    /// <summary>Notes that a message is about to be sent, and returns whether it belongs to a stream.</summary>
    public bool Begin()
    {
        _row = Stopwatch.GetTimestamp() - _end > Gap ? 0 : Math.Min(_row + 1, Messages);
        return _row == Messages;
    }

    /// <summary>Notes that the message has been given to all links, and returns the time.</summary>
    public long End() => _end = Stopwatch.GetTimestamp();
}
