using Fairlead.Rpc.Matchmaking;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>Time limits and metadata of single calls.</summary>
public sealed class CallOptionsTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);
    private static readonly RpcCallOptions Tenant = new() { Metadata = new Dictionary<string, string> { ["tenant"] = "blü" } };

    private readonly Relay _service = new();

    public static TheoryData<string> Transports => ["inproc", "shm", "unix", "tcp", "udp"];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Metadata_reaches_the_service(string transport)
    {
        await using RpcServer server = await ServeAsync(_service, transport);
        await using RpcClient<IRelay> client = await ConnectAsync(server);
        Assert.Equal("nothing", client.Service.Seen("tenant"));
        using (Tenant.Use())
        {
            Assert.Equal("blü", client.Service.Seen("tenant"));
            Assert.Equal("nothing", client.Service.Seen("Tenant"));
            Assert.Equal("blü", await client.Service.SeenAsync("tenant"));
            Assert.Equal(["blü", "blü"], await client.Service.SeenItemsAsync("tenant").ToListAsync());
            Assert.Equal("blü 6", await client.Service.SeenWithItemsAsync("tenant", AsyncEnumerable.Range(1, 3)));
            client.Service.Note("tenant");
            Assert.Equal("blü", await _service.Noted.Task.WaitAsync(Watchdog));
        }

        Assert.Equal("nothing", await client.Service.SeenAsync("tenant"));
    }

    [Fact]
    public async Task Inner_options_replace_outer_options_until_they_are_disposed()
    {
        await using RpcServer server = await ServeAsync(_service);
        await using RpcClient<IRelay> client = await ConnectAsync(server);
        IDisposable outer = Tenant.Use();
        IDisposable inner = new RpcCallOptions { Metadata = new Dictionary<string, string> { ["user"] = "7" } }.Use();
        Assert.Equal(("nothing", "7"), (client.Service.Seen("tenant"), client.Service.Seen("user")));
        inner.Dispose();
        Assert.Equal(("blü", "nothing"), (client.Service.Seen("tenant"), client.Service.Seen("user")));
        IDisposable further = new RpcCallOptions().Use();
        outer.Dispose();
        further.Dispose();
        inner.Dispose();
        Assert.Equal("nothing", client.Service.Seen("tenant"));
    }

    [Fact]
    public async Task Options_in_use_apply_only_to_the_tasks_started_under_them()
    {
        await using RpcServer server = await ServeAsync(_service);
        await using RpcClient<IRelay> client = await ConnectAsync(server);
        TaskCompletionSource used = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<string> other = Task.Run(async () =>
        {
            await used.Task;
            return await client.Service.SeenAsync("tenant");
        });
        using (Tenant.Use())
        {
            used.SetResult();
            Assert.Equal("blü", await Task.Run(async () => await client.Service.SeenAsync("tenant")).WaitAsync(Watchdog));
            Assert.Equal("nothing", await other.WaitAsync(Watchdog));
        }
    }

    [Fact]
    public async Task A_call_without_limit_outlasts_the_limit_of_its_client()
    {
        await using RpcServer server = await ServeAsync(_service);
        await using RpcClient<IRelay> client = await ConnectAsync(server, new RpcClientOptions { Timeout = Soon });
        Task waiting;
        using (new RpcCallOptions { Timeout = Timeout.InfiniteTimeSpan }.Use())
        {
            waiting = client.Service.WaitAsync().AsTask();
            Assert.Equal(-1, await client.Service.LimitAsync());
        }

        await _service.Waiting.Task.WaitAsync(Watchdog);

        // This call begins later, and ends by the client's limit.
        var late = await Assert.ThrowsAsync<FairleadException>(() => client.Service.WaitAsync().AsTask().WaitAsync(Watchdog));
        Assert.Equal(ErrorCode.Timeout, late.Code);
        Assert.False(waiting.IsCompleted);
        _service.Release.SetResult();
        await waiting.WaitAsync(Watchdog);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_call_ends_at_its_deadline_and_the_service_sees_it(bool isTimeout)
    {
        await using RpcServer server = await ServeAsync(_service);
        await using RpcClient<IRelay> client = await ConnectAsync(server, new RpcClientOptions { Timeout = Watchdog });
        await ExpireAsync(
            limit => isTimeout
                ? new RpcCallOptions { Timeout = limit }
                : new RpcCallOptions { Deadline = TimeProvider.System.GetUtcNow() + limit },
            () => client.Service.WaitAsync().AsTask(),
            _service.Waiting.Task);
        await _service.Cancelled.Task.WaitAsync(Watchdog);
    }

    [Fact]
    public async Task A_call_after_its_deadline_is_not_sent()
    {
        await using RpcServer server = await ServeAsync(_service);
        await using RpcClient<IRelay> client = await ConnectAsync(server);
        using IDisposable past = new RpcCallOptions { Deadline = TimeProvider.System.GetUtcNow() - 1.Seconds() }.Use();

        // A longer one inside does not extend it.
        using IDisposable longer = new RpcCallOptions { Deadline = DateTimeOffset.MaxValue, Timeout = Watchdog }.Use();
        List<FairleadException> late =
        [
            Assert.Throws<FairleadException>(() => client.Service.Seen("tenant")),
            await Assert.ThrowsAsync<FairleadException>(async () => await client.Service.SeenAsync("tenant")),
            Assert.Throws<FairleadException>(() => client.Service.Note("tenant")),
            await Assert.ThrowsAsync<FairleadException>(async () => await client.Service.SeenItemsAsync("tenant").ToListAsync()),
        ];
        Assert.All(late, one => Assert.Equal((ErrorCode.Timeout, DeliveryStatus.NotDelivered), (one.Code, one.Delivery)));
        Assert.Equal(0, _service.Calls);
    }

    [Fact]
    public async Task A_stream_ends_at_the_deadline_of_its_call()
    {
        await using RpcServer server = await ServeAsync(_service);
        await using RpcClient<IRelay> client = await ConnectAsync(server);
        await ExpireAsync(
            static limit => new RpcCallOptions { Timeout = limit },
            () => client.Service.WaitItemsAsync().ToListAsync().AsTask(),
            _service.Waiting.Task);
        await _service.Cancelled.Task.WaitAsync(Watchdog);
    }

    [Fact]
    public async Task A_nested_call_has_the_earlier_of_both_deadlines()
    {
        await using RpcServer last = await ServeAsync(_service);
        await using RpcClient<IRelay> next = await ConnectAsync(last, new RpcClientOptions { Timeout = (90 * 60).Seconds() });
        Relay middle = new() { Next = next.Service };
        await using RpcServer server = await ServeAsync(middle);
        await using RpcClient<IRelay> client = await ConnectAsync(server);

        // Without limit at the caller: the client's own.
        Assert.Equal((90 * 60).Seconds().Ticks, await client.Service.ForwardLimitAsync());
        using (new RpcCallOptions { Timeout = (60 * 60).Seconds() }.Use())
        {
            Assert.InRange(await client.Service.ForwardLimitAsync(), (50 * 60).Seconds().Ticks, (60 * 60).Seconds().Ticks);

            // It cannot be had away.
            middle.Options = new RpcCallOptions { Timeout = Timeout.InfiniteTimeSpan };
            Assert.InRange(await client.Service.ForwardLimitAsync(), (50 * 60).Seconds().Ticks, (60 * 60).Seconds().Ticks);
            middle.Options = new RpcCallOptions { Deadline = TimeProvider.System.GetUtcNow() + (30 * 60).Seconds() };
            Assert.InRange(await client.Service.ForwardLimitAsync(), (20 * 60).Seconds().Ticks, (30 * 60).Seconds().Ticks);
        }
    }

    [Fact]
    public async Task A_call_made_after_the_served_call_ended_does_not_inherit_its_deadline()
    {
        await using RpcServer last = await ServeAsync(_service);
        await using RpcClient<IRelay> next = await ConnectAsync(last);
        Relay middle = new() { Next = next.Service };
        await using RpcServer server = await ServeAsync(middle);
        await using RpcClient<IRelay> client = await ConnectAsync(server, new RpcClientOptions { Timeout = Watchdog });
        await client.Service.ForwardLaterAsync();

        // Its reply has come, and this call follows it in the server: the context of the former is over.
        await client.Service.LimitAsync();
        middle.Release.SetResult();
        Assert.Equal(-1, await middle.Later.Task.WaitAsync(Watchdog));
    }

    [Fact]
    public async Task Metadata_is_forwarded_with_a_nested_call_that_requests_it()
    {
        await using RpcServer last = await ServeAsync(_service);
        await using RpcClient<IRelay> next = await ConnectAsync(last);
        Relay middle = new() { Next = next.Service };
        await using RpcServer server = await ServeAsync(middle);
        await using RpcClient<IRelay> client = await ConnectAsync(server);
        using IDisposable use = Tenant.Use();
        Assert.Equal("nothing", await client.Service.ForwardAsync("tenant"));
        middle.Options = new RpcCallOptions { PassMetadata = true };
        Assert.Equal("blü", await client.Service.ForwardAsync("tenant"));
        middle.Options = new RpcCallOptions { PassMetadata = true, Metadata = new Dictionary<string, string> { ["hop"] = "2" } };
        Assert.Equal("blü", await client.Service.ForwardAsync("tenant"));
        Assert.Equal("2", await client.Service.ForwardAsync("hop"));
        middle.Options = middle.Options with { Metadata = new Dictionary<string, string> { ["tenant"] = "red" } };
        Assert.Equal("red", await client.Service.ForwardAsync("tenant"));
    }

    [Fact]
    public async Task A_callback_has_the_deadline_of_the_code_that_makes_it()
    {
        await using RpcServer server = await ServeAsync(_service);
        await using RpcClient<IRelay> client = await ConnectAsync(server);
        _service.Options = new RpcCallOptions { Deadline = TimeProvider.System.GetUtcNow() - 1.Seconds() };
        Watcher watcher = new();
        await Assert.ThrowsAsync<RpcException>(async () => await client.Service.CallBackAsync(watcher));
        FairleadException late = await _service.CalledBack.Task.WaitAsync(Watchdog);
        Assert.Equal((ErrorCode.Timeout, DeliveryStatus.NotDelivered), (late.Code, late.Delivery));
        Assert.False(watcher.WasAsked);
    }

    [Fact]
    public async Task An_unanswered_callback_ends_at_the_timeout_of_the_server()
    {
        await using RpcServer server = await ServeAsync(_service, options: new RpcServerOptions { CallbackTimeout = Soon });
        await using RpcClient<IRelay> client = await ConnectAsync(server);
        await Assert.ThrowsAsync<RpcException>(
            () => client.Service.CallBackAsync(new SilentWatcher()).AsTask().WaitAsync(Watchdog));
        Assert.Equal(ErrorCode.Timeout, (await _service.CalledBack.Task.WaitAsync(Watchdog)).Code);
        Assert.Throws<ArgumentOutOfRangeException>(
            static () => Rpc.Serve<IRelay>("relay", new Relay(), new RpcServerOptions { CallbackTimeout = TimeSpan.Zero }));
    }

    [Fact]
    public async Task Authorization_sees_the_metadata()
    {
        await using RpcServer server = await ServeAsync(
            _service, options: new RpcServerOptions { KeepContext = true, Authorize = static call => call.Metadata.ContainsKey("tenant") });
        await using RpcClient<IRelay> client = await ConnectAsync(server);
        var denied = Assert.Throws<FairleadException>(() => client.Service.Seen("tenant"));
        Assert.Equal(ErrorCode.PermissionDenied, denied.Code);
        using IDisposable use = Tenant.Use();
        Assert.Equal("blü", client.Service.Seen("tenant"));
        Assert.Equal(["blü", "blü"], await client.Service.SeenItemsAsync("tenant").ToListAsync());
    }

    [Fact]
    public async Task An_interceptor_and_a_service_by_name_keep_the_options()
    {
        string name = $"relay-{Guid.NewGuid():N}"[..16];
        RpcServerOptions serving = new() { KeepContext = true };
        await using RpcServer one = await Rpc.ServeAsync<IRelay>(name, _service, serving);
        await using RpcServer other = await Rpc.ServeAsync<IRelay>(name, _service, serving);
        await using RpcClient<IRelay> client = await Rpc.ConnectAsync<IRelay>(
            name, new RpcClientOptions { Balance = CallBalance.RoundRobin, Intercept = static (_, next) => next() });
        using IDisposable use = (Tenant with { Timeout = Watchdog }).Use();
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal("blü", client.Service.Seen("tenant"));
            Assert.Equal("blü", await client.Service.SeenAsync("tenant"));
            Assert.InRange(await client.Service.LimitAsync(), 1, Watchdog.Ticks);
        }
    }

    [Fact]
    public async Task Fairleads_own_calls_have_no_options_of_the_program()
    {
        List<(int Pairs, TimeSpan? Timeout)> seen = [];
        RpcServerOptions options = new()
        {
            KeepContext = true,
            Authorize = call =>
            {
                seen.Add((call.Metadata.Count, call.Timeout));
                return true;
            },
        };
        await using RpcServer matchmaker = await Rpc.ServeAsync<IMatchmaker>(Places.New("unix"), new MatchmakerService(null), options);
        using IDisposable use = (Tenant with { Timeout = (50 * 60).Seconds() }).Use();
        Assert.Empty(await Matchmaker.ListAsync($"{matchmaker.Addresses[0]}"));
        Assert.NotEmpty(seen);
        Assert.All(seen, static one => Assert.True(one.Pairs == 0 && !(one.Timeout >= 60.Seconds())));
    }

    private static ValueTask<RpcServer> ServeAsync(IRelay service, string transport = "unix", RpcServerOptions? options = null) =>
        Rpc.ServeAsync(Places.New(transport), service, options ?? new RpcServerOptions { KeepContext = true });

    private static ValueTask<RpcClient<IRelay>> ConnectAsync(RpcServer server, RpcClientOptions? options = null) =>
        Rpc.ConnectAsync<IRelay>($"{server.Addresses[0]}", options);

    // A call that ends by its limit, which grows until the call has come so far: this machine may be slow.
    private static async Task ExpireAsync(Func<TimeSpan, RpcCallOptions> options, Func<Task> call, Task begun)
    {
        for (TimeSpan limit = Soon; !begun.IsCompleted; limit *= 2)
        {
            using IDisposable use = options(limit).Use();
            var late = await Assert.ThrowsAsync<FairleadException>(() => call().WaitAsync(Watchdog));
            Assert.True(late is { Code: ErrorCode.Timeout, Delivery: not null }, $"{late}");
        }
    }

    // Deaf to its token, too.
    private sealed class SilentWatcher : IRelayWatcher
    {
        public async ValueTask<string> AskAsync(CancellationToken cancellationToken) =>
            await new TaskCompletionSource<string>().Task.WaitAsync(CancellationToken.None);
    }

    private sealed class Watcher : IRelayWatcher
    {
        public bool WasAsked { get; private set; }

        public ValueTask<string> AskAsync(CancellationToken cancellationToken)
        {
            WasAsked = true;
            return new("");
        }
    }
}
