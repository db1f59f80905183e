using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>The behaviour of calls over each transport that carries requests.</summary>
public sealed class CallTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly Calculator _service = new();

    public static TheoryData<string> Transports => ["inproc", "shm", "unix", "unixpacket", "tcp", "udp"];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_call_returns_what_the_service_returns(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using RpcClient<ICalculator> client = await ConnectAsync(server);
        Assert.Equal(5, client.Service.Add(2, 3));
        Assert.Equal(5, await client.Service.AddAsync(2, 3));
        Assert.Equal(2.5, await client.Service.DivideAsync(5, 2));
        Assert.Equal(6, await client.Service.SumAsync([1, 2, 3]));
        client.Service.Note("a line");
        Assert.Equal("a line", await _service.Noted.Task.WaitAsync(Watchdog));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Calls_run_at_the_same_time(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using RpcClient<ICalculator> client = await ConnectAsync(server);
        int[] sums = await Task.WhenAll(Enumerable.Range(0, 500).Select(async i => await client.Service.AddAsync(i, i)));
        Assert.Equal(Enumerable.Range(0, 500).Select(static i => 2 * i), sums);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_cancelled_call_is_cancelled_at_the_server(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using RpcClient<ICalculator> client = await ConnectAsync(server);
        using CancellationTokenSource giveUp = new();
        Task waiting = client.Service.WaitAsync(giveUp.Token).AsTask();
        await _service.Waiting.Task.WaitAsync(Watchdog);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Watchdog));
        await _service.Cancelled.Task.WaitAsync(Watchdog);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task The_exception_of_a_service_reaches_the_caller(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using RpcClient<ICalculator> client = await ConnectAsync(server);
        var chosen = Assert.Throws<RpcException>(() => client.Service.Fail(7, "no"));
        Assert.Equal((7, "no", "more", null), (chosen.Code, chosen.Message, chosen.Details, chosen.ServerStackTrace));

        // Of other exceptions no more than the type is told.
        var other = await Assert.ThrowsAsync<RpcException>(() => client.Service.DivideAsync(1, 0));
        Assert.Equal((0, typeof(DivideByZeroException).FullName), (other.Code, other.ServerType));
        Assert.DoesNotContain("b is 0", other.Message, StringComparison.Ordinal);
        Assert.Equal(3, client.Service.Add(1, 2));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_call_ends_when_its_server_ends(string transport)
    {
        RpcServer server = await ServeAsync(transport, new RpcServerOptions { ShutdownTimeout = TimeSpan.Zero });
        await using RpcClient<ICalculator> client = await ConnectAsync(server);
        Task waiting = client.Service.WaitAsync().AsTask();
        await _service.Waiting.Task.WaitAsync(Watchdog);
        await server.DisposeAsync().AsTask().WaitAsync(Watchdog);
        var ended = await Assert.ThrowsAsync<FairleadException>(() => waiting.WaitAsync(Watchdog));
        Assert.Equal((ErrorCode.PeerGone, DeliveryStatus.Unknown), (ended.Code, ended.Delivery));
        await _service.Cancelled.Task.WaitAsync(Watchdog);
        await server.Completion.WaitAsync(Watchdog);
    }

    [Fact]
    public async Task Error_options_of_the_server_add_message_and_stack_trace()
    {
        await using RpcServer server = await ServeAsync(
            "unix", new RpcServerOptions { ErrorDetails = ErrorDetails.Message, SendStackTraces = true });
        await using RpcClient<ICalculator> client = await ConnectAsync(server);
        var told = await Assert.ThrowsAsync<RpcException>(() => client.Service.DivideAsync(1, 0));
        Assert.Equal("b is 0", told.Message);
        Assert.Contains(nameof(Calculator.DivideAsync), told.ServerStackTrace, StringComparison.Ordinal);
        Assert.Equal(Environment.ProcessId, told.Server?.ProcessId);
    }

    [Theory]
    [InlineData(Calculator.AskForThrowingMessage)]
    [InlineData(Calculator.AskForNullMessage)]
    public async Task An_exception_without_a_message_reaches_the_caller(int code)
    {
        await using RpcServer server = await ServeAsync("unix", new RpcServerOptions { ErrorDetails = ErrorDetails.Message });
        await using RpcClient<ICalculator> client = await ConnectAsync(server);
        var told = Assert.Throws<RpcException>(() => client.Service.Fail(code, ""));
        Assert.Equal((typeof(MessageException).FullName, typeof(MessageException).FullName), (told.ServerType, told.Message));
        Assert.Equal(3, client.Service.Add(1, 2));
    }

    [Fact]
    public async Task A_failure_is_reported_at_the_server()
    {
        await using RpcServer server = await ServeAsync("unix");
        TaskCompletionSource<HandlerFailure> reported = new();
        server.HandlerFailed += (_, failure) => reported.TrySetResult(failure);
        await using RpcClient<ICalculator> client = await ConnectAsync(server);
        await Assert.ThrowsAsync<RpcException>(() => client.Service.DivideAsync(1, 0));
        Assert.IsType<DivideByZeroException>((await reported.Task.WaitAsync(Watchdog)).Exception);
    }

    [Fact]
    public async Task A_call_that_takes_too_long_ends_with_a_timeout()
    {
        await using RpcServer server = await ServeAsync("unix");
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(
            $"{server.Addresses[0]}", new RpcClientOptions { Timeout = 100.Milliseconds() });
        var late = await Assert.ThrowsAsync<FairleadException>(async () => await client.Service.WaitAsync());
        Assert.Equal(ErrorCode.Timeout, late.Code);
        await _service.Cancelled.Task.WaitAsync(Watchdog);
    }

    [Fact]
    public async Task A_server_refuses_calls_that_it_does_not_authorize()
    {
        await using RpcServer server = await ServeAsync(
            "unix", new RpcServerOptions { Authorize = static call => call.Member.Name == "Add" && call.Caller.UserId is not null });
        await using RpcClient<ICalculator> client = await ConnectAsync(server);
        Assert.Equal(5, client.Service.Add(2, 3));
        var denied = await Assert.ThrowsAsync<FairleadException>(async () => await client.Service.AddAsync(2, 3));
        Assert.Equal((ErrorCode.PermissionDenied, DeliveryStatus.NotDelivered), (denied.Code, denied.Delivery));
        denied = Assert.Throws<FairleadException>(() => client.Service.Note("a line"));
        Assert.Equal(ErrorCode.PermissionDenied, denied.Code);
        Assert.False(_service.Noted.Task.IsCompleted);
    }

    [Fact]
    public async Task An_authorization_that_throws_refuses_the_call()
    {
        await using RpcServer server = await ServeAsync(
            "unix", new RpcServerOptions { Authorize = static _ => throw new InvalidOperationException("no list") });
        await using RpcClient<ICalculator> client = await ConnectAsync(server);
        Assert.Throws<RpcException>(() => client.Service.Add(2, 3));
        Assert.Throws<FairleadException>(() => client.Service.Note("a line"));
        Assert.False(_service.Noted.Task.IsCompleted);
    }

    [Fact]
    public async Task A_service_knows_its_caller_if_KeepContext_is_set()
    {
        List<string> order = [];
        TaskCompletionSource<RpcContext?> after = new();
        await using RpcServer server = await ServeAsync(
            "unix",
            new RpcServerOptions
            {
                KeepContext = true,
                Intercept = async (call, next) =>
                {
                    order.Add($"before {call.Member.Name}");
                    await next();
                    after.TrySetResult(RpcContext.Current);
                },
            });
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(
            $"{server.Addresses[0]}",
            new RpcClientOptions
            {
                Timeout = 30.Seconds(),
                Intercept = async (member, next) =>
                {
                    order.Add($"calling {member.Name}");
                    await next();
                    order.Add("called");
                },
            });
        Assert.Equal(2.5, await client.Service.DivideAsync(5, 2));
        Assert.Equal(["calling DivideAsync", "before DivideAsync", "called"], order);

        // The reply has been sent by then.
        RpcContext? seen = await after.Task.WaitAsync(Watchdog);
        Assert.Equal((Environment.ProcessId, "DivideAsync"), (seen?.Caller.ProcessId, seen?.Member.Name));
        Assert.InRange(seen!.Timeout!.Value, TimeSpan.Zero, 30.Seconds());
        Assert.Equal(5, client.Service.Add(2, 3));
        Assert.Equal("calling Add", order[3]);
        Assert.Null(RpcContext.Current);
    }

    [Fact]
    public async Task The_exception_of_an_interceptor_reaches_the_caller()
    {
        await using RpcServer server = await ServeAsync(
            "unix", new RpcServerOptions { Intercept = static (_, _) => throw new RpcException(5, "not today") });
        await using RpcClient<ICalculator> client = await ConnectAsync(server);
        Assert.Equal(5, Assert.Throws<RpcException>(() => client.Service.Add(2, 3)).Code);
        await using RpcClient<ICalculator> other = await Rpc.ConnectAsync<ICalculator>(
            $"{server.Addresses[0]}", new RpcClientOptions { Intercept = static (_, _) => default });
        Assert.Throws<InvalidOperationException>(() => other.Service.Add(2, 3));
    }

    [FullRun(Reason.Measures)]
    [Theory]
    [InlineData("shm")]
    [InlineData("unix")]
    public async Task A_blocking_call_of_primitives_allocates_nothing_at_the_caller(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using RpcClient<ICalculator> client = await ConnectAsync(server);
        _ = Allocated(client.Service, 10_000);

        // Not one object for each call. A wait that lasts long costs some once.
        Assert.InRange(Allocated(client.Service, 10_000), 0, 20_000);
    }

    private static long Allocated(ICalculator service, int calls)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < calls; i++)
        {
            _ = service.Add(i, 1);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private async Task<RpcServer> ServeAsync(string transport, RpcServerOptions? options = null) =>
        await Rpc.ServeAsync<ICalculator>(Places.New(transport), _service, options);

    private static async Task<RpcClient<ICalculator>> ConnectAsync(RpcServer server) =>
        await Rpc.ConnectAsync<ICalculator>($"{server.Addresses[0]}");
}
