using System.Collections.Concurrent;
using System.Diagnostics;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Diagnostics;

/// <summary>Tells the span under which it runs.</summary>
[RpcContract]
public interface ITraced
{
    string Here();

    ValueTask<string> HereAsync(CancellationToken cancellationToken = default);

    [OneWay]
    void Note();
}

/// <summary>The trace context of a caller crosses with its calls.</summary>
public sealed class TraceTests
{
    public static TheoryData<string, int> Servers => new()
    {
        { "inproc", 0 },
        { "unix", 0 },
        { "shm", 0 },
        { "unix", 1 },
        { "shm", 1 },
        { "tcp", 0 },
    };

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_call_belongs_to_the_trace_of_its_caller(string transport, int blockingThreads)
    {
        string mine = $"test-{Guid.NewGuid():N}";
        ConcurrentDictionary<string, Activity> begun = [];
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == "Fairlead" || source.Name == mine,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = activity => begun[activity.SpanId.ToHexString()] = activity,
        };
        ActivitySource.AddActivityListener(listener);
        using ActivitySource source = new(mine);
        Traced service = new();
        await using RpcServer server = await Rpc.ServeAsync<ITraced>(
            Places.New(transport), service, new RpcServerOptions { BlockingThreads = blockingThreads });
        await using RpcClient<ITraced> client = await Rpc.ConnectAsync<ITraced>($"{server.Addresses[0]}");

        using Activity caller = source.StartActivity("caller")!;
        CheckChain(client.Service.Here());
        CheckChain(await client.Service.HereAsync());
        client.Service.Note();
        CheckChain(await service.Noted.Task.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Same(caller, Activity.Current);

        // The server's span, that of the request, and the caller's.
        void CheckChain(string span)
        {
            Assert.True(begun.TryGetValue(span, out Activity? process), span);
            Assert.Equal((ActivityKind.Server, caller.TraceId), (process.Kind, process.TraceId));
            Activity request = begun[process.ParentSpanId.ToHexString()];
            Assert.Equal((ActivityKind.Client, caller.SpanId), (request.Kind, request.ParentSpanId));
        }
    }

    private sealed class Traced : ITraced
    {
        public TaskCompletionSource<string> Noted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Here() => Activity.Current?.SpanId.ToHexString() ?? "none";

        public async ValueTask<string> HereAsync(CancellationToken cancellationToken)
        {
            await Task.Yield();
            return Here();
        }

        public void Note() => Noted.TrySetResult(Here());
    }
}
