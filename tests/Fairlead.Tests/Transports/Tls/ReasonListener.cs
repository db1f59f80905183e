using System.Collections.Concurrent;
using System.Diagnostics.Tracing;

namespace Fairlead.Tests.Transports.Tls;

/// <summary>Hears why a listening endpoint ended connections and handshakes.</summary>
/// <param name="address">The endpoint's address, without options.</param>
internal sealed class ReasonListener(string address) : EventListener
{
    public BlockingCollection<string> Heard { get; } = [];

    /// <summary>Waits for the next reason.</summary>
    public string Next()
    {
        Assert.True(Heard.TryTake(out string? reason, TimeSpan.FromSeconds(30)), "The server did not say why.");
        return reason;
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Fairlead")
        {
            EnableEvents(eventSource, EventLevel.Informational);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName is "Disconnected" or "HandshakeFailed" or "CertificateKept"
            && ((string)eventData.Payload![0]!).StartsWith(address, StringComparison.Ordinal))
        {
            Heard.Add((string)eventData.Payload[^1]!);
        }
    }
}
