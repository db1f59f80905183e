using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Callbacks;

/// <summary>The behaviour of calls from a server to an object of its client, over each transport that carries requests.</summary>
public sealed class CallbackTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly Contracts.Callbacks _service = new();
    private readonly Watcher _watcher = new();

    public static TheoryData<string> Transports => ["inproc", "shm", "unix", "unixpacket", "tcp", "udp"];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_server_calls_an_object_of_its_client(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using RpcClient<ICallbacks> client = await ConnectAsync(server);
        Assert.Equal(9900, await client.Service.AskBackAsync(_watcher, 100));
        Assert.Equal(21, client.Service.AskBack(_watcher));
        Assert.True(await client.Service.IsNullAsync(null));
        Assert.False(await client.Service.IsNullAsync(_watcher));
    }

    [Fact]
    public async Task A_tool_passes_an_object_with_a_contract_learned_at_run_time()
    {
        await using RpcServer server = await ServeAsync("unix");
        Task ended;
        await using (RpcConnection tool = await Rpc.OpenAsync($"{server.Addresses[0]}"))
        {
            Doubler target = new();
            RpcDescription learned = new(
                "learned", [.. RpcContracts.Of<IWatcher>().Description.Members.Select(static one => one with { Declaration = "?" })]);
            (int result, ended) = await AskBackAsync(tool, learned, target);
            Assert.Equal(90, result);
            Assert.Equal(10, target.Calls);

            // The same object again.
            (result, Task still) = await AskBackAsync(tool, learned, target);
            Assert.Equal((90, ended), (result, still));
            Assert.Equal(20, target.Calls);
            Assert.False(ended.IsCompleted);

            // Of another contract, the object executes nothing.
            var stale = await Assert.ThrowsAsync<RpcException>(
                () => AskBackAsync(tool, new RpcDescription("other", [.. learned.Members.Skip(1)]), new Doubler()));
            Assert.Equal(typeof(FairleadException).FullName, stale.ServerType);
        }

        await ended.WaitAsync(Watchdog);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task One_way_callbacks_arrive_in_order(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using RpcClient<ICallbacks> client = await ConnectAsync(server);
        client.Service.TellBack(_watcher, 100);

        // The calls of an object are executed one after the other.
        Assert.Equal(0, await client.Service.AskBackAsync(_watcher, 1));
        Assert.Equal(Enumerable.Range(0, 100).Select(static i => $"{i}"), _watcher.Told);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task An_object_is_called_after_the_call_that_passed_it(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using RpcClient<ICallbacks> client = await ConnectAsync(server);
        client.Service.Keep(_watcher);
        Assert.Equal(14, await client.Service.AskKeptAsync(7));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_callback_to_a_lost_client_fails_immediately(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using (RpcClient<ICallbacks> client = await ConnectAsync(server))
        {
            client.Service.Keep(_watcher);
            Assert.Equal(2, await client.Service.AskKeptAsync(1));
        }

        await using RpcClient<ICallbacks> other = await ConnectAsync(server);
        var gone = await Assert.ThrowsAsync<RpcException>(async () => await other.Service.AskKeptAsync(1).AsTask().WaitAsync(Watchdog));
        Assert.Equal(typeof(FairleadException).FullName, gone.ServerType);
        var direct = await Assert.ThrowsAsync<FairleadException>(async () => await _service.Kept!.AskAsync(1));
        Assert.Equal(ErrorCode.PeerGone, direct.Code);
    }

    [Fact]
    public async Task A_waiting_callback_ends_when_its_client_leaves()
    {
        await using RpcServer server = await ServeAsync("unix");
        RpcClient<ICallbacks> client = await ConnectAsync(server);
        client.Service.Keep(_watcher);
        Task<int> waiting = _service.Kept!.AskAsync(-2).AsTask();
        await _watcher.Asked.Task.WaitAsync(Watchdog);
        await client.DisposeAsync();
        var gone = await Assert.ThrowsAsync<FairleadException>(() => waiting.WaitAsync(Watchdog));
        Assert.Equal((ErrorCode.PeerGone, DeliveryStatus.Unknown), (gone.Code, gone.Delivery));
        await _watcher.Cancelled.Task.WaitAsync(Watchdog);
    }

    [Fact]
    public async Task A_cancelled_callback_is_cancelled_at_the_client()
    {
        await using RpcServer server = await ServeAsync("unix");
        await using RpcClient<ICallbacks> client = await ConnectAsync(server);
        client.Service.Keep(_watcher);
        using CancellationTokenSource giveUp = new();
        Task<int> waiting = _service.Kept!.AskAsync(-2, giveUp.Token).AsTask();
        await _watcher.Asked.Task.WaitAsync(Watchdog);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Watchdog));
        await _watcher.Cancelled.Task.WaitAsync(Watchdog);
        Assert.Equal(2, await client.Service.AskKeptAsync(1));
    }

    [Fact]
    public async Task The_exception_of_an_object_reaches_the_server()
    {
        await using RpcServer server = await ServeAsync("unix");
        TaskCompletionSource<Exception> reported = new();
        await using RpcClient<ICallbacks> client = await Rpc.ConnectAsync<ICallbacks>(
            $"{server.Addresses[0]}", new RpcClientOptions { CallbackFailed = reported.SetResult });
        client.Service.Keep(_watcher);
        var failed = await Assert.ThrowsAsync<RpcException>(async () => await _service.Kept!.AskAsync(-1));
        Assert.Equal((3, "not negative"), (failed.Code, failed.Message));
        Assert.IsType<RpcException>(await reported.Task.WaitAsync(Watchdog));
    }

    /// <summary>Neither side waits for what the other does not accept, and all other callbacks go on.</summary>
    [Fact]
    public async Task A_callback_or_an_answer_that_is_too_long_fails_without_affecting_others()
    {
        await using RpcServer server = await Rpc.ServeAsync<ICallbacks>($"{Places.New("unix")}?maxmessage=64KiB", _service);
        await using RpcClient<ICallbacks> client = await Rpc.ConnectAsync<ICallbacks>($"{server.Addresses[0]}");
        client.Service.Keep(_watcher);
        var call = Assert.Throws<FairleadException>(() => _service.Kept!.Tell(new string('x', 100_000)));
        Assert.Equal(ErrorCode.TooLarge, call.Code);
        var answer = await Assert.ThrowsAsync<FairleadException>(() => _service.Kept!.AskAsync(-100_000).AsTask().WaitAsync(Watchdog));
        Assert.Equal(ErrorCode.TooLarge, answer.Code);
        Assert.Equal(2, await client.Service.AskKeptAsync(1));
    }

    [Fact]
    public async Task A_callback_may_stream()
    {
        await using RpcServer server = await ServeAsync("unix");
        await using RpcClient<ICallbacks> client = await ConnectAsync(server);
        Assert.Equal(50_005_000, await client.Service.SumBackAsync(_watcher, 10_000));
    }

    [Fact]
    public async Task All_running_calls_up_to_the_limit_can_call_back()
    {
        await using RpcServer server = await ServeAsync("unix", new RpcServerOptions { MaxConcurrentCalls = 4 });
        await using RpcClient<ICallbacks> client = await ConnectAsync(server);
        int[] sums = await Task
            .WhenAll(Enumerable.Range(0, 100).Select(async _ => await client.Service.AskBackAsync(new Watcher(), 3)))
            .WaitAsync(Watchdog);
        Assert.All(sums, static sum => Assert.Equal(6, sum));
    }

    private async Task<RpcServer> ServeAsync(string transport, RpcServerOptions? options = null) =>
        await Rpc.ServeAsync<ICallbacks>(Places.New(transport), _service, options);

    private static async Task<RpcClient<ICallbacks>> ConnectAsync(RpcServer server) =>
        await Rpc.ConnectAsync<ICallbacks>($"{server.Addresses[0]}");

    private static async Task<(int Result, Task Session)> AskBackAsync(RpcConnection tool, RpcDescription contract, RpcSkeleton target)
    {
        Task session;
        ValueTask<int> result;
        int member = tool.Description.Members.ToList().FindIndex(static one => one.Name == nameof(ICallbacks.AskBackAsync));
        RpcWriter call = tool.Channel.Begin(member, []);
        try
        {
            session = tool.Channel.WriteCallback(ref call, contract, target);
            call.WriteInt32(10);
            result = tool.Channel.CallAsync(member, ref call, static (ref RpcReader reader) => reader.ReadInt32());
        }
        finally
        {
            call.Dispose();
        }

        return (await result, session);
    }

    // Doubles a number, as a watcher does, without being one.
    private sealed class Doubler : RpcSkeleton
    {
        public int Calls { get; private set; }

        public override ValueTask InvokeAsync(int member, RpcInvocation invocation)
        {
            Calls++;
            RpcWriter reply = RpcInvocation.BeginReply([]);
            reply.WriteInt32(2 * invocation.Arguments.ReadInt32());
            invocation.Reply(ref reply);
            reply.Dispose();
            return default;
        }
    }
}
