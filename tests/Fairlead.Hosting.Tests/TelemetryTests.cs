using System.Diagnostics;
using Fairlead.Rpc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Fairlead.Hosting.Tests;

/// <summary>What OpenTelemetry gets of three hosts that call one another.</summary>
public sealed class TelemetryTests
{
    private const string Buy = "Fairlead.Hosting.Tests.IShop/BuyAsync";
    private const string Count = "Fairlead.Hosting.Tests.IStock/CountAsync";

    [Fact]
    public async Task A_call_through_three_hosts_is_one_trace_whose_spans_are_named_by_the_members()
    {
        List<Activity> spans = [];

        // Other tests of this process have spans, too.
        using Activity root = new Activity("test") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();
        using (Sdk.CreateTracerProviderBuilder().AddFairleadInstrumentation().AddInMemoryExporter(spans).Build())
        {
            await CallAsync();
        }

        List<Activity> trace = [.. spans.Where(span => span.TraceId == root.TraceId && span.DisplayName is (Buy or Count))];
        Assert.Equal(
            [(Buy, ActivityKind.Client), (Buy, ActivityKind.Server), (Count, ActivityKind.Client), (Count, ActivityKind.Server)],
            trace.OrderBy(static span => span.StartTimeUtc).Select(static span => (span.DisplayName, span.Kind)));
        Assert.All(trace, static span => Assert.NotEqual(default, span.ParentSpanId));
    }

    [Fact]
    public async Task The_duration_of_calls_has_the_member_as_a_label()
    {
        List<Metric> metrics = [];
        using (Sdk.CreateMeterProviderBuilder().AddFairleadInstrumentation().AddInMemoryExporter(metrics).Build())
        {
            await CallAsync();
        }

        foreach (string side in (string[])["rpc.client.call.duration", "rpc.server.call.duration"])
        {
            Metric duration = metrics.Last(metric => metric.Name == side);
            Dictionary<string, double> largest = [];
            foreach (ref readonly MetricPoint point in duration.GetMetricPoints())
            {
                string method = "";
                foreach ((string key, object? value) in point.Tags)
                {
                    method = key == "rpc.method" ? (string)value! : method;
                }

                largest[method] = PercentileOf(point, 0.99);
            }

            Assert.InRange(largest[Buy], double.Epsilon, 100);
            Assert.InRange(largest[Count], double.Epsilon, 100);
        }
    }

    /// <summary>A client calls a broker, which calls the stock: each in a host of its own.</summary>
    private static async Task CallAsync()
    {
        string shop = Hosts.NewName();
        string stock = Hosts.NewName();
        using IHost last = Hosts.Make(
            static builder => builder.AddRpcServer<IStock, Stock>("stock"), (Hosts.AddressOf("stock"), $"unix://{stock}"));
        using IHost middle = Hosts.Make(
            static builder => builder.AddRpcServer<IShop, Broker>("shop").AddRpcClient<IStock>("stock"),
            (Hosts.AddressOf("shop"), $"unix://{shop}"),
            (Hosts.AddressOf("stock"), $"unix://{stock}"));
        using IHost first = Hosts.Make(
            static builder => builder.AddRpcClient<IShop>("shop"), (Hosts.AddressOf("shop"), $"unix://{shop}"));
        IHost[] all = [last, middle, first];
        foreach (IHost host in all)
        {
            await host.StartAsync();
        }

        IShop service = await first.Services.GetRequiredService<HostedRpcClient<IShop>>().GetAsync();
        Assert.Equal("5 pears", await service.BuyAsync("pears"));
        foreach (IHost host in all.Reverse())
        {
            await host.StopAsync();
        }
    }

    /// <summary>The upper bound of the bucket in which the percentile lies.</summary>
    private static double PercentileOf(in MetricPoint point, double share)
    {
        long wanted = (long)Math.Ceiling(point.GetHistogramCount() * share);
        foreach (HistogramBucket bucket in point.GetHistogramBuckets())
        {
            wanted -= bucket.BucketCount;
            if (wanted <= 0)
            {
                return bucket.ExplicitBound;
            }
        }

        return double.NaN;
    }
}
