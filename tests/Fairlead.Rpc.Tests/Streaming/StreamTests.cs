using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Streaming;

/// <summary>The behaviour of calls with streams over each transport that carries requests.</summary>
[SlowRun]
public sealed class StreamTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly Contracts.Streams _service = new();

    public static TheoryData<string> Transports => ["inproc", "shm", "unix", "unixpacket", "tcp", "udp"];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_result_arrives_item_by_item(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using RpcClient<IStreams> client = await ConnectAsync(server);
        Assert.Equal(Enumerable.Range(1, 10_000), await client.Service.CountAsync(10_000).ToListAsync());
        Assert.Empty(await client.Service.CountAsync(0).ToListAsync());

        // Each enumeration is a call.
        IAsyncEnumerable<int> twice = client.Service.CountAsync(3);
        Assert.Equal([1, 2, 3], await twice.ToListAsync());
        Assert.Equal([1, 2, 3], await twice.ToListAsync());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_parameter_is_sent_item_by_item(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using RpcClient<IStreams> client = await ConnectAsync(server);
        Assert.Equal(50_005_000, await client.Service.SumAsync(Enumerable.Range(1, 10_000).ToAsyncEnumerable()));
        Assert.Equal(0, await client.Service.SumAsync(AsyncEnumerable.Empty<int>()));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Both_directions_stream_at_the_same_time(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using RpcClient<IStreams> client = await ConnectAsync(server);
        List<string> heard = [];
        TaskCompletionSource next = new();

        // Each line waits for the answer to the one before.
        async IAsyncEnumerable<string> Lines()
        {
            foreach (string line in (string[])["a", "b", "c"])
            {
                yield return line;
                await next.Task.WaitAsync(Watchdog);
                next = new TaskCompletionSource();
            }
        }

        await foreach (string line in client.Service.ShoutAsync(Lines(), "!"))
        {
            heard.Add(line);
            next.SetResult();
        }

        Assert.Equal(["A!", "B!", "C!"], heard);
    }

    [Fact]
    public async Task A_member_may_take_several_streams()
    {
        await using RpcServer server = await ServeAsync("unix");
        await using RpcClient<IStreams> client = await ConnectAsync(server);
        IAsyncEnumerable<int> some = Enumerable.Range(0, 1000).ToAsyncEnumerable();
        IAsyncEnumerable<byte[]> others = Enumerable.Range(0, 1000).Select(static i => new byte[i]).ToAsyncEnumerable();
        Assert.Equal(1000, await client.Service.CompareAsync(some, others));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Leaving_the_loop_ends_the_producer(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using RpcClient<IStreams> client = await ConnectAsync(server);
        await foreach (int i in client.Service.EndlessAsync())
        {
            if (i == 100_000)
            {
                break;
            }
        }

        Assert.Equal("endless", await EndedAsync());
        Assert.Equal([1], await client.Service.CountAsync(1).ToListAsync());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_token_ends_a_producer_that_waits(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using RpcClient<IStreams> client = await ConnectAsync(server);
        using CancellationTokenSource giveUp = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (int _ in client.Service.SilentAsync().WithCancellation(giveUp.Token))
            {
                await giveUp.CancelAsync();
            }
        });
        Assert.Equal("silent", await EndedAsync());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_client_that_leaves_ends_its_streams_at_the_server(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        RpcClient<IStreams> client = await ConnectAsync(server);
        await using IAsyncEnumerator<int> silent = client.Service.SilentAsync().GetAsyncEnumerator();
        Assert.True(await silent.MoveNextAsync());
        TaskCompletionSource never = new();
        async IAsyncEnumerable<int> Numbers()
        {
            yield return 1;
            await never.Task;
        }

        ValueTask<long> sum = client.Service.SumAsync(Numbers());
        await client.DisposeAsync();
        string[] ended = [await EndedAsync(), await EndedAsync()];
        Assert.Equal(["silent", "sum"], ended.Order());
        await Assert.ThrowsAnyAsync<Exception>(async () => await sum.AsTask().WaitAsync(Watchdog));
        await Assert.ThrowsAnyAsync<Exception>(async () => await silent.MoveNextAsync().AsTask().WaitAsync(Watchdog));
        never.SetResult();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_server_that_ends_ends_the_streams_at_the_client(string transport)
    {
        RpcServer server = await ServeAsync(transport, new RpcServerOptions { ShutdownTimeout = TimeSpan.Zero });
        await using RpcClient<IStreams> client = await ConnectAsync(server);
        await using IAsyncEnumerator<int> silent = client.Service.SilentAsync().GetAsyncEnumerator();
        Assert.True(await silent.MoveNextAsync());
        await server.DisposeAsync();
        FairleadException gone = await Assert.ThrowsAsync<FairleadException>(
            async () => await silent.MoveNextAsync().AsTask().WaitAsync(Watchdog));
        Assert.Equal(ErrorCode.PeerGone, gone.Code);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(10_000)]
    public async Task A_failure_follows_the_items_before_it(int items)
    {
        await using RpcServer server = await ServeAsync("unix");
        await using RpcClient<IStreams> client = await ConnectAsync(server);
        List<int> got = [];
        RpcException enough = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await foreach (int i in client.Service.FailAfterAsync(items))
            {
                got.Add(i);
            }
        });
        Assert.Equal((9, "enough"), (enough.Code, enough.Message));
        Assert.Equal(Enumerable.Range(0, items), got);
    }

    [Fact]
    public async Task A_failure_of_the_items_of_the_caller_reaches_the_caller()
    {
        await using RpcServer server = await ServeAsync("unix");
        await using RpcClient<IStreams> client = await ConnectAsync(server);
        static async IAsyncEnumerable<int> Bad()
        {
            yield return 1;
            await Task.Yield();
            throw new InvalidDataException("mine");
        }

        var mine = await Assert.ThrowsAsync<InvalidDataException>(async () => await client.Service.SumAsync(Bad()));
        Assert.Equal("mine", mine.Message);
        Assert.Equal("sum", await EndedAsync());
    }

    [Fact]
    public async Task A_service_that_stops_reading_ends_the_items_of_the_caller()
    {
        await using RpcServer server = await ServeAsync("unix");
        await using RpcClient<IStreams> client = await ConnectAsync(server);
        TaskCompletionSource disposed = new();
        async IAsyncEnumerable<int> Endless()
        {
            try
            {
                for (int i = 0; ; i++)
                {
                    yield return i;
                }
            }
            finally
            {
                await Task.CompletedTask;
                disposed.SetResult();
            }
        }

        await client.Service.TakeAsync(3, Endless());
        await disposed.Task.WaitAsync(Watchdog);
    }

    [Fact]
    public async Task A_consumer_that_does_not_read_stops_the_producer()
    {
        await using RpcServer server = await ServeAsync("unix");
        await using RpcClient<IStreams> client = await ConnectAsync(server);
        await using IAsyncEnumerator<int> slow = client.Service.EndlessAsync().GetAsyncEnumerator();
        for (int i = 0; i < 20_000; i++)
        {
            Assert.True(await slow.MoveNextAsync());
        }

        // The items that were read, the rest of their batch, and the next batch.
        Assert.InRange(_service.Produced, 20_000, 20_000 + (2 * RpcLimits.BatchItems) + 1);
    }

    [Fact]
    public async Task A_producer_of_a_million_items_stays_at_most_two_batches_ahead()
    {
        await using RpcServer server = await ServeAsync("shm");
        await using RpcClient<IStreams> client = await ConnectAsync(server);
        int read = 0;
        await foreach (int _ in client.Service.EndlessAsync())
        {
            if (++read % 10_000 == 0)
            {
                await Task.Yield();
                Assert.InRange(_service.Produced - read, 0, (2 * RpcLimits.BatchItems) + 1);
            }

            if (read == 1_000_000)
            {
                break;
            }
        }

        Assert.Equal("endless", await EndedAsync());
    }

    [Fact]
    public async Task Items_longer_than_a_batch_are_sent_alone()
    {
        await using RpcServer server = await ServeAsync("shm");
        await using RpcClient<IStreams> client = await ConnectAsync(server);
        int count = 0;
        await foreach (byte[] block in client.Service.BlocksAsync(20, 1_000_000))
        {
            Assert.Equal((1_000_000, (byte)count++), (block.Length, block[0]));
        }

        Assert.Equal(20, count);
    }

    [Fact]
    public async Task A_hundred_streams_run_while_calls_are_made()
    {
        // More than calls may run at once: streams have places of their own.
        await using RpcServer server = await ServeAsync("unix", new RpcServerOptions { MaxConcurrentCalls = 2 });
        await using RpcClient<IStreams> client = await ConnectAsync(server);
        List<IAsyncEnumerator<int>> open = [.. Enumerable.Range(0, 100).Select(_ => client.Service.SilentAsync().GetAsyncEnumerator())];
        foreach (IAsyncEnumerator<int> one in open)
        {
            Assert.True(await one.MoveNextAsync());
        }

        Assert.Equal(6, await client.Service.SumAsync(Enumerable.Range(1, 3).ToAsyncEnumerable()));
        foreach (IAsyncEnumerator<int> one in open)
        {
            await one.DisposeAsync();
        }
    }

    [Fact]
    public async Task Too_many_streams_are_refused_and_nothing_is_executed()
    {
        await using RpcServer server = await ServeAsync("unix", new RpcServerOptions { MaxStreamingCalls = 1 });
        await using RpcClient<IStreams> client = await ConnectAsync(server);
        await using IAsyncEnumerator<int> first = client.Service.SilentAsync().GetAsyncEnumerator();
        Assert.True(await first.MoveNextAsync());
        var full = await Assert.ThrowsAsync<FairleadException>(async () => await client.Service.CountAsync(1).ToListAsync());
        Assert.Equal((ErrorCode.Full, DeliveryStatus.NotDelivered), (full.Code, full.Delivery));
        await first.DisposeAsync();
        Assert.Equal("silent", await EndedAsync());
    }

    /// <summary>The limit is the caller's: it must not look for the reason in the service, nor the service report a failure.</summary>
    [Fact]
    public async Task A_batch_that_is_too_long_for_the_caller_ends_the_call_as_too_large()
    {
        await using RpcServer server = await ServeAsync("unix");
        int failures = 0;
        server.HandlerFailed += (_, _) => Interlocked.Increment(ref failures);
        await using var client = await Rpc.ConnectAsync<IStreams>($"{server.Addresses[0]}?maxmessage=32KiB");
        var tooLong = await Assert.ThrowsAsync<FairleadException>(
            async () => await client.Service.BlocksAsync(2, 100_000).ToListAsync().AsTask().WaitAsync(Watchdog));
        Assert.Equal(ErrorCode.TooLarge, tooLong.Code);
        Assert.Contains("32768", tooLong.Message, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], await client.Service.CountAsync(3).ToListAsync());
        Assert.Equal(0, Volatile.Read(ref failures));
    }

    [Fact]
    public async Task A_server_that_ends_lets_open_streams_finish()
    {
        RpcServer server = await ServeAsync("unix", new RpcServerOptions { ShutdownTimeout = Watchdog });
        await using RpcClient<IStreams> client = await ConnectAsync(server);
        await using IAsyncEnumerator<int> numbers = client.Service.CountAsync(100_000).GetAsyncEnumerator();
        Assert.True(await numbers.MoveNextAsync());
        Task ending = server.DisposeAsync().AsTask();
        var refused = await Assert.ThrowsAsync<FairleadException>(async () => await client.Service.CountAsync(1).ToListAsync());
        Assert.Equal((ErrorCode.Unavailable, DeliveryStatus.NotDelivered), (refused.Code, refused.Delivery));
        int count = 1;
        while (await numbers.MoveNextAsync())
        {
            count++;
        }

        Assert.Equal(100_000, count);
        await ending.WaitAsync(Watchdog);
    }

    private async Task<string> EndedAsync() => await _service.Ended.Reader.ReadAsync().AsTask().WaitAsync(Watchdog);

    private async Task<RpcServer> ServeAsync(string transport, RpcServerOptions? options = null) =>
        await Rpc.ServeAsync<IStreams>(Places.New(transport), _service, options);

    private static async Task<RpcClient<IStreams>> ConnectAsync(RpcServer server) =>
        await Rpc.ConnectAsync<IStreams>($"{server.Addresses[0]}");
}
