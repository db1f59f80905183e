using System.Globalization;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Inspection;

/// <content>Events and counts, which have no owner.</content>
internal sealed unsafe partial record LockSnapshot
{
    /// <summary>Reads the words of an event.</summary>
    /// <param name="words"><see cref="EventLayout.Size"/> bytes.</param>
    public static LockSnapshot OfEvent(ReadOnlySpan<byte> words)
    {
        fixed (byte* start = words)
        {
            return new LockSnapshot("event", [], WaitingIn(words[EventLayout.WaitQueueAt..]))
            {
                State = new EventWords(start).IsSet ? "set" : "not set",
            };
        }
    }
    /// <summary>Reads the words of a count.</summary>
    /// <param name="words"><see cref="CountLayout.Size"/> bytes.</param>
    public static LockSnapshot OfCount(ReadOnlySpan<byte> words)
    {
        fixed (byte* start = words)
        {
            return new LockSnapshot("count", [], WaitingIn(words[CountLayout.WaitQueueAt..]))
            {
                State = string.Create(CultureInfo.InvariantCulture, $"{new CountWords(start).Count}"),
            };
        }
    }
}
