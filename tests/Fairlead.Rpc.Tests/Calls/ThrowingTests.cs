using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>An exception in each place where code of the user runs: its call ends, and the next one works.</summary>
public sealed class ThrowingTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    public static TheoryData<string> Transports => CallTests.Transports;

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Members_may_throw(string transport)
    {
        int failures = 0;
        await using RpcServer server = await ServeAsync(transport);

        // Its own handler throws, too.
        server.HandlerFailed += (_, _) =>
        {
            Interlocked.Increment(ref failures);
            throw new InvalidOperationException("thrown by the handler of failures");
        };
        await using RpcClient<IFailing> client = await ConnectAsync(server);
        IFailing service = client.Service;
        await FailsAsync(service, () => Task.Run(service.Fail));
        await FailsAsync(service, () => service.ThrowBeforeAwaitAsync().AsTask());
        await FailsAsync(service, () => service.ThrowAfterAwaitAsync().AsTask());
        service.ThrowUnseen();
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref failures) == 4, Watchdog));
        Assert.Equal(3, service.Add(1, 2));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Enumerators_may_throw(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using RpcClient<IFailing> client = await ConnectAsync(server);
        IFailing service = client.Service;
        Assert.Equal([1, 2], await service.ItemsAsync(Place.Nowhere).ToListAsync());
        foreach (Place place in (Place[])[Place.GetEnumerator, Place.FirstMoveNext, Place.LaterMoveNext])
        {
            await FailsAsync(service, async () => await service.ItemsAsync(place).ToListAsync());
            await Assert.ThrowsAsync<InvalidOperationException>(() => service.SumAsync(new Items(place)).AsTask().WaitAsync(Watchdog));
            Assert.Equal(3, service.Add(1, 2));
        }

        // The items have arrived before the end: whether the exception of the end does is of no importance.
        await EndsAsync(async () => await service.ItemsAsync(Place.Dispose).ToListAsync());
        await EndsAsync(async () => await service.SumAsync(new Items(Place.Dispose)));
        Assert.Equal(3, await service.SumAsync(new Items(Place.Nowhere)).AsTask().WaitAsync(Watchdog));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Values_may_throw_while_they_are_marshalled(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using RpcClient<IFailing> client = await ConnectAsync(server);
        IFailing service = client.Service;
        Assert.Throws<InvalidOperationException>(() => service.Echo(new Grenade { Value = Failing.WhenWritten }));
        Assert.Equal(7, service.Echo(new Grenade { Value = 7 }).Value);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await service.CountAsync(new BadCollection()));
        Assert.Equal(2, await service.CountAsync([1, 2]));
        await FailsAsync(service, () => Task.Run(() => service.Make(Failing.WhenWritten)));
        await FailsAsync(service, () => Task.Run(() => service.Echo(new Grenade { Value = Failing.WhenRead })));
        Assert.Throws<InvalidOperationException>(() => service.Make(Failing.WhenRead));
        Assert.Equal(7, service.Make(7).Value);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Objects_of_clients_may_throw(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        int failures = 0;
        await using RpcClient<IFailing> client = await Rpc.ConnectAsync<IFailing>(
            $"{server.Addresses[0]}",
            new RpcClientOptions
            {
                CallbackFailed = _ =>
                {
                    Interlocked.Increment(ref failures);
                    throw new InvalidOperationException("thrown by the report");
                },
            });
        IFailing service = client.Service;
        BadWatcher watcher = new();
        await FailsAsync(service, () => service.AskBackAsync(watcher, 0).AsTask());
        await FailsAsync(service, () => service.AskBackAsync(watcher, -1).AsTask());
        service.TellBack(watcher);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref failures) == 3, Watchdog));
        Assert.Equal(5, await service.AskBackAsync(watcher, 5).AsTask().WaitAsync(Watchdog));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Hooks_may_throw(string transport)
    {
        int step = 0;
        await using RpcServer server = await ServeAsync(
            transport,
            new RpcServerOptions
            {
                Authorize = _ => step == 1 ? throw new InvalidOperationException("thrown") : true,
                Intercept = (_, next) => step switch
                {
                    2 => throw new InvalidOperationException("thrown before"),
                    3 => ValueTask.FromException(new InvalidOperationException("thrown as a result")),
                    _ => next(),
                },
            });
        await using RpcClient<IFailing> client = await Rpc.ConnectAsync<IFailing>(
            $"{server.Addresses[0]}",
            new RpcClientOptions
            {
                Intercept = async (_, next) =>
                {
                    if (step == 4)
                    {
                        throw new NotSupportedException("thrown before");
                    }

                    await next();
                    if (step == 5)
                    {
                        throw new NotSupportedException("thrown after");
                    }
                },
            });
        for (int i = 1; i <= 5; i++)
        {
            step = i;
            Exception thrown = Assert.ThrowsAny<Exception>(() => client.Service.Add(1, 2));
            Assert.Equal(i < 4 ? typeof(RpcException) : typeof(NotSupportedException), thrown.GetType());
            step = 0;
            Assert.Equal(3, client.Service.Add(1, 2));
        }
    }

    private static async Task FailsAsync(IFailing service, Func<Task> call)
    {
        await Assert.ThrowsAsync<RpcException>(() => call().WaitAsync(Watchdog));
        Assert.Equal(3, service.Add(1, 2));
    }

    private static async Task EndsAsync(Func<Task> call)
    {
        Exception? thrown = await Record.ExceptionAsync(() => call().WaitAsync(Watchdog));
        Assert.True(thrown is null or RpcException or InvalidOperationException, $"{thrown}");
    }

    private static ValueTask<RpcServer> ServeAsync(string transport, RpcServerOptions? options = null) =>
        Rpc.ServeAsync<IFailing>(Places.New(transport), new Failing(), options);

    private static ValueTask<RpcClient<IFailing>> ConnectAsync(RpcServer server) => Rpc.ConnectAsync<IFailing>($"{server.Addresses[0]}");
}
