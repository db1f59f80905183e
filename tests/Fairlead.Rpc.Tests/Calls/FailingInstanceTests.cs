using System.Globalization;
using System.Net.Sockets;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>A service of several instances, one of which fails while a client connects.</summary>
[SlowRun]
public sealed class FailingInstanceTests : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly string _name = $"calc-{Guid.NewGuid():N}"[..16];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fairlead-");

    [Fact]
    public async Task An_instance_that_dies_before_its_first_answer_is_skipped()
    {
        // The one with fewer clients is tried first.
        await using RpcServer second = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        await using RpcClient<ICalculator> other = await Rpc.ConnectAsync<ICalculator>(_name);
        await using Responder first = Responder.Bind($"unix://svc.{_name}.first", Labelled("first"));
        Task<RpcClient<ICalculator>> connecting = Rpc.ConnectAsync<ICalculator>(_name).AsTask();
        using (await first.ReceiveAsync(Watchdog))
        {
            await first.CloseAsync(TimeSpan.Zero);
            await using RpcClient<ICalculator> client = await connecting.WaitAsync(Watchdog);
            Assert.Equal(5, await client.Service.AddAsync(2, 3));
        }
    }

    [FullRun(Reason.Waits)]
    [Theory]
    [InlineData(CallBalance.OneInstance)]
    [InlineData(CallBalance.RoundRobin)]
    [InlineData(CallBalance.LeastPending)]
    public async Task An_instance_that_accepts_no_connection_is_skipped(CallBalance balance)
    {
        // The one with fewer clients is tried first.
        await using RpcServer living = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        await using RpcClient<ICalculator> other = await Rpc.ConnectAsync<ICalculator>(_name);
        using Silent silent = new(_folder, Labelled("silent"));
        RpcClientOptions options = new() { Balance = balance };
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(_name, options).AsTask().WaitAsync(Watchdog);
        Assert.Equal(5, await client.Service.AddAsync(2, 3));
        Assert.Equal(living.Addresses[0], client.Address);
        Assert.Equal(2, Find(living).Clients);
    }

    [FullRun(Reason.Waits)]
    [Fact]
    public async Task Connecting_fails_with_the_reason_if_no_instance_accepts_a_connection()
    {
        using Silent silent = new(_folder, Labelled("silent"));
        var late = await Assert.ThrowsAsync<FairleadException>(
            () => Rpc.ConnectAsync<ICalculator>(_name).AsTask().WaitAsync(Watchdog));
        Assert.Equal(ErrorCode.Timeout, late.Code);
    }

    [Fact]
    public async Task Cancelling_a_connect_closes_the_connections_made_so_far()
    {
        await using RpcServer living = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        using Silent silent = new(_folder, Labelled("silent"));
        using CancellationTokenSource giveUp = new();
        RpcClientOptions options = new() { Balance = CallBalance.RoundRobin };
        Task<RpcClient<ICalculator>> connecting = Rpc.ConnectAsync<ICalculator>(_name, options, giveUp.Token).AsTask();
        Assert.True(SpinWait.SpinUntil(() => Find(living).Clients == 1, Watchdog));
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(Watchdog));
        Assert.True(SpinWait.SpinUntil(() => Find(living).Clients == 0, Watchdog));
    }

    [Fact]
    public async Task A_client_that_waits_for_an_instance_can_be_closed()
    {
        RpcClient<ICalculator> client = await LeftAloneAsync(TimeSpan.FromHours(1));
        Task<int> waiting = client.Service.AddAsync(2, 3).AsTask();
        Task<int> behind = client.Service.AddAsync(3, 4).AsTask();
        await client.DisposeAsync().AsTask().WaitAsync(Watchdog);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(Watchdog));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => behind.WaitAsync(Watchdog));
    }

    /// <summary>One after the other, they would need two minutes.</summary>
    [Fact]
    public async Task Calls_wait_for_an_instance_at_the_same_time()
    {
        await using RpcClient<ICalculator> client = await LeftAloneAsync(TimeSpan.FromSeconds(1));
        Task<int>[] calls = [.. Enumerable.Range(0, 120).Select(_ => client.Service.AddAsync(2, 3).AsTask())];
        var missing = await Assert.ThrowsAsync<FairleadException>(() => Task.WhenAll(calls).WaitAsync(Watchdog));
        Assert.Equal(ErrorCode.NotFound, missing.Code);
    }

    [Fact]
    public async Task A_call_waits_for_an_instance_only_until_its_timeout()
    {
        await using RpcClient<ICalculator> client = await LeftAloneAsync(TimeSpan.FromHours(1), TimeSpan.FromMilliseconds(100));
        foreach (Task<int> call in (Task<int>[])[client.Service.AddAsync(2, 3).AsTask(), Task.Run(() => client.Service.Add(2, 3))])
        {
            var late = await Assert.ThrowsAsync<FairleadException>(() => call.WaitAsync(Watchdog));
            Assert.Equal((ErrorCode.Timeout, DeliveryStatus.NotDelivered), (late.Code, late.Delivery));
        }
    }

    private async Task<RpcClient<ICalculator>> LeftAloneAsync(TimeSpan wait, TimeSpan? timeout = null)
    {
        RpcServer only = await Rpc.ServeAsync<ICalculator>(_name, new Calculator());
        var client = await Rpc.ConnectAsync<ICalculator>(_name, new RpcClientOptions { WaitForService = wait, Timeout = timeout });
        await only.DisposeAsync();
        Assert.True(SpinWait.SpinUntil(() => client.Address is null, Watchdog));
        return client;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static ServiceInstance Find(RpcServer server) =>
        Matchmaker.List().Single(instance => instance.Addresses.Contains(server.Addresses[0]));

    private EndpointOptions Labelled(string instance)
    {
        RpcDescription contract = RpcContracts.Of<ICalculator>().Description;
        return new() { Label = string.Create(CultureInfo.InvariantCulture, $"rpc {_name} {contract.Name} {contract.Hash:x16} {instance}") };
    }

    /// <summary>An instance that is listed, and takes no connection: as one that is stopped.</summary>
    private sealed class Silent : IDisposable
    {
        private readonly Responder _listed;
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

        public Silent(DirectoryInfo folder, EndpointOptions options)
        {
            string path = Path.Combine(folder.FullName, "s");
            _listed = Responder.Bind($"unix://{path}", options);
            File.Delete(path);
            _socket.Bind(new UnixDomainSocketEndPoint(path));
            _socket.Listen();
        }

        public void Dispose()
        {
            _listed.Dispose();
            _socket.Dispose();
        }
    }
}
