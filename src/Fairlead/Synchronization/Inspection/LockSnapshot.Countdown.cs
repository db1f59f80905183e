using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Inspection;

/// <content>Countdowns.</content>
internal sealed unsafe partial record LockSnapshot
{
    /// <summary>Reads the words of a countdown.</summary>
    /// <param name="words"><see cref="CountdownLayout.Size"/> bytes.</param>
    public static LockSnapshot OfCountdown(ReadOnlySpan<byte> words)
    {
        fixed (byte* start = words)
        {
            int left = new CountdownWords(start, (int)LockHeader.Options(MemoryMarshal.Read<ulong>(words))).Count;
            return new LockSnapshot("countdown", [], WaitingIn(words[CountdownLayout.WaitQueueAt..]))
            {
                State = string.Create(CultureInfo.InvariantCulture, $"{left} left"),
            };
        }
    }
}
