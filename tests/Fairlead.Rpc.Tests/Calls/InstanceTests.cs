using System.Collections.Concurrent;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Instances;
using Fairlead.Rpc.Tests.Contracts;
using Fairlead.Testing;
using Client = Fairlead.Peer;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>Objects that a factory makes for each connection or call.</summary>
public sealed class InstanceTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);
    private readonly Seats _seats = new();

    public static TheoryData<string> Transports => ["inproc", "unix", "shm", "tcp"];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Each_call_has_its_object_which_is_disposed_after_it(string transport)
    {
        await using RpcServer server = await ServeAsync(RpcLifetime.Call, transport);
        await using RpcClient<ISeat> client = await ConnectAsync(server);
        Assert.Equal(1, await client.Service.CountAsync());
        Assert.Equal(1, await client.Service.CountAsync());
        Assert.Equal(100, await client.Service.StreamAsync(100).CountAsync());
        client.Service.Note();
        Assert.True(await _seats.Notes.WaitAsync(Watchdog));
        await DisposalsAsync(4);
        Assert.Equal(4, _seats.Made);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Each_connection_has_its_object_which_is_disposed_when_the_client_has_left(string transport)
    {
        await using RpcServer server = await ServeAsync(RpcLifetime.Connection, transport);
        RpcClient<ISeat> first = await ConnectAsync(server);
        await using RpcClient<ISeat> second = await ConnectAsync(server);
        Assert.Equal(1, await first.Service.CountAsync());
        Assert.Equal(1, await second.Service.CountAsync());
        Assert.Equal(2, await first.Service.CountAsync());
        await first.DisposeAsync();
        await DisposalsAsync(1);
        Assert.Equal(2, await second.Service.CountAsync());
        Assert.Equal(2, _seats.Made);
        Assert.Equal(0, _seats.Disposals.CurrentCount);
    }

    [Fact]
    public async Task The_end_of_the_server_disposes_the_objects_of_its_connections()
    {
        RpcServer server = await ServeAsync(RpcLifetime.Connection);
        await using RpcClient<ISeat> client = await ConnectAsync(server);
        Assert.Equal(1, await client.Service.CountAsync());
        await server.DisposeAsync().AsTask().WaitAsync(Watchdog);
        await DisposalsAsync(1);
    }

    [Fact]
    public async Task The_object_of_a_connection_that_has_ended_outlives_its_calls()
    {
        await using RpcServer server = await ServeAsync(RpcLifetime.Connection);
        RpcClient<ISeat> client = await ConnectAsync(server);
        Task held = client.Service.HoldAsync().AsTask();
        Assert.True(await _seats.Holding.WaitAsync(Watchdog));
        await client.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => held.WaitAsync(Watchdog));
        Assert.True(await _seats.Leavers.WaitAsync(Watchdog));
        Assert.Equal(0, _seats.Disposals.CurrentCount);
        _seats.Gate.SetResult();
        await DisposalsAsync(1);
    }

    [Fact]
    public async Task The_first_calls_of_a_connection_share_the_object_that_one_of_them_makes()
    {
        using ManualResetEventSlim mayMake = new();
        using SemaphoreSlim making = new(0);
        await using RpcServer server = await Rpc.ServeAsync(
            Places.New("unix"),
            new RpcServices().Add<ISeat>(
                _ =>
                {
                    making.Release();
                    Assert.True(mayMake.Wait(Watchdog));
                    return _seats.Make();
                },
                RpcLifetime.Connection));
        await using RpcClient<ISeat> client = await ConnectAsync(server);
        Task<int>[] calls = [.. Enumerable.Range(0, 8).Select(_ => client.Service.CountAsync().AsTask())];
        Assert.True(await making.WaitAsync(Watchdog));
        mayMake.Set();
        int[] counts = await Task.WhenAll(calls).WaitAsync(Watchdog);
        Assert.Equal(Enumerable.Range(1, 8), counts.Order());
        Assert.Equal(1, _seats.Made);
    }

    [Theory]
    [InlineData(RpcLifetime.Connection)]
    [InlineData(RpcLifetime.Call)]
    public async Task A_factory_that_throws_fails_its_call_alone(RpcLifetime lifetime)
    {
        Queue<Func<Seat>> makers = new([
            static () => throw new InvalidDataException("secret"),
            static () => throw new RpcException(7, "no such tenant"),
            static () => null!,
            _seats.Make,
        ]);
        await using RpcServer server = await Rpc.ServeAsync(
            Places.New("unix"), new RpcServices().Add<ISeat>(_ => makers.Dequeue()(), lifetime));
        ConcurrentBag<string?> reported = [];
        server.HandlerFailed += (_, failure) => reported.Add(failure.Exception.InnerException?.Message);
        await using RpcClient<ISeat> client = await ConnectAsync(server);
        var failed = await Assert.ThrowsAsync<RpcException>(() => client.Service.CountAsync().AsTask().WaitAsync(Watchdog));
        Assert.Equal(
            "the server could not make an object of Fairlead.Rpc.Tests.Contracts.ISeat for the call: System.IO.InvalidDataException",
            failed.Message);
        Assert.Equal("System.IO.InvalidDataException", failed.ServerType);
        var answered = await Assert.ThrowsAsync<RpcException>(() => client.Service.CountAsync().AsTask().WaitAsync(Watchdog));
        Assert.Equal((7, "no such tenant"), (answered.Code, answered.Message));
        var empty = await Assert.ThrowsAsync<RpcException>(() => client.Service.CountAsync().AsTask().WaitAsync(Watchdog));
        Assert.Equal("System.InvalidOperationException", empty.ServerType);
        Assert.Equal(1, await client.Service.CountAsync().AsTask().WaitAsync(Watchdog));
        await server.DisposeAsync();

        // The exceptions are reported after the answers.
        await server.Completion.WaitAsync(Watchdog);
        Assert.Equal(["The factory has returned null.", "secret"], reported.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_object_that_cannot_be_released_is_reported_and_its_call_has_succeeded()
    {
        TaskCompletionSource<HandlerFailure> reported = new();
        await using RpcServer server = await Rpc.ServeAsync(
            Places.New("unix"),
            new RpcServices().Add<ISeat>(
                _ => new RpcInstance<ISeat>(_seats.Make(), static () => throw new IOException("scope")), RpcLifetime.Call));
        server.HandlerFailed += (_, failure) => reported.TrySetResult(failure);
        await using RpcClient<ISeat> client = await ConnectAsync(server);
        Assert.Equal(1, await client.Service.CountAsync().AsTask().WaitAsync(Watchdog));
        HandlerFailure failure = await reported.Task.WaitAsync(Watchdog);
        Assert.Equal((HandlerKind.Instance, "scope"), (failure.Kind, failure.Exception.Message));
        Assert.Equal(0, _seats.Disposals.CurrentCount);
    }

    [Fact]
    public async Task A_call_fails_if_the_class_made_by_a_factory_has_an_ignored_attribute()
    {
        RpcServices services = new RpcServices().Add<ISeat>(_ => new SerialSeat(_seats), RpcLifetime.Call);
        await using (RpcServer server = await Rpc.ServeAsync(Places.New("unix"), services))
        {
            await using RpcClient<ISeat> client = await ConnectAsync(server);
            var failed = await Assert.ThrowsAsync<RpcException>(() => client.Service.CountAsync().AsTask().WaitAsync(Watchdog));
            Assert.Equal("System.InvalidOperationException", failed.ServerType);
            await DisposalsAsync(1);
        }

        RpcServerOptions serial = new() { Concurrency = RpcConcurrency.Serial };
        await using RpcServer ordered = await Rpc.ServeAsync(Places.New("unix"), services, serial);
        await using RpcClient<ISeat> other = await ConnectAsync(ordered);
        Assert.Equal(1, await other.Service.CountAsync().AsTask().WaitAsync(Watchdog));
    }

    [Fact]
    public async Task A_factory_sees_the_call()
    {
        List<string> seen = [];
        await using RpcServer server = await Rpc.ServeAsync(
            Places.New("unix"),
            new RpcServices().Add<ISeat>(
                call =>
                {
                    seen.Add($"{call.Contract.Name}.{call.Member.Name} of {call.Caller.ProcessId} for {call.Metadata["tenant"]}");
                    return _seats.Make();
                },
                RpcLifetime.Call));
        await using RpcClient<ISeat> client = await ConnectAsync(server);
        using (new RpcCallOptions { Metadata = new Dictionary<string, string> { ["tenant"] = "north" } }.Use())
        {
            Assert.Equal(1, await client.Service.CountAsync().AsTask().WaitAsync(Watchdog));
        }

        Assert.Equal([$"Fairlead.Rpc.Tests.Contracts.ISeat.CountAsync of {Environment.ProcessId} for north"], seen);
    }

    /// <summary>The end of a connection is reported before the server executes the connection's last call.</summary>
    [Fact]
    public async Task The_object_of_a_client_that_left_before_its_first_call_is_disposed_after_that_call()
    {
        RpcContract<ISeat> contract = RpcContracts.Of<ISeat>();
        InstanceOwner owner = new([], RpcConcurrency.Concurrent);
        InstanceFactory<ISeat> factory = new(contract, _ => new RpcInstance<ISeat>(_seats.Make()), owner);
        ConnectionInstances instances = new(factory.Make, owner);
        using CallDispatcher dispatcher = new(
            new ServedContracts(new ServedContract(contract.Description, instances)), new RpcServerOptions());
        Client gone = new() { ProcessId = 1 };
        dispatcher.Leave(gone);
        using var request = HandmadeRequest.Create(Call(contract.Description, nameof(ISeat.CountAsync)), gone);
        await dispatcher.HandleAsync(request.Request, request.Context).AsTask().WaitAsync(Watchdog);
        Assert.Equal((byte)ReplyStatus.Ok, request.Reply!.Value.Span[0]);
        await DisposalsAsync(1);
    }

    private static byte[] Call(RpcDescription contract, string name)
    {
        int member = contract.Members.Index().Single(one => one.Item.Name == name).Index;
        RpcWriter call = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            Frames.WriteCall(ref call, (ushort)member, contract.Hash);
            return call.Written.ToArray();
        }
        finally
        {
            call.Dispose();
        }
    }

    private static Task<RpcClient<ISeat>> ConnectAsync(RpcServer server) => Rpc.ConnectAsync<ISeat>($"{server.Addresses[0]}").AsTask();

    private async Task DisposalsAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Assert.True(await _seats.Disposals.WaitAsync(Watchdog), $"{i} objects of {count} were disposed");
        }
    }

    private Task<RpcServer> ServeAsync(RpcLifetime lifetime, string transport = "unix") =>
        Rpc.ServeAsync(Places.New(transport), new RpcServices().Add<ISeat>(_ => _seats.Make(), lifetime)).AsTask();
}
