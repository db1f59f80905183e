using System.Diagnostics;
using OpenTelemetry.Metrics;

namespace HostedCalls;

/// <summary>Prints what OpenTelemetry has collected in a process.</summary>
internal static class Telemetry
{
    private const double Share = 0.99;

    public static void Print(List<Activity> spans, List<Metric> metrics)
    {
        foreach (Activity span in spans.Where(static span => span.GetTagItem("rpc.method") is not null))
        {
            Console.WriteLine($"trace {span.TraceId} {span.Kind} {span.DisplayName}");
        }

        if (metrics.LastOrDefault(static metric => metric.Name == "rpc.server.call.duration") is not { } durations)
        {
            return;
        }

        foreach (ref readonly MetricPoint point in durations.GetMetricPoints())
        {
            string member = "";
            foreach ((string key, object? value) in point.Tags)
            {
                member = key == "rpc.method" && value is string method ? method[(method.LastIndexOf('/') + 1)..] : member;
            }

            Console.WriteLine($"p99 of {member}: at most {LimitOf(point)} s");
        }
    }

    /// <summary>The upper bound of the bucket in which the percentile lies.</summary>
    private static double LimitOf(in MetricPoint point)
    {
        double left = point.GetHistogramCount() * Share;
        foreach (HistogramBucket bucket in point.GetHistogramBuckets())
        {
            left -= bucket.BucketCount;
            if (left <= 0)
            {
                return bucket.ExplicitBound;
            }
        }

        return double.PositiveInfinity;
    }
}
