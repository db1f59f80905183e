using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>Services whose calls have an order.</summary>
[SlowRun]
public sealed class TurnTests
{
    private const int Calls = 200;

    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    public static TheoryData<string> Transports => ["inproc", "shm", "unix", "unixpacket", "tcp", "udp"];

    public static TheoryData<string, int> Servers
    {
        get
        {
            TheoryData<string, int> servers = [];
            foreach (string transport in (string[])["inproc", "shm", "unix"])
            {
                servers.Add(transport, 0);
                servers.Add(transport, 3);
            }

            return servers;
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Calls_of_a_connection_run_in_the_order_in_which_they_began(string transport)
    {
        foreach (Turns service in (Turns[])[new OrderedTurns(), new SerialTurns()])
        {
            await using RpcServer server = await ServeAsync(service, transport);
            await using RpcClient<ITurns> client = await ConnectAsync(server);
            int[] results = await Task
                .WhenAll(Enumerable.Range(0, Calls).Select(number => client.Service.AwaitAsync(number).AsTask()))
                .WaitAsync(Watchdog);
            Assert.Equal(Enumerable.Range(0, Calls), results);
            Assert.Equal(Enumerable.Range(0, Calls), service.Begun);
            Assert.Equal(1, service.Most);
        }
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_serial_service_executes_one_call_at_a_time_for_all_clients(string transport, int blockingThreads)
    {
        SerialTurns service = new();
        await using RpcServer server = await ServeAsync(service, transport, new RpcServerOptions { BlockingThreads = blockingThreads });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            await using RpcClient<ITurns> client = await ConnectAsync(server);
            await Task.WhenAll(Enumerable.Range(0, 50).Select(number => client.Service.AwaitAsync(number).AsTask()));
            for (int i = 0; i < 50; i++)
            {
                client.Service.Note(i);
                Assert.Equal(i, client.Service.Block(i));
            }

            Assert.Equal([1, 2, 3], await client.Service.CountAsync(3).ToListAsync());
            Assert.Equal(6, await client.Service.SumAsync(Enumerable.Range(1, 3).ToAsyncEnumerable()));
        })).WaitAsync(Watchdog);
        Assert.Equal(1, service.Most);
        Assert.Equal(4 * 152, service.Begun.Length);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task An_attribute_of_a_base_interface_holds_for_all_members(string transport)
    {
        DerivedTurns service = new();
        await using RpcServer server = await Rpc.ServeAsync<ISerialTurns>(Places.New(transport), service);
        await using RpcClient<ISerialTurns> one = await Rpc.ConnectAsync<ISerialTurns>($"{server.Addresses[0]}");
        await using RpcClient<ISerialTurns> other = await Rpc.ConnectAsync<ISerialTurns>($"{server.Addresses[0]}");
        Task held = await HoldAsync(one.Service, service);

        // Neither the base that has the attribute nor the contract itself declares this member.
        Task<int> behind = other.Service.AwaitAsync(1).AsTask();
        Task<int> last = other.Service.LastAsync(2).AsTask();
        Assert.True(SpinWait.SpinUntil(() => server.Waiting == 2, Watchdog));
        service.Gate.SetResult();
        await held.WaitAsync(Watchdog);
        Assert.Equal((1, 2), (await behind.WaitAsync(Watchdog), await last.WaitAsync(Watchdog)));
        Assert.Equal([-1, 1, 2], service.Begun);
        Assert.Equal(1, service.Most);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Connections_of_an_ordered_service_do_not_wait_for_each_other(string transport, int blockingThreads)
    {
        OrderedTurns service = new();
        await using RpcServer server = await ServeAsync(service, transport, new RpcServerOptions { BlockingThreads = blockingThreads });
        await using RpcClient<ITurns> one = await ConnectAsync(server);
        await using RpcClient<ITurns> other = await ConnectAsync(server);
        Task held = await HoldAsync(one.Service, service);
        Task<int> behind = one.Service.AwaitAsync(2).AsTask();

        Assert.Equal(1, await other.Service.AwaitAsync(1).AsTask().WaitAsync(Watchdog));
        Assert.Equal([-1, 1], service.Begun);
        Assert.False(behind.IsCompleted);
        service.Gate.SetResult();
        await held.WaitAsync(Watchdog);
        Assert.Equal(2, await behind.WaitAsync(Watchdog));
        Assert.Equal([-1, 1, 2], service.Begun);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_serial_service_may_wait_for_an_object_of_its_client(string transport, int blockingThreads)
    {
        SerialTurns service = new();
        await using RpcServer server = await ServeAsync(service, transport, new RpcServerOptions { BlockingThreads = blockingThreads });
        await using RpcClient<ITurns> client = await ConnectAsync(server);
        int[] answers = await Task
            .WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Factory.StartNew(
                () => client.Service.AskBack(new Watcher()),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)))
            .WaitAsync(Watchdog);
        Assert.All(answers, static answer => Assert.Equal(21, answer));
        Assert.Equal(1, service.Most);
    }

    [FullRun(Reason.Repeats)]
    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_call_with_streams_delays_the_next_call_until_it_ends(string transport, int blockingThreads)
    {
        SerialTurns service = new();
        await using RpcServer server = await ServeAsync(service, transport, new RpcServerOptions { BlockingThreads = blockingThreads });
        await using RpcClient<ITurns> client = await ConnectAsync(server);
        IAsyncEnumerator<int> items = client.Service.CountAsync(int.MaxValue).GetAsyncEnumerator();
        Assert.True(await items.MoveNextAsync().AsTask().WaitAsync(Watchdog));
        Task<int> behind = client.Service.AwaitAsync(1).AsTask();
        Task<long> sum = client.Service.SumAsync(Enumerable.Range(1, 1000).ToAsyncEnumerable()).AsTask();

        // The items go on, though calls wait.
        for (int i = 0; i < 5_000; i++)
        {
            Assert.True(await items.MoveNextAsync().AsTask().WaitAsync(Watchdog));
        }

        Assert.Equal([-2], service.Begun);
        await items.DisposeAsync().AsTask().WaitAsync(Watchdog);
        Assert.Equal(1, await behind.WaitAsync(Watchdog));
        Assert.Equal(500_500, await sum.WaitAsync(Watchdog));
        Assert.Equal(1, service.Most);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_cancelled_call_leaves_the_queue_and_is_not_executed(string transport, int blockingThreads)
    {
        SerialTurns service = new();
        await using RpcServer server = await ServeAsync(service, transport, new RpcServerOptions { BlockingThreads = blockingThreads });
        await using RpcClient<ITurns> client = await ConnectAsync(server);
        Task held = await HoldAsync(client.Service, service);
        using CancellationTokenSource giveUp = new();
        Task<int> cancelled = client.Service.AwaitAsync(1, giveUp.Token).AsTask();
        Task<int> behind = client.Service.AwaitAsync(2).AsTask();
        Assert.True(SpinWait.SpinUntil(() => server.Waiting == 2, Watchdog));
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Watchdog));
        Assert.True(SpinWait.SpinUntil(() => server.Waiting == 1, Watchdog));
        service.Gate.SetResult();
        await held.WaitAsync(Watchdog);
        Assert.Equal(2, await behind.WaitAsync(Watchdog));
        Assert.Equal([-1, 2], service.Begun);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Queued_calls_of_a_leaving_client_are_not_executed(string transport, int blockingThreads)
    {
        SerialTurns service = new();
        await using RpcServer server = await ServeAsync(service, transport, new RpcServerOptions { BlockingThreads = blockingThreads });
        await using RpcClient<ITurns> stays = await ConnectAsync(server);
        Task held = await HoldAsync(stays.Service, service);
        RpcClient<ITurns> goes = await ConnectAsync(server);
        Task<int>[] lost = [.. Enumerable.Range(0, 20).Select(number => goes.Service.AwaitAsync(number).AsTask())];
        Assert.True(SpinWait.SpinUntil(() => server.Waiting == lost.Length, Watchdog));
        await goes.DisposeAsync();
        foreach (Task<int> call in lost)
        {
            await Assert.ThrowsAnyAsync<Exception>(() => call.WaitAsync(Watchdog));
        }

        // Only then is the next one that waits the one below.
        Assert.True(SpinWait.SpinUntil(() => server.Waiting == 0, Watchdog));
        Task<int> behind = stays.Service.AwaitAsync(100).AsTask();
        Assert.True(SpinWait.SpinUntil(() => server.Waiting == 1, Watchdog));
        service.Gate.SetResult();
        await held.WaitAsync(Watchdog);
        Assert.Equal(100, await behind.WaitAsync(Watchdog));
        Assert.Equal([-1, 100], service.Begun);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Calls_still_queued_when_the_server_ends_fail_as_not_executed(string transport, int blockingThreads)
    {
        SerialTurns service = new();
        RpcServer server = await ServeAsync(
            service, transport, new RpcServerOptions { BlockingThreads = blockingThreads, ShutdownTimeout = 100.Milliseconds() });
        await using RpcClient<ITurns> client = await ConnectAsync(server);
        Task held = await HoldAsync(client.Service, service);
        Task<int>[] waiting = [.. Enumerable.Range(0, 20).Select(number => client.Service.AwaitAsync(number).AsTask())];
        Assert.True(SpinWait.SpinUntil(() => server.Waiting == waiting.Length, Watchdog));
        await server.DisposeAsync().AsTask().WaitAsync(Watchdog);
        foreach (Task<int> call in waiting)
        {
            var refused = await Assert.ThrowsAsync<FairleadException>(() => call.WaitAsync(Watchdog));
            Assert.Equal((ErrorCode.Unavailable, DeliveryStatus.NotDelivered), (refused.Code, refused.Delivery));
        }

        var cut = await Assert.ThrowsAsync<FairleadException>(() => held.WaitAsync(Watchdog));
        Assert.Equal((ErrorCode.PeerGone, DeliveryStatus.Unknown), (cut.Code, cut.Delivery));
        Assert.Equal([-1], service.Begun);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Calls_still_queued_when_the_server_ends_run_within_the_shutdown_timeout(string transport, int blockingThreads)
    {
        SerialTurns service = new();
        RpcServer server = await ServeAsync(
            service, transport, new RpcServerOptions { BlockingThreads = blockingThreads, ShutdownTimeout = Watchdog });
        await using RpcClient<ITurns> client = await ConnectAsync(server);
        Task held = await HoldAsync(client.Service, service);
        Task<int>[] waiting = [.. Enumerable.Range(0, 20).Select(number => client.Service.AwaitAsync(number).AsTask())];
        Assert.True(SpinWait.SpinUntil(() => server.Waiting == waiting.Length, Watchdog));
        Task ending = server.DisposeAsync().AsTask();
        service.Gate.SetResult();
        await ending.WaitAsync(Watchdog);
        await held;
        Assert.Equal(Enumerable.Range(0, 20), await Task.WhenAll(waiting).WaitAsync(Watchdog));
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Too_many_calls_of_a_client_are_refused_and_other_clients_continue(string transport, int blockingThreads)
    {
        foreach (RpcConcurrency concurrency in Enum.GetValues<RpcConcurrency>())
        {
            Turns service = new();
            RpcServerOptions options = new()
            {
                BlockingThreads = blockingThreads,
                Concurrency = concurrency,
                MaxConcurrentCalls = 1,
                MaxQueuedCallsPerClient = 5,
            };
            await using RpcServer server = await ServeAsync(service, transport, options);
            await using RpcClient<ITurns> greedy = await ConnectAsync(server);
            await using RpcClient<ITurns> modest = await ConnectAsync(server);
            Task held = await HoldAsync(greedy.Service, service);
            Task<int>[] waiting = [.. Enumerable.Range(0, 5).Select(number => greedy.Service.AwaitAsync(number).AsTask())];
            Assert.True(SpinWait.SpinUntil(() => server.Waiting == 5, Watchdog));
            var refused = await Assert.ThrowsAsync<FairleadException>(() => greedy.Service.AwaitAsync(9).AsTask().WaitAsync(Watchdog));
            Assert.Equal((ErrorCode.Full, DeliveryStatus.NotDelivered), (refused.Code, refused.Delivery));
            Assert.Contains("5 calls of this client", refused.Message, StringComparison.Ordinal);
            Task<int> other = modest.Service.AwaitAsync(7).AsTask();
            Assert.True(SpinWait.SpinUntil(() => server.Waiting == 6, Watchdog));
            service.Gate.SetResult();
            await held.WaitAsync(Watchdog);
            Assert.Equal(Enumerable.Range(0, 5), await Task.WhenAll(waiting).WaitAsync(Watchdog));
            Assert.Equal(7, await other.WaitAsync(Watchdog));
            Assert.Equal(8, await greedy.Service.AwaitAsync(8).AsTask().WaitAsync(Watchdog));
            Assert.DoesNotContain(9, service.Begun);
        }
    }

    /// <summary>A call whose request is longer than the limit waits if no other of its client does. Further ones are refused.</summary>
    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Too_many_bytes_of_a_client_are_refused(string transport, int blockingThreads)
    {
        const int Long = 100_000;
        const int Brief = 30_000;
        Turns service = new();
        RpcServerOptions options = new()
        {
            BlockingThreads = blockingThreads,
            MaxConcurrentCalls = 1,
            MaxQueuedBytesPerClient = 90_000,
        };
        await using RpcServer server = await ServeAsync(service, transport, options);
        await using RpcClient<ITurns> greedy = await ConnectAsync(server);
        await using RpcClient<ITurns> alone = await ConnectAsync(server);
        Task held = await HoldAsync(greedy.Service, service);
        List<Task<int>> waiting = [];
        Waits(greedy, Brief);
        Waits(greedy, Brief);
        await IsRefusedAsync(greedy, Brief + 1);
        Waits(alone, Long);
        await IsRefusedAsync(alone, 1);
        service.Gate.SetResult();
        await held.WaitAsync(Watchdog);
        int[] lengths = await Task.WhenAll(waiting).WaitAsync(Watchdog);
        Assert.Equal([Brief, Brief, Long], lengths);

        // Calls that have waited count no longer.
        Assert.Equal(Long, await alone.Service.MeasureAsync(new byte[Long]).AsTask().WaitAsync(Watchdog));
        Assert.Equal(Brief + 1, await greedy.Service.MeasureAsync(new byte[Brief + 1]).AsTask().WaitAsync(Watchdog));
        Assert.Equal([-1, Brief, Brief, Long, Long, Brief + 1], service.Begun);

        void Waits(RpcClient<ITurns> client, int length)
        {
            waiting.Add(client.Service.MeasureAsync(new byte[length]).AsTask());
            Assert.True(SpinWait.SpinUntil(() => server.Waiting == waiting.Count, Watchdog));
        }

        async Task IsRefusedAsync(RpcClient<ITurns> client, int length)
        {
            var refused = await Assert.ThrowsAsync<FairleadException>(
                () => client.Service.MeasureAsync(new byte[length]).AsTask().WaitAsync(Watchdog));
            Assert.Equal((ErrorCode.Full, DeliveryStatus.NotDelivered), (refused.Code, refused.Delivery));
            Assert.Contains("bytes wait at the server, which accepts 90000", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_strictest_of_contract_class_and_options_applies()
    {
        Turns plain = new();
        Assert.Equal(RpcConcurrency.Concurrent, Of<ITurns>(plain, RpcConcurrency.Concurrent));
        Assert.Equal(RpcConcurrency.Ordered, Of<ITurns>(plain, RpcConcurrency.Ordered));
        Assert.Equal(RpcConcurrency.Serial, Of<ITurns>(plain, RpcConcurrency.Serial));
        Assert.Equal(RpcConcurrency.Ordered, Of<ITurns>(new OrderedTurns(), RpcConcurrency.Concurrent));
        Assert.Equal(RpcConcurrency.Serial, Of<ITurns>(new OrderedTurns(), RpcConcurrency.Serial));
        Assert.Equal(RpcConcurrency.Serial, Of<ITurns>(new SerialTurns(), RpcConcurrency.Ordered));
        Assert.Equal(RpcConcurrency.Serial, Of<ISerialContract>(new Adder(), RpcConcurrency.Concurrent));
        Assert.Equal(RpcConcurrency.Serial, Of<ISerialTurns>(new DerivedTurns(), RpcConcurrency.Concurrent));
        Assert.Equal(RpcConcurrency.Serial, Of<ISerialTurns>(new DerivedTurns(), RpcConcurrency.Ordered));
        Assert.Equal(RpcConcurrency.Ordered, Of<IOrderedTurns>(new DerivedTurns(), RpcConcurrency.Concurrent));
        Assert.Equal(RpcConcurrency.Concurrent, Of<ITurns>(new DerivedTurns(), RpcConcurrency.Concurrent));
        await using RpcServer server = await Rpc.ServeAsync<ISerialContract>(Places.New("unix"), new Adder());
        await using RpcClient<ISerialContract> client = await Rpc.ConnectAsync<ISerialContract>($"{server.Addresses[0]}");
        Assert.Equal(5, await client.Service.AddAsync(2, 3));

        static RpcConcurrency Of<T>(T service, RpcConcurrency wanted)
            where T : class
        {
            RpcServerOptions options = new() { Concurrency = wanted };
            return options.ConcurrencyOf(RpcContracts.Of<T>().Concurrency, typeof(T), service.GetType());
        }
    }

    [Fact]
    public async Task Invalid_options_are_refused()
    {
        RpcServerOptions[] all =
        [
            new() { MaxQueuedCallsPerClient = 0 }, new() { MaxQueuedBytesPerClient = 0 },
            new() { Concurrency = (RpcConcurrency)3 }, new() { Concurrency = (RpcConcurrency)(-1) },
        ];
        foreach (RpcServerOptions wrong in all)
        {
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ServeAsync(new Turns(), "unix", wrong));
        }
    }

    /// <summary>Calls what returns at <see cref="Turns.Gate"/>. Returns the call once it runs.</summary>
    private static async Task<Task> HoldAsync(ITurns client, Turns service)
    {
        Task held = client.HoldAsync().AsTask();
        Assert.True(await service.Holding.WaitAsync(Watchdog));
        return held;
    }

    // Each connection is a client: those of a process would be one.
    private static ValueTask<RpcServer> ServeAsync(Turns service, string transport, RpcServerOptions? options = null) =>
        Rpc.ServeAsync<ITurns>(
            Places.New(transport), service, (options ?? new RpcServerOptions()) with { Clients = ReferenceEqualityComparer.Instance });

    private static ValueTask<RpcClient<ITurns>> ConnectAsync(RpcServer server) => Rpc.ConnectAsync<ITurns>($"{server.Addresses[0]}");

    private sealed class Adder : ISerialContract
    {
        public ValueTask<int> AddAsync(int a, int b, CancellationToken cancellationToken) => new(a + b);
    }
}
