using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Diagnostics;

/// <summary>The spans and durations of calls, by the RPC conventions.</summary>
[Collection(nameof(TraceTests))]
public sealed class CallSpanTests : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);
    private static readonly string Contract = typeof(ICalculator).FullName!;

    private readonly ConcurrentQueue<Activity> _ended = [];
    private readonly ConcurrentQueue<(string Instrument, string Tags)> _measured = [];
    private readonly ActivityListener _spans;
    private readonly MeterListener _durations = new();

    public CallSpanTests()
    {
        _spans = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Fairlead",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_spans);
        _durations.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "Fairlead", Unit: "s" } && instrument.Name.StartsWith("rpc.", StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _durations.SetMeasurementEventCallback<double>((instrument, seconds, tags, _) =>
        {
            Assert.InRange(seconds, 0, Watchdog.TotalSeconds);
            _measured.Enqueue((instrument.Name, string.Join(' ', tags.ToArray().Select(static tag => $"{tag.Key}={tag.Value}"))));
        });
        _durations.Start();
    }

    public void Dispose()
    {
        _spans.Dispose();
        _durations.Dispose();
    }

    [Theory]
    [InlineData("unix", 0)]
    [InlineData("shm", 1)]
    [InlineData("tcp", 0)]
    public async Task A_call_has_a_span_and_a_duration_at_each_side(string transport, int threads)
    {
        await using RpcServer server = await Rpc.ServeAsync<ICalculator>(
            Places.New(transport), new Calculator(), new RpcServerOptions { BlockingThreads = threads });
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>($"{server.Addresses[0]}");
        Assert.Equal(5, client.Service.Add(2, 3));
        Assert.Equal(2.5, await client.Service.DivideAsync(5, 2));
        Assert.Null(Activity.Current);
        foreach (string member in (string[])["Add", "DivideAsync"])
        {
            Activity call = Span(ActivityKind.Client, member);
            Activity process = Span(ActivityKind.Server, member);
            Assert.Equal((ActivityStatusCode.Unset, ActivityStatusCode.Unset), (call.Status, process.Status));
            Assert.Equal(call.TraceId, process.TraceId);
            Assert.All([call, process], span => Assert.Equal($"{Contract}/{member}", span.GetTagItem("rpc.method")));
            Measured("rpc.client.call.duration", $"rpc.system.name=fairlead rpc.method={Contract}/{member}");
            Measured("rpc.server.call.duration", $"rpc.system.name=fairlead rpc.method={Contract}/{member}");
        }
    }

    [Fact]
    public async Task A_thrown_RpcException_is_a_span_error_at_the_client_only()
    {
        await using RpcServer server = await Rpc.ServeAsync<ICalculator>(Places.New("unix"), new Calculator());
        ConcurrentQueue<Exception> reported = [];
        server.HandlerFailed += (_, failure) => reported.Enqueue(failure.Exception);
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>($"{server.Addresses[0]}");
        Assert.Throws<RpcException>(() => client.Service.Fail(7, "no"));
        await Assert.ThrowsAsync<RpcException>(() => client.Service.DivideAsync(1, 0));
        Assert.Equal(ActivityStatusCode.Error, Span(ActivityKind.Client, "Fail").Status);
        Assert.Equal("7", Span(ActivityKind.Client, "Fail").GetTagItem("rpc.response.status_code"));
        Assert.Equal(ActivityStatusCode.Unset, Span(ActivityKind.Server, "Fail").Status);
        Assert.Equal(ActivityStatusCode.Error, Span(ActivityKind.Client, "DivideAsync").Status);
        Assert.Equal(ActivityStatusCode.Error, Span(ActivityKind.Server, "DivideAsync").Status);
        string fail = $"rpc.system.name=fairlead rpc.method={Contract}/Fail";
        string divide = $"rpc.system.name=fairlead rpc.method={Contract}/DivideAsync";
        Measured("rpc.client.call.duration", $"{fail} error.type={typeof(RpcException).FullName}");
        Measured("rpc.server.call.duration", fail);
        Measured("rpc.server.call.duration", $"{divide} error.type={typeof(DivideByZeroException).FullName}");
        Assert.IsType<DivideByZeroException>(Assert.Single(reported));
    }

    [Fact]
    public async Task A_call_with_streams_has_one_span_until_its_end()
    {
        await using RpcServer server = await Rpc.ServeAsync<IStreams>(Places.New("unix"), new Contracts.Streams());
        await using RpcClient<IStreams> client = await Rpc.ConnectAsync<IStreams>($"{server.Addresses[0]}");
        Assert.Equal(6, await client.Service.SumAsync(AsyncEnumerable.Range(1, 3)));
        Assert.Null(Activity.Current);
        Assert.Equal(3, await client.Service.CountAsync(3).CountAsync());
        Assert.Null(Activity.Current);
        foreach (string member in (string[])["SumAsync", "CountAsync"])
        {
            string method = $"{typeof(IStreams).FullName}/{member}";
            Assert.Equal(ActivityStatusCode.Unset, Span(ActivityKind.Client, method, isWhole: true).Status);
            Assert.Equal(ActivityStatusCode.Unset, Span(ActivityKind.Server, method, isWhole: true).Status);
            Measured("rpc.client.call.duration", $"rpc.system.name=fairlead rpc.method={method}");
            Measured("rpc.server.call.duration", $"rpc.system.name=fairlead rpc.method={method}");
        }
    }

    [Fact]
    public async Task The_label_of_a_service_by_name_has_no_random_part()
    {
        string name = $"labelled-{Guid.NewGuid():N}"[..16];
        await using RpcServer server = await Rpc.ServeAsync<ICalculator>(name, new Calculator());
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(name);
        Assert.Equal(5, client.Service.Add(2, 3));
        Activity process = Span(ActivityKind.Server, "Add");
        Assert.Matches($"^(shm|unix)://svc.{name}$", $"{process.GetTagItem("messaging.destination.name")}");
        Assert.Matches($"^process (shm|unix)://svc.{name}$", process.OperationName);
    }

    private Activity Span(ActivityKind kind, string member, bool isWhole = false)
    {
        string name = isWhole ? member : $"{Contract}/{member}";
        Activity? found = null;
        Assert.True(
            SpinWait.SpinUntil(() => (found = _ended.FirstOrDefault(IsMeant)) is not null, Watchdog),
            $"no {kind} span {name} among {string.Join(", ", _ended.Select(static span => span.DisplayName))}");
        return found!;

        bool IsMeant(Activity span) => span.Kind == kind && span.DisplayName == name;
    }

    private void Measured(string instrument, string tags) => Assert.True(
        SpinWait.SpinUntil(() => _measured.Contains((instrument, tags)), Watchdog),
        $"no {instrument} {tags} among {string.Join(", ", _measured)}");
}
