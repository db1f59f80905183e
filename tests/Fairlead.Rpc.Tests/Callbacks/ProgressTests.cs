using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Callbacks;

/// <summary>The server calls an object until the call that passes it ends, and the client keeps it no longer.</summary>
[SlowRun]
public sealed class ProgressTests : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);
    private readonly Reporting _service = new();
    private readonly List<Exception> _failures = [];
    private readonly RpcServer _server;
    private readonly RpcClient<IReporting> _client;

    public ProgressTests()
    {
        _server = Rpc.Serve<IReporting>($"inproc://rpc-{Guid.NewGuid():N}", _service);
        _client = Rpc.Connect<IReporting>($"{_server.Addresses[0]}", new RpcClientOptions { CallbackFailed = _failures.Add });
    }

    private IReporting Service => _client.Service;

    private int Objects => _client.Channel.Callbacks!.Objects;

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
        _service.Counted.Dispose();
    }

    [Fact]
    public async Task Reports_arrive_in_their_order_before_the_call_ends()
    {
        Log<int> log = new();
        Assert.Equal(60, await Service.CountAsync(60, log));
        Assert.Equal(Enumerable.Range(1, 60), log.Seen);
        Log<Stage?> steps = new();
        await Service.NoteAsync(steps);
        Assert.Equal([new Stage("half", 0.5), null], steps.Seen);
        await Service.NoteAsync();
        Assert.Equal(0, Objects);
    }

    [Fact]
    public async Task Reports_that_are_too_fast_are_dropped_and_the_newest_arrives()
    {
        // Held until all have been made.
        Log<int> log = new(_ => Assert.True(_service.Counted.Wait(Watchdog)));
        Assert.Equal(10_000, await Service.CountAsync(10_000, log).AsTask().WaitAsync(Watchdog));
        Assert.Equal(10_000, log.Seen[^1]);
        Assert.InRange(log.Seen.Count, 1, RpcLimits.MaxReports + 1);
        Assert.Equal(log.Seen.Order(), log.Seen);
    }

    [Fact]
    public async Task No_report_arrives_after_the_call_has_ended()
    {
        Log<int> log = new();
        Log visited = new();
        await Service.CountAsync(1, log);
        await Service.VisitAsync(visited);
        Assert.Equal("NotFound", await Service.VisitLaterAsync());
        Assert.Equal([1], log.Seen);
        Assert.Equal([1, 2], visited.Seen);
    }

    [Fact]
    public void A_blocking_call_passes_an_object_until_it_returns()
    {
        Assert.Equal(4, Service.Visit(new Log()));
        Assert.Equal(0, Service.Visit(null));
        Assert.Equal(0, Objects);
    }

    [Fact]
    public async Task The_client_releases_its_object_after_every_outcome_of_the_call()
    {
        Log<int> log = new();
        Assert.Equal(1, (await Assert.ThrowsAsync<RpcException>(async () => await Service.FailAsync(log))).Code);
        Assert.Equal([7], log.Seen);
        Assert.Equal(0, Objects);

        using CancellationTokenSource cancel = new();
        Log<int> cancelled = new(_ => cancel.Cancel());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Service.EndlessAsync(cancelled, cancel.Token));
        Assert.Equal(0, Objects);

        using (new RpcCallOptions { Timeout = TimeSpan.FromMilliseconds(50) }.Use())
        {
            FairleadException late = await Assert.ThrowsAsync<FairleadException>(async () => await Service.EndlessAsync(new Log<int>()));
            Assert.Equal(ErrorCode.Timeout, late.Code);
        }

        Assert.Equal(0, Objects);
        TaskCompletionSource reported = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task call = Service.EndlessAsync(new Log<int>(_ => reported.TrySetResult())).AsTask();
        await reported.Task.WaitAsync(Watchdog);
        await _client.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => call.WaitAsync(Watchdog));
        Assert.Equal(0, Objects);
    }

    [Fact]
    public async Task A_call_with_streams_reports_progress()
    {
        Log<int> log = new();
        IAsyncEnumerable<int> items = Service.EachAsync(Enumerable.Range(1, 50).ToAsyncEnumerable(), log);
        Assert.Equal(0, Objects);
        Assert.Equal(50, await items.CountAsync());
        Assert.Equal(Enumerable.Range(1, 50), log.Seen);
        Assert.Equal(0, Objects);
        Assert.Equal(50, await items.CountAsync());
        Assert.Equal(100, log.Seen.Count);
        await foreach (int _ in items)
        {
            break;
        }

        Assert.Equal(0, Objects);
    }

    [Fact]
    public async Task An_object_that_throws_gets_the_next_report_and_the_call_continues()
    {
        Log<int> log = new(number => throw new InvalidOperationException($"{number}"));
        Assert.Equal(3, await Service.CountAsync(3, log));
        Assert.Equal([1, 2, 3], log.Seen);
        Assert.Equal(["1", "2", "3"], _failures.Select(static one => one.Message));
    }

    [Fact]
    public async Task Ten_thousand_calls_leave_no_registered_object()
    {
        for (int i = 0; i < 100; i++)
        {
            await Task.WhenAll(Enumerable.Range(0, 100).Select(one => Service.CountAsync(one % 10 == 0 ? 1 : 0, new Log<int>()).AsTask()));
        }

        Assert.Equal(0, Objects);
    }

    private sealed class Log<T>(Action<T>? then = null) : IProgress<T>
    {
        public List<T> Seen { get; } = [];

        public void Report(T value)
        {
            Seen.Add(value);
            then?.Invoke(value);
        }
    }

    private sealed class Log : IVisited
    {
        public List<int> Seen { get; } = [];

        public ValueTask<int> GreetAsync(int number, CancellationToken cancellationToken = default)
        {
            Seen.Add(number);
            return new ValueTask<int>(number + 1);
        }
    }
}
