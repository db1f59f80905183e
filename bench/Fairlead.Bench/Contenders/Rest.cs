using System.Diagnostics.CodeAnalysis;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// Where a spinning server waits between the rounds, because it would take a CPU from the next contender. A message of length 0 sends it
/// here, a message over a Unix socket back to work.
/// </summary>
internal static class Rest
{
    public static ReadOnlySpan<byte> Signal => [];

    public static Receiver? Bind(Session session, bool rests) => rests ? Receiver.Bind(session.AddressOf("unix", ".rest")) : null;

    public static Sender? Connect(Session session, bool rests) => rests ? Sender.Connect(session.AddressOf("unix", ".rest")) : null;

    /// <summary>Waits until a round begins; returns immediately if there are no rests.</summary>
    [SuppressMessage("Style", "IDE0063", Justification = "the message is released before the work begins")]
    public static void Wait(this Receiver? rest)
    {
        if (rest is not null)
        {
            using (rest.Receive())
            {
            }
        }
    }
}
