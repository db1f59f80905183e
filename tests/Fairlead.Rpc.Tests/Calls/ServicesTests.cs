using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Contracts;
using Fairlead.Rpc.Instances;
using Fairlead.Rpc.Matchmaking;
using Fairlead.Rpc.Tests.Contracts;
using Fairlead.Testing;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>Servers that offer several contracts.</summary>
public sealed class ServicesTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);
    private readonly string _name = $"several-{Guid.NewGuid():N}"[..16];

    [Theory]
    [InlineData("inproc")]
    [InlineData("unix")]
    [InlineData("shm")]
    [InlineData("tcp")]
    [InlineData("udp")]
    public async Task One_connection_carries_calls_of_all_contracts(string transport)
    {
        await using RpcServer server = await Rpc.ServeAsync(Places.New(transport), All());
        string address = $"{server.Addresses[0]}";
        await using RpcClient<ICallbacks> client = await Rpc.ConnectAsync<ICallbacks>(address);
        IStreams streams = await client.GetServiceAsync<IStreams>();
        ICalculator calculator = await client.GetServiceAsync<ICalculator>();
        Assert.Equal(5, await Task.Run(() => calculator.Add(2, 3)).WaitAsync(Watchdog));
        Assert.Equal(100, await streams.CountAsync(100).CountAsync().AsTask().WaitAsync(Watchdog));
        Assert.Equal(10, await streams.SumAsync(AsyncEnumerable.Range(0, 5)).AsTask().WaitAsync(Watchdog));
        Assert.True(await client.Service.IsNullAsync(null).AsTask().WaitAsync(Watchdog));
        Assert.True(await client.Service.AskBackAsync(new Watcher(), 3).AsTask().WaitAsync(Watchdog) > 0);

        // A client that knows one contract alone.
        await using RpcClient<IStreams> other = await Rpc.ConnectAsync<IStreams>(address);
        Assert.Equal(3, await other.Service.CountAsync(3).CountAsync().AsTask().WaitAsync(Watchdog));
        Assert.Equal(RpcContracts.Of<IStreams>().Description.Hash, other.Description.Hash);
    }

    [Theory]
    [InlineData(CallBalance.OneInstance)]
    [InlineData(CallBalance.RoundRobin)]
    public async Task A_service_by_name_is_found_for_each_of_its_contracts(CallBalance balance)
    {
        await using RpcServer first = await Rpc.ServeAsync(_name, All());
        await using RpcServer second = await Rpc.ServeAsync(_name, All());
        ServiceInstance instance = Matchmaker.Find(_name)[0];
        Assert.Equal(All().Contracts.Select(static one => one.Name), instance.Contracts);
        RpcClientOptions options = new() { Balance = balance };
        await using RpcClient<IStreams> client = await Rpc.ConnectAsync<IStreams>(_name, options);
        ICalculator calculator = await client.GetServiceAsync<ICalculator>();
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(i + 1, await calculator.AddAsync(i, 1).AsTask().WaitAsync(Watchdog));
            Assert.Equal(3, await client.Service.CountAsync(3).CountAsync().AsTask().WaitAsync(Watchdog));
        }
    }

    [Fact]
    public async Task A_missing_contract_is_refused_and_the_error_lists_the_contracts_of_the_server()
    {
        await using RpcServer server = await Rpc.ServeAsync(Places.New("unix"), All());
        string address = $"{server.Addresses[0]}";
        var missing = await Assert.ThrowsAsync<FairleadException>(() => Rpc.ConnectAsync<ITurns>(address).AsTask());
        Assert.Equal(ErrorCode.Incompatible, missing.Code);
        string names = string.Join(", ", All().Contracts.Select(static one => one.Name));
        Assert.Contains(
            $"it offers {names}, and none of them has all members of Fairlead.Rpc.Tests.Contracts.ITurns",
            missing.Message,
            StringComparison.Ordinal);
        await using RpcClient<IStreams> client = await Rpc.ConnectAsync<IStreams>(address);
        missing = await Assert.ThrowsAsync<FairleadException>(() => client.GetServiceAsync<ITurns>().AsTask());
        Assert.Equal(ErrorCode.Incompatible, missing.Code);
        Assert.Equal(3, await client.Service.CountAsync(3).CountAsync().AsTask().WaitAsync(Watchdog));
    }

    [Fact]
    public async Task A_connection_without_a_contract_lists_all_contracts_and_opens_each()
    {
        await using RpcServer server = await Rpc.ServeAsync(Places.New("unix"), All());
        await using RpcConnection connection = await Rpc.OpenAsync($"{server.Addresses[0]}");
        IReadOnlyList<RpcDescription> contracts = await connection.DescribeAsync();
        Assert.Equal(All().Contracts.Select(static one => one.Name), contracts.Select(static one => one.Name));
        Assert.Equal(contracts[0].Hash, connection.Description.Hash);
        RpcChannel channel = await connection.GetChannelAsync(contracts[2]);
        Assert.Equal(contracts[2].Hash, channel.Offered.Hash);
    }

    /// <summary>A server of several contracts takes the place of one of an older version, whose clients have sent it no hello.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_rolling_upgrade_to_several_contracts_refuses_no_call(bool isAwaited)
    {
        RpcServer older = await Rpc.ServeAsync<IRolled>(_name, new Rolled());
        await using RpcClient<IRolled> client = await Rpc.ConnectAsync<IRolled>(_name);
        Assert.Equal(5, await client.Service.AddAsync(2, 3));
        await older.DisposeAsync();
        Assert.True(SpinWait.SpinUntil(() => client.Address is null, Watchdog));
        await using RpcServer newer = await Rpc.ServeAsync(
            _name, new RpcServices().Add<ICalculator>(new Calculator()).Add<IRolledMore>(new Rolled()));
        int sum = isAwaited
            ? await client.Service.AddAsync(2, 3).AsTask().WaitAsync(Watchdog)
            : await Task.Run(() => client.Service.Add(2, 3)).WaitAsync(Watchdog);
        Assert.Equal(5, sum);
    }

    [Fact]
    public async Task An_instance_that_lacks_a_further_contract_is_not_used()
    {
        await using RpcServer whole = await Rpc.ServeAsync(_name, All());
        await using RpcClient<IStreams> client = await Rpc.ConnectAsync<IStreams>(_name);
        ICalculator calculator = await client.GetServiceAsync<ICalculator>();
        await using RpcServer half = await Rpc.ServeAsync<IStreams>(_name, new Contracts.Streams());
        await using RpcServer next = await Rpc.ServeAsync(_name, All());
        await whole.DisposeAsync();
        Assert.True(SpinWait.SpinUntil(() => client.Address is null, Watchdog));
        Assert.Equal(5, await calculator.AddAsync(2, 3).AsTask().WaitAsync(Watchdog));
        Assert.Equal(3, await client.Service.CountAsync(3).CountAsync().AsTask().WaitAsync(Watchdog));
    }

    [Theory]
    [InlineData(1, 0, "", 1)]
    [InlineData(2, 0, "", 3)]
    [InlineData(1, 0, "Fairlead.Rpc.Tests.Contracts.IStreams", 1)]
    [InlineData(2, 0, "Fairlead.Rpc.Tests.Contracts.IStreams", 1)]
    [InlineData(1, 1, "Another", 1)]
    [InlineData(2, 1, "Another", 3)]
    public async Task A_hello_gets_as_many_contracts_as_its_version_accepts(byte version, ulong hash, string name, int contracts)
    {
        RpcWriter hello = new(stackalloc byte[RpcWriter.InitialSize]);
        hello.WriteByte((byte)FrameKind.Hello);
        hello.WriteByte(version);
        hello.WriteUInt64(hash);
        hello.WriteString(name);
        byte[] frame = hello.Written.ToArray();
        hello.Dispose();
        IReadOnlyList<RpcDescription> offered = Offered(await AnswerAsync(frame), ReplyStatus.Ok);
        Assert.Equal(contracts, offered.Count);
        Assert.True(!name.StartsWith("Fairlead", StringComparison.Ordinal) || offered[0].Name == name);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(Frames.TakesAll, 3)]
    public async Task A_call_with_an_unknown_hash_gets_as_many_contracts_as_its_client_accepts(byte flags, int contracts) =>
        Assert.Equal(
            contracts,
            Offered(await AnswerAsync([(byte)FrameKind.Call, flags, 0, 0, 1, 2, 3, 4]), ReplyStatus.Stale).Count);

    /// <summary>Calls carry the hash of their contract beside the number of their member.</summary>
    [Theory]
    [InlineData("inproc", RpcConcurrency.Concurrent)]
    [InlineData("unix", RpcConcurrency.Concurrent)]
    [InlineData("tcp", RpcConcurrency.Serial)]
    public async Task Members_of_two_contracts_may_have_equal_numbers_and_names(string transport, RpcConcurrency concurrency)
    {
        SemaphoreSlim noted = new(0);
        await using RpcServer server = await Rpc.ServeAsync(
            Places.New(transport),
            new RpcServices().Add<ITwice>(new Twice()).Add<IThrice>(new Thrice(noted)),
            new RpcServerOptions { Concurrency = concurrency });
        await using RpcClient<ITwice> client = await Rpc.ConnectAsync<ITwice>($"{server.Addresses[0]}");
        IThrice thrice = await client.GetServiceAsync<IThrice>();
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(2 * i, await client.Service.TimesAsync(i).AsTask().WaitAsync(Watchdog));
            Assert.Equal($"{3 * i}", await thrice.TimesAsync($"{i}").AsTask().WaitAsync(Watchdog));
            Assert.Equal(i, await client.Service.CountAsync(i).CountAsync().AsTask().WaitAsync(Watchdog));
            await Task.Run(() => thrice.CountAsync(i)).WaitAsync(Watchdog);
            Assert.True(await noted.WaitAsync(Watchdog));
        }
    }

    [Fact]
    public void Contracts_with_identical_members_are_refused()
    {
        RpcServices services = new RpcServices().Add<ISame>(new SameService());
        Assert.Contains("was added before", Throws(() => services.Add<ISame>(new SameService())), StringComparison.Ordinal);
        Assert.Contains("have the same members", Throws(() => services.Add<ISameAgain>(new SameService())), StringComparison.Ordinal);
        Assert.Contains(
            "needs a contract", Throws(() => _ = Rpc.ServeAsync(_name, new RpcServices()).AsTask()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_counts_the_names_that_do_not_fit()
    {
        IReadOnlyList<RpcDescription> contracts = [.. Enumerable.Range(0, 5).Select(static i => new RpcDescription($"Contract{i}", []))];
        Assert.Equal("Contract0,Contract1,Contract2,Contract3,Contract4", ContractNames.Of(contracts, 49));
        Assert.Equal("Contract0,Contract1,Contract2,Contract3,+1", ContractNames.Of(contracts, 48));
        Assert.Equal("Contract0,Contract1,Contract2,+2", ContractNames.Of(contracts, 41));
        Assert.Equal("Contract0,+4", ContractNames.Of(contracts, 12));
        Assert.Equal("Contract0,+4", ContractNames.Of(contracts, 1));
        Assert.Equal(["Contract0", "Contract1"], ContractNames.Parse("Contract0,Contract1,+3"));
    }

    private static string Throws(Action add) => Assert.Throws<ArgumentException>(add).Message;

    private static async Task<byte[]> AnswerAsync(byte[] frame)
    {
        InstanceOwner owner = new([], RpcConcurrency.Concurrent);
        using CallDispatcher dispatcher = new(
            new ServedContracts([.. All().Offers.Select(offer => offer.Serve(owner))]), new RpcServerOptions());
        using var request = HandmadeRequest.Create(frame);
        await dispatcher.HandleAsync(request.Request, request.Context).AsTask().WaitAsync(Watchdog);
        return request.Reply!.Value.ToArray();
    }

    private static IReadOnlyList<RpcDescription> Offered(byte[] reply, ReplyStatus status)
    {
        RpcReader reader = new(reply);
        Assert.Equal((byte)status, reader.ReadByte());
        return OfferedContracts.Read(ref reader);
    }

    private static RpcServices All() => new RpcServices()
        .Add<ICalculator>(new Calculator())
        .Add<IStreams>(new Contracts.Streams())
        .Add<ICallbacks>(static _ => new Contracts.Callbacks(), RpcLifetime.Connection);
}

[RpcContract]
public interface ITwice
{
    ValueTask<int> TimesAsync(int number, CancellationToken cancellationToken = default);

    IAsyncEnumerable<int> CountAsync(int count, CancellationToken cancellationToken = default);
}

[RpcContract]
public interface IThrice
{
    ValueTask<string> TimesAsync(string number, CancellationToken cancellationToken = default);

    [OneWay]
    void CountAsync(int count);
}

internal sealed class Twice : ITwice
{
    public ValueTask<int> TimesAsync(int number, CancellationToken cancellationToken) => new(2 * number);

    public IAsyncEnumerable<int> CountAsync(int count, CancellationToken cancellationToken) => AsyncEnumerable.Range(0, count);
}

internal sealed class Thrice(SemaphoreSlim noted) : IThrice
{
    public ValueTask<string> TimesAsync(string number, CancellationToken cancellationToken) =>
        new($"{3 * int.Parse(number, System.Globalization.CultureInfo.InvariantCulture)}");

    public void CountAsync(int count) => noted.Release();
}

[RpcContract]
public interface ISame
{
    void Same();
}

[RpcContract]
public interface ISameAgain
{
    void Same();
}

internal sealed class SameService : ISame, ISameAgain
{
    public void Same()
    {
    }
}
