using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using Fairlead.Registry;

namespace Fairlead.Diagnostics;

/// <summary>
/// The meter <c>Fairlead</c>. Its instruments read the counters that every endpoint keeps anyway when a listener collects: a message costs
/// the same with and without a listener. Names follow OpenTelemetry's messaging conventions where these exist. An endpoint that has ended
/// is reported once more: otherwise no listener would see what a short program has sent.
/// </summary>
internal static class EndpointMeter
{
    public const string Name = "Fairlead";

    // Of the random part of an instance's address: svc.NAME.0123abcd.
    private const int InstanceLetters = 8;

    private const int MostEnded = 256;

    private static readonly ConcurrentDictionary<EndpointCounters, KeyValuePair<string, object?>[]> Endpoints = new();

    // The oldest first. Its own lock.
    private static readonly List<EndedEndpoint> Ended = [];

    /// <summary>The meter of all instruments.</summary>
    public static readonly Meter Meter = new(Name, typeof(EndpointMeter).Assembly.GetName().Version?.ToString(3));

    // One for each reading below; what each of them has reported of an endpoint that has ended is a bit.
    private static readonly ObservableInstrument<long>[] Instruments =
    [
        Meter.CreateObservableCounter(
            "messaging.client.sent.messages", static () => Read(0, static c => c.MessagesSent), "{message}", "Data messages sent."),
        Meter.CreateObservableCounter(
            "messaging.client.consumed.messages",
            static () => Read(1, static c => c.MessagesReceived),
            "{message}",
            "Data messages handed to the user."),
        Meter.CreateObservableCounter(
            "fairlead.sent.bytes", static () => Read(2, static c => c.BytesSent), "By", "Bytes of the payloads sent."),
        Meter.CreateObservableCounter(
            "fairlead.consumed.bytes",
            static () => Read(3, static c => c.BytesReceived),
            "By",
            "Bytes of the payloads handed to the user."),
        Meter.CreateObservableCounter(
            "fairlead.messages.dropped",
            static () => Read(4, static c => c.Dropped),
            "{message}",
            "Messages dropped because a peer was too slow."),
        Meter.CreateObservableCounter(
            "fairlead.messages.missed",
            static () => Read(5, static c => c.Missed),
            "{message}",
            "Messages that peers dropped because this end was too slow."),
        Meter.CreateObservableUpDownCounter(
            "fairlead.queue.depth", static () => Read(6, static c => c.QueueDepth), "{message}", "Messages that wait for the user."),
        Meter.CreateObservableUpDownCounter("fairlead.peers", static () => Read(7, static c => c.Clients), "{peer}", "Connected peers."),
        Meter.CreateObservableUpDownCounter(
            "fairlead.blocked",
            static () => Read(8, static c => c.Blocked),
            "{endpoint}",
            "1 while a broker takes nothing from the endpoint."),
        Meter.CreateObservableUpDownCounter(
            "fairlead.reconnecting",
            static () => Read(9, static c => c.Reconnecting),
            "{endpoint}",
            "1 while the endpoint seeks its lost peer or broker."),
    ];

    /// <summary>Begins to measure an endpoint.</summary>
    /// <returns>The tags of its measurements.</returns>
    public static KeyValuePair<string, object?>[] Add(EndpointCounters counters, Address address, PatternKind kind) => Endpoints[counters] =
    [
        new("messaging.system", "fairlead"),
        new("messaging.destination.name", DestinationOf(address)),
        new("fairlead.pattern", kind.ToString()),
    ];

    /// <summary>Ends the measurements of an endpoint. Each instrument that has a listener reports it once more.</summary>
    public static void Remove(EndpointCounters counters)
    {
        if (!Endpoints.TryRemove(counters, out KeyValuePair<string, object?>[]? tags))
        {
            return;
        }

        int unread = 0;
        for (int i = 0; i < Instruments.Length; i++)
        {
            unread |= Instruments[i].Enabled ? 1 << i : 0;
        }

        if (unread != 0)
        {
            lock (Ended)
            {
                // A listener that never collects does not keep them all.
                if (Ended.Count == MostEnded)
                {
                    Ended.RemoveAt(0);
                }

                Ended.Add(new EndedEndpoint(counters, tags) { Unread = unread });
            }
        }
    }

    /// <summary>
    /// Returns the label of an address: without its options and, if it is an instance of a service by name, without its random part. Each
    /// start of a service would make a new time series otherwise.
    /// </summary>
    public static string DestinationOf(Address address)
    {
        string text = address.WithoutOptions().Display;
        int last = text.LastIndexOf('.');
        bool isInstance = address.IsBareName && address.Place.StartsWith("svc.", StringComparison.Ordinal)
            && last == text.Length - InstanceLetters - 1
            && uint.TryParse(text.AsSpan(last + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _);
        return isInstance ? text[..last] : text;
    }

    private static IEnumerable<Measurement<long>> Read(int instrument, Func<EndpointCounters, long> read)
    {
        foreach (EndedEndpoint ended in TakeEnded(instrument))
        {
            // Nothing waits for the user of an endpoint that has ended, and it has no peer.
            yield return new Measurement<long>(Instruments[instrument] is ObservableCounter<long> ? read(ended.Counters) : 0, ended.Tags);
        }

        foreach ((EndpointCounters counters, KeyValuePair<string, object?>[] tags) in Endpoints)
        {
            yield return new Measurement<long>(read(counters), tags);
        }
    }

    /// <summary>Returns the endpoints that have ended, and that an instrument has not reported since. It has reported them then.</summary>
    private static List<EndedEndpoint> TakeEnded(int instrument)
    {
        lock (Ended)
        {
            List<EndedEndpoint> taken = Ended.FindAll(ended => (ended.Unread & (1 << instrument)) != 0);
            taken.ForEach(ended => ended.Unread &= ~(1 << instrument));
            Ended.RemoveAll(static ended => ended.Unread == 0);
            return taken;
        }
    }

    /// <summary>An endpoint that has ended. What has reported it is under the lock of their list.</summary>
    private sealed class EndedEndpoint(EndpointCounters counters, KeyValuePair<string, object?>[] tags)
    {
        public EndpointCounters Counters => counters;

        public KeyValuePair<string, object?>[] Tags => tags;

        /// <summary>A bit for each instrument that has not reported it.</summary>
        public int Unread { get; set; }
    }
}
