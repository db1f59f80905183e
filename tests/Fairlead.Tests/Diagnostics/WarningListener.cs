using System.Diagnostics.Tracing;

namespace Fairlead.Tests.Diagnostics;

/// <summary>Listens to warnings of one name about one endpoint, and keeps their last field, the count.</summary>
internal sealed class WarningListener(string name, string address) : EventListener
{
    private readonly Lock _gate = new();
    private readonly List<long> _counts = [];
    private readonly List<string> _subjects = [];

    public long[] Counts
    {
        get
        {
            lock (_gate)
            {
                return [.. _counts];
            }
        }
    }

    /// <summary>The subject of each warning.</summary>
    public string[] Subjects
    {
        get
        {
            lock (_gate)
            {
                return [.. _subjects];
            }
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Fairlead")
        {
            EnableEvents(eventSource, EventLevel.Warning);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName == name && (string?)eventData.Payload![0] == address)
        {
            lock (_gate)
            {
                _subjects.Add((string)eventData.Payload[1]!);
                _counts.Add((long)eventData.Payload[2]!);
            }
        }
    }
}
