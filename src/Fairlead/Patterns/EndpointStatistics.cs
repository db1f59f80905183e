using Fairlead.Registry;

namespace Fairlead;

/// <summary>The counters of an endpoint at one moment.</summary>
/// <param name="MessagesSent">Data messages sent: of types 1 to 4 and published ones; receipts and replies do not count.</param>
/// <param name="MessagesReceived">Data messages handed to the user.</param>
/// <param name="BytesSent">Bytes of their payloads.</param>
/// <param name="BytesReceived">Bytes of their payloads.</param>
/// <param name="QueueDepth">Messages that have arrived and wait for the user.</param>
/// <param name="Dropped">Messages that were dropped because a peer was too slow, counted once for each such peer.</param>
/// <param name="Missed">Messages that peers dropped because this end was too slow, as far as they have said.</param>
/// <param name="Peers">Peers that are connected.</param>
public readonly record struct EndpointStatistics(
    long MessagesSent, long MessagesReceived, long BytesSent, long BytesReceived, long QueueDepth, long Dropped, long Missed, long Peers)
{
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
