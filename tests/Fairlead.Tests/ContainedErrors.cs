using System.Collections.Concurrent;
using System.Diagnostics.Tracing;

namespace Fairlead.Tests;

/// <summary>Collects the contained errors of one object from the event source.</summary>
internal sealed class ContainedErrors(string who) : EventListener
{
    private readonly BlockingCollection<string> _errors = [];

    /// <summary>Waits for the next error.</summary>
    public string Next() => _errors.Take();

    public override void Dispose()
    {
        base.Dispose();
        _errors.Dispose();
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Fairlead")
        {
            EnableEvents(eventSource, EventLevel.Error);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName == "Contained" && (string?)eventData.Payload![0] == who)
        {
            _errors.Add((string)eventData.Payload[1]!);
        }
    }
}
