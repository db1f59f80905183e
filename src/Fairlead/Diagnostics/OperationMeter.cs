using System.Diagnostics;
using System.Diagnostics.Metrics;
using Fairlead.Framing;

namespace Fairlead.Diagnostics;

/// <summary>
/// Measures the duration of operations, named after OpenTelemetry's messaging conventions. Without a listener it neither reads a clock nor
/// records anything.
/// </summary>
/// <remarks>
/// Listeners are user code and run within a measurement, on any thread of Fairlead. Their exceptions go to the event source: they neither
/// fail the measured operation nor end the thread.
/// </remarks>
internal static class OperationMeter
{
    private const string Listener = "a listener to the meter";

    private static readonly Histogram<double> Calls = EndpointMeter.Meter.CreateHistogram<double>(
        "messaging.client.operation.duration",
        "s",
        "Duration of sending, delivering, publishing and requesting, until the message is buffered or its answer has arrived.");

    private static readonly Histogram<double> Handlers =
        EndpointMeter.Meter.CreateHistogram<double>("messaging.process.duration", "s", "Duration of handling a request.");

    private static readonly Counter<long> Failures = EndpointMeter.Meter.CreateCounter<long>(
        "fairlead.handler.failures", "{failure}", "Exceptions thrown by user handlers.");

    private static readonly Counter<long> CutOffs = EndpointMeter.Meter.CreateCounter<long>(
        "fairlead.peers.cut_off", "{peer}", "Peers that this end disconnected because of what they sent.");

    /// <summary>Whether there is a listener.</summary>
    public static bool IsOn => Calls.Enabled;

    /// <summary>Whether the durations of handlers have a listener.</summary>
    public static bool MeasuresHandlers => Handlers.Enabled;

    /// <summary>Returns the start time of a call; 0 without a listener.</summary>
    public static long StartCall() => Calls.Enabled ? Stopwatch.GetTimestamp() : 0;

    /// <summary>Returns the start time of a handler; 0 without a listener.</summary>
    public static long StartHandler() => Handlers.Enabled ? Stopwatch.GetTimestamp() : 0;

    /// <summary>Records the end of a call.</summary>
    /// <param name="start">The result of <see cref="StartCall"/>.</param>
    /// <param name="kind">The kind of message sent.</param>
    /// <param name="endpoint">The tags of the endpoint.</param>
    /// <param name="error">The error, or null.</param>
    public static void EndCall(long start, MessageKind kind, KeyValuePair<string, object?>[] endpoint, string? error)
    {
        if (start != 0)
        {
            Record(Calls, start, OperationOf(kind), endpoint, error);
        }
    }

    /// <summary>Records the end of a handler.</summary>
    public static void EndHandler(long start, KeyValuePair<string, object?>[] endpoint, string? error)
    {
        if (start != 0)
        {
            Record(Handlers, start, "process", endpoint, error);
        }
    }

    /// <summary>A handler has thrown.</summary>
    /// <param name="endpoint">The endpoint's own tags.</param>
    /// <param name="handler">Which handler.</param>
    /// <param name="exception">What it threw.</param>
    public static void CountHandlerFailure(KeyValuePair<string, object?>[] endpoint, string handler, Exception exception)
    {
        if (!Failures.Enabled)
        {
            return;
        }

        TagList tags = new(endpoint) { { "fairlead.handler", handler }, { "error.type", exception.GetType().FullName } };
        Finishing.Do(Listener, static tags => Failures.Add(1, tags), tags);
    }

    /// <summary>A peer was disconnected because of what it has sent.</summary>
    /// <param name="endpoint">The endpoint's own tags.</param>
    public static void CountCutOff(KeyValuePair<string, object?>[] endpoint)
    {
        if (CutOffs.Enabled)
        {
            Finishing.Do(Listener, static tags => CutOffs.Add(1, tags), new TagList(endpoint));
        }
    }

    private static void Record(
        Histogram<double> histogram, long start, string operation, KeyValuePair<string, object?>[] endpoint, string? error)
    {
        TagList tags = new(endpoint) { { "messaging.operation.name", operation } };
        if (error is not null)
        {
            tags.Add("error.type", error);
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Finishing.Do(
            Listener, static one => one.Histogram.Record(one.Seconds, one.Tags), (Histogram: histogram, Seconds: seconds, Tags: tags));
    }

    private static string OperationOf(MessageKind kind) => kind switch
    {
        MessageKind.Request => "request",
        MessageKind.Deliver => "deliver",
        MessageKind.Publish => "publish",
        _ => "send",
    };
}
