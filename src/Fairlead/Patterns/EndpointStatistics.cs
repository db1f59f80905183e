using Fairlead.Registry;

namespace Fairlead;

/// <summary>A snapshot of an endpoint's counters.</summary>
/// <param name="MessagesSent">Data messages sent: those of types 1 to 4 and published ones. Receipts and replies do not count.</param>
/// <param name="MessagesReceived">Data messages handed to the user.</param>
/// <param name="BytesSent">Payload bytes of the messages sent.</param>
/// <param name="BytesReceived">Payload bytes of the messages received.</param>
/// <param name="QueueDepth">Messages that have arrived and wait to be received.</param>
/// <param name="Dropped">Messages dropped because a peer was too slow, counted once for each such peer.</param>
/// <param name="Missed">Messages that peers dropped because this end was too slow, by the latest numbers from those peers.</param>
/// <param name="Peers">Peers that are connected now.</param>
public readonly record struct EndpointStatistics(
    long MessagesSent, long MessagesReceived, long BytesSent, long BytesReceived, long QueueDepth, long Dropped, long Missed, long Peers)
{
    /// <summary>
    /// Bytes that belong to no message, and were skipped: for example from a shell that writes text to the FIFO of a receiver.
    /// </summary>
    public long SkippedBytes { get; init; }

    internal static EndpointStatistics Of(EndpointCounters counters) =>
        new(
            counters.MessagesSent,
            counters.MessagesReceived,
            counters.BytesSent,
            counters.BytesReceived,
            counters.QueueDepth,
            counters.Dropped,
            counters.Missed,
            counters.Clients);
}
