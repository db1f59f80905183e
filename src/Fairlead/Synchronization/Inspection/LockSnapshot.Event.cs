using System.Runtime.InteropServices;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Inspection;

/// <content>Events.</content>
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
}
