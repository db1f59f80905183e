using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
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

/// <summary>An object that tells the spans under which its server calls it.</summary>
[RpcContract]
public interface ITracedObject
{
    string Here();

    ValueTask<string> HereAsync(CancellationToken cancellationToken = default);

    [OneWay]
    void Note();

    /// <summary>Tells the span of the last note.</summary>
    ValueTask<string> NotedAsync(CancellationToken cancellationToken = default);

    IAsyncEnumerable<string> ItemsAsync(int count, CancellationToken cancellationToken = default);

    ValueTask FailAsync(CancellationToken cancellationToken = default);
}

/// <summary>Calls an object of its client, and starts a span for each call.</summary>
[RpcContract]
public interface ITracedCalls
{
    ValueTask<IReadOnlyList<SpanPair>> CallBackAsync(ITracedObject target, CancellationToken cancellationToken = default);

    void Keep(ITracedObject target);
}

/// <summary>A span of the server, and the one that ran in it at the client.</summary>
public readonly record struct SpanPair(string Server, string Client);

/// <summary>The tests that listen to traces run alone: their listener hears, and lengthens, all messages of the process.</summary>
[CollectionDefinition(nameof(TraceTests), DisableParallelization = true)]
public sealed class TraceTestsAlone;

/// <summary>The trace context of a caller crosses with its calls.</summary>
[Collection(nameof(TraceTests))]
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

        // The server's span, that of the request, that of the call, and the caller's.
        void CheckChain(string span)
        {
            Assert.True(begun.TryGetValue(span, out Activity? process), span);
            Assert.Equal((ActivityKind.Server, caller.TraceId), (process.Kind, process.TraceId));
            Activity request = begun[process.ParentSpanId.ToHexString()];
            Activity call = begun[request.ParentSpanId.ToHexString()];
            Assert.Equal((ActivityKind.Client, ActivityKind.Client), (request.Kind, call.Kind));
            Assert.Equal(caller.SpanId, call.ParentSpanId);
        }
    }

    public static TheoryData<string> Transports => ["inproc", "shm", "unix", "unixpacket", "tcp", "udp"];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_callback_is_a_child_of_the_span_in_which_the_server_calls(string transport)
    {
        using Spans spans = new();
        TracedObject target = new();
        await using RpcServer server = await Rpc.ServeAsync<ITracedCalls>(Places.New(transport), new TracedCalls(spans.Source));
        await using RpcClient<ITracedCalls> client = await Rpc.ConnectAsync<ITracedCalls>($"{server.Addresses[0]}");

        using Activity caller = spans.Source.StartActivity("caller")!;
        IReadOnlyList<SpanPair> pairs = await client.Service.CallBackAsync(target);
        Check(pairs);
        Assert.Same(caller, Activity.Current);

        // The session is there, and the next call belongs to another trace.
        Activity.Current = null;
        using Activity other = spans.Source.StartActivity("other")!;
        Assert.NotEqual(caller.TraceId, other.TraceId);
        pairs = await client.Service.CallBackAsync(target);
        Check(pairs);

        void Check(IReadOnlyList<SpanPair> all)
        {
            // An awaited call, a blocking one, a one-way call, the items of a stream, and one that throws.
            Assert.Equal(6, all.Count);
            Assert.All(all, pair =>
            {
                Activity inner = spans.Of(pair.Server);
                Activity callback = spans.Of(pair.Client);
                Assert.Equal(Activity.Current!.TraceId, inner.TraceId);
                Assert.Equal((inner.TraceId, inner.SpanId), (callback.TraceId, callback.ParentSpanId));
                Assert.Equal((ActivityKind.Server, true), (callback.Kind, callback.HasRemoteParent));
                Assert.Equal($"callback {typeof(ITracedObject).FullName}", callback.DisplayName);
            });
            Assert.Equal(ActivityStatusCode.Error, spans.Of(all[^1].Client).Status);
        }
    }

    [Fact]
    public async Task A_callback_of_a_server_outside_any_span_begins_a_trace()
    {
        using Spans spans = new();
        TracedCalls service = new(spans.Source);
        await using RpcServer server = await Rpc.ServeAsync<ITracedCalls>(Places.New("unix"), service);
        await using RpcClient<ITracedCalls> client = await Rpc.ConnectAsync<ITracedCalls>($"{server.Addresses[0]}");

        // The session begins in a span, which is not that of its callbacks.
        using (spans.Source.StartActivity("caller"))
        {
            client.Service.Keep(new TracedObject());
        }

        Assert.Null(Activity.Current);
        Activity callback = spans.Of(await service.Kept!.HereAsync());
        Assert.Equal((default, null), (callback.ParentSpanId, callback.ParentId));
    }

    // Begun spans by their identities, of one test and of Fairlead.
    private sealed class Spans : IDisposable
    {
        private readonly ConcurrentDictionary<string, Activity> _begun = [];
        private readonly ActivityListener _listener;

        public Spans()
        {
            Source = new ActivitySource($"test-{Guid.NewGuid():N}");
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == "Fairlead" || source.Name == Source.Name,
                Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStarted = activity => _begun[activity.SpanId.ToHexString()] = activity,
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public ActivitySource Source { get; }

        public Activity Of(string span) =>
            _begun.TryGetValue(span, out Activity? activity) ? activity : throw new KeyNotFoundException($"no span {span} has begun");

        public void Dispose()
        {
            _listener.Dispose();
            Source.Dispose();
        }
    }

    private sealed class TracedCalls(ActivitySource source) : ITracedCalls
    {
        public ITracedObject? Kept { get; private set; }

        public void Keep(ITracedObject target) => Kept = target;

        public async ValueTask<IReadOnlyList<SpanPair>> CallBackAsync(ITracedObject target, CancellationToken cancellationToken)
        {
            SpanPair noted = await InnerAsync(() =>
            {
                target.Note();
                return new ValueTask<string>("");
            });
            List<SpanPair> pairs =
            [
                await InnerAsync(() => target.HereAsync(cancellationToken)),
                await InnerAsync(() => new ValueTask<string>(target.Here())),

                // The calls of an object are in their order: the note has been taken.
                noted with { Client = await target.NotedAsync(cancellationToken) },
            ];
            using Activity activity = source.StartActivity("stream")!;
            await foreach (string span in target.ItemsAsync(2, cancellationToken))
            {
                pairs.Add(new SpanPair(Here(), span));
            }

            try
            {
                await target.FailAsync(cancellationToken);
            }
            catch (RpcException failed)
            {
                pairs.Add(new SpanPair(Here(), failed.Message));
            }

            return pairs;
        }

        private async ValueTask<SpanPair> InnerAsync(Func<ValueTask<string>> call)
        {
            using Activity activity = source.StartActivity("inner")!;
            return new SpanPair(Here(), await call());
        }
    }

    private static string Here() => Activity.Current?.SpanId.ToHexString() ?? "none";

    private sealed class TracedObject : ITracedObject
    {
        private string _noted = "";

        public string Here() => TraceTests.Here();

        public async ValueTask<string> HereAsync(CancellationToken cancellationToken)
        {
            await Task.Yield();
            return Here();
        }

        public void Note() => _noted = Here();

        public ValueTask<string> NotedAsync(CancellationToken cancellationToken) => new(_noted);

        public async IAsyncEnumerable<string> ItemsAsync(
            int count, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            for (int i = 0; i < count; i++)
            {
                await Task.Yield();
                yield return Here();
            }
        }

        public ValueTask FailAsync(CancellationToken cancellationToken) => throw new RpcException(1, Here());
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
