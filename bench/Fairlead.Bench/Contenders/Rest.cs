using System.Diagnostics.CodeAnalysis;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// Where a server that spins waits between the rounds, which would take a processor from whoever is measured next: a message of length 0
/// sends it here, one over a Unix socket back to work.
/// </summary>
internal static class Rest
{
    public static ReadOnlySpan<byte> Signal => [];

    public static Receiver? Bind(Session session, bool rests) => rests ? Receiver.Bind(session.AddressOf("unix", ".rest")) : null;

    public static Sender? Connect(Session session, bool rests) => rests ? Sender.Connect(session.AddressOf("unix", ".rest")) : null;

    /// <summary>Waits until a round begins; at once where there are no rests.</summary>
    [SuppressMessage("Style", "IDE0063", Justification = "the message is given back before the work begins")]
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
