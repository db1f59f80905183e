using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using Fairlead.Registry;

namespace Fairlead.Diagnostics;

/// <summary>
/// The meter <c>Fairlead</c>. Its instruments read the counters that every endpoint keeps anyway when a listener collects: a message costs
/// the same with and without a listener. Names follow OpenTelemetry's messaging conventions where these exist.
/// </summary>
internal static class EndpointMeter
{
    public const string Name = "Fairlead";

    // Of the random part of an instance's address: svc.NAME.0123abcd.
    private const int InstanceLetters = 8;

    private static readonly ConcurrentDictionary<EndpointCounters, KeyValuePair<string, object?>[]> Endpoints = new();

    /// <summary>The meter of all instruments.</summary>
    public static readonly Meter Meter = new(Name, typeof(EndpointMeter).Assembly.GetName().Version?.ToString(3));

    static EndpointMeter()
    {
        Meter.CreateObservableCounter(
            "messaging.client.sent.messages", () => Read(static c => c.MessagesSent), "{message}", "Data messages sent.");
        Meter.CreateObservableCounter(
            "messaging.client.consumed.messages",
            () => Read(static c => c.MessagesReceived),
            "{message}",
            "Data messages handed to the user.");
        Meter.CreateObservableCounter("fairlead.sent.bytes", () => Read(static c => c.BytesSent), "By", "Bytes of the payloads sent.");
        Meter.CreateObservableCounter(
            "fairlead.consumed.bytes", () => Read(static c => c.BytesReceived), "By", "Bytes of the payloads handed to the user.");
        Meter.CreateObservableCounter(
            "fairlead.messages.dropped", () => Read(static c => c.Dropped), "{message}", "Messages dropped because a peer was too slow.");
        Meter.CreateObservableCounter(
            "fairlead.messages.missed",
            () => Read(static c => c.Missed),
            "{message}",
            "Messages that peers dropped because this end was too slow.");
        Meter.CreateObservableUpDownCounter(
            "fairlead.queue.depth", () => Read(static c => c.QueueDepth), "{message}", "Messages that wait for the user.");
        Meter.CreateObservableUpDownCounter("fairlead.peers", () => Read(static c => c.Clients), "{peer}", "Connected peers.");
        Meter.CreateObservableUpDownCounter(
            "fairlead.blocked", () => Read(static c => c.Blocked), "{endpoint}", "1 while a broker takes nothing from the endpoint.");
    }

    /// <summary>Begins to measure an endpoint.</summary>
    /// <returns>The tags of its measurements.</returns>
    public static KeyValuePair<string, object?>[] Add(EndpointCounters counters, Address address, PatternKind kind) => Endpoints[counters] =
    [
        new("messaging.system", "fairlead"),
        new("messaging.destination.name", DestinationOf(address)),
        new("fairlead.pattern", kind.ToString()),
    ];

    /// <summary>Ends the measurements of an endpoint.</summary>
    public static void Remove(EndpointCounters counters) => Endpoints.TryRemove(counters, out _);

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

    private static IEnumerable<Measurement<long>> Read(Func<EndpointCounters, long> read)
    {
        foreach ((EndpointCounters counters, KeyValuePair<string, object?>[] tags) in Endpoints)
        {
            yield return new Measurement<long>(read(counters), tags);
        }
    }
}
