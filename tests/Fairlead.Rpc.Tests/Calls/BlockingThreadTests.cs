using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>Servers whose calls run on the threads that wait for them.</summary>
[SlowRun]
public sealed class BlockingThreadTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    public static TheoryData<string, int> Servers
    {
        get
        {
            TheoryData<string, int> servers = [];
            foreach (string transport in (string[])["inproc", "shm", "unix", "unixpacket", "tcp", "udp"])
            {
                servers.Add(transport, 1);
                servers.Add(transport, 3);
            }

            return servers;
        }
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Calls_of_all_kinds_are_executed(string transport, int threads)
    {
        Calculator service = new();
        await using RpcServer server = await ServeAsync<ICalculator>(service, transport, threads);
        await using RpcClient<ICalculator> client = await ConnectAsync<ICalculator>(server);
        Assert.Equal(5, client.Service.Add(2, 3));
        Assert.Equal(5, await client.Service.AddAsync(2, 3));
        Assert.Equal(2.5, await client.Service.DivideAsync(5, 2));
        Assert.Equal(7, Assert.Throws<RpcException>(() => client.Service.Fail(7, "no")).Code);
        await Assert.ThrowsAsync<RpcException>(() => client.Service.DivideAsync(1, 0));
        using CancellationTokenSource giveUp = new();
        Task waiting = client.Service.WaitAsync(giveUp.Token).AsTask();
        await service.Waiting.Task.WaitAsync(Watchdog);

        // A call that awaits keeps no thread.
        Assert.Equal(5, client.Service.Add(2, 3));
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Watchdog));
        int[] sums = await Task.WhenAll(Enumerable.Range(0, 500).Select(async i => await client.Service.AddAsync(i, i)));
        Assert.Equal(Enumerable.Range(0, 500).Select(static i => 2 * i), sums);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Calls_with_streams_are_executed(string transport, int threads)
    {
        await using RpcServer server = await ServeAsync<IStreams>(new Contracts.Streams(), transport, threads);
        await using RpcClient<IStreams> client = await ConnectAsync<IStreams>(server);
        long sum = await client.Service.SumAsync(client.Service.CountAsync(10_000)).AsTask().WaitAsync(Watchdog);
        Assert.Equal(10_000L * 10_001 / 2, sum);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Calls_that_wait_for_each_other_do_not_deadlock(string transport, int threads)
    {
        using Meeting service = new();
        await using RpcServer server = await ServeAsync<IMeeting>(service, transport, threads);
        await using RpcClient<IMeeting> client = await ConnectAsync<IMeeting>(server);
        for (int round = 1; round <= 3; round++)
        {
            int all = 5 * round;
            await Task
                .WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Factory.StartNew(
                    () => client.Service.Meet(all), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)))
                .WaitAsync(Watchdog);

            // Afterwards the threads take calls again.
            Assert.Equal(3, client.Service.Count(1, 2));
        }
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_call_may_wait_for_an_object_of_its_client(string transport, int threads)
    {
        await using RpcServer server = await ServeAsync<ICallbacks>(new Contracts.Callbacks(), transport, threads);
        await using RpcClient<ICallbacks> client = await ConnectAsync<ICallbacks>(server);
        int answer = await Task.Run(() => client.Service.AskBack(new Watcher())).WaitAsync(Watchdog);
        Assert.Equal(21, answer);
    }

    [Theory]
    [InlineData("shm")]
    [InlineData("unix")]
    public async Task The_threads_end_with_the_server(string transport)
    {
        Calculator service = new();
        RpcServer server = await ServeAsync<ICalculator>(service, transport, 2);
        await using (RpcClient<ICalculator> client = await ConnectAsync<ICalculator>(server))
        {
            Assert.Equal(5, client.Service.Add(2, 3));
            Task waiting = client.Service.WaitAsync().AsTask();
            await service.Waiting.Task.WaitAsync(Watchdog);
            await server.DisposeAsync().AsTask().WaitAsync(Watchdog);
            await Assert.ThrowsAsync<FairleadException>(() => waiting.WaitAsync(Watchdog));
        }

        await server.Completion.WaitAsync(Watchdog);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1025)]
    public async Task An_invalid_number_of_threads_is_refused(int threads) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await ServeAsync<ICalculator>(new Calculator(), "unix", threads));

    private static ValueTask<RpcServer> ServeAsync<T>(T service, string transport, int threads)
        where T : class => Rpc.ServeAsync(
            Places.New(transport),
            service,
            new RpcServerOptions { BlockingThreads = threads, ShutdownTimeout = 100.Milliseconds() });

    private static ValueTask<RpcClient<T>> ConnectAsync<T>(RpcServer server)
        where T : class => Rpc.ConnectAsync<T>($"{server.Addresses[0]}");
}
