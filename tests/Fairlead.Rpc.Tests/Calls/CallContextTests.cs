using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>The context of a call lasts as long as its service runs, and options may be a parameter.</summary>
public sealed class CallContextTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);
    private static readonly RpcCallOptions Tenant = new() { Metadata = new Dictionary<string, string> { ["tenant"] = "blue" } };

    private readonly Optioned _service = new();

    public static TheoryData<string> Transports => ["inproc", "shm", "unix", "tcp"];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task The_producer_of_a_stream_runs_in_the_context_of_its_call(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using RpcClient<IOptioned> client = await ConnectAsync(server);

        // The reader yields after each item, and the producer stops between them.
        List<string> seen = [];
        await foreach (string item in client.Service.SeenItemsAsync(3, Tenant).ConfigureAwait(false))
        {
            seen.Add(item);
            await Task.Yield();
        }

        Assert.Equal(Enumerable.Repeat("SeenItemsAsync blue scope", 6), seen);
        seen = await client.Service.SeenAtItemsAsync(ItemsAsync(), Tenant).ToListAsync();
        Assert.Equal(Enumerable.Repeat("SeenAtItemsAsync blue scope", 4), seen);

        // More than one batch.
        IAsyncEnumerable<string> many = client.Service.SeenItemsAsync(4000, Tenant);
        Assert.Equal(8000, await many.CountAsync(static item => item == "SeenItemsAsync blue scope"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Options_of_a_call_may_be_a_parameter(string transport)
    {
        await using RpcServer server = await ServeAsync(transport);
        await using RpcClient<IOptioned> client = await ConnectAsync(server);
        Assert.Equal("Seen  scope", client.Service.Seen());
        Assert.Equal("Seen blue scope", client.Service.Seen(Tenant));
        Assert.Equal("SeenAsync blue scope!", await client.Service.SeenAsync("!", Tenant));
        Assert.Equal("SeenTaskAsync blue scope", await client.Service.SeenTaskAsync(options: Tenant));
        client.Service.Note(Tenant);
        Assert.Equal("Note blue scope", await _service.Noted.Task.WaitAsync(Watchdog));

        // Those of the call go before those in use.
        using IDisposable use = new RpcCallOptions { Metadata = new Dictionary<string, string> { ["tenant"] = "red" } }.Use();
        Assert.Equal("Seen red scope", client.Service.Seen());
        Assert.Equal("Seen blue scope", client.Service.Seen(Tenant));
        RpcCallOptions brief = new() { Timeout = TimeSpan.FromMilliseconds(50) };
        var late = await Assert.ThrowsAsync<FairleadException>(() => client.Service.WaitAsync(brief).AsTask().WaitAsync(Watchdog));
        Assert.Equal(ErrorCode.Timeout, late.Code);
    }

    private ValueTask<RpcServer> ServeAsync(string transport)
    {
        RpcServerOptions options = new()
        {
            KeepContext = true,
            Intercept = static (_, next) =>
            {
                Optioned.Ambient.Value = "scope";
                return next();
            },
        };
        return Rpc.ServeAsync<IOptioned>(Places.New(transport), _service, options);
    }

    private static ValueTask<RpcClient<IOptioned>> ConnectAsync(RpcServer server) => Rpc.ConnectAsync<IOptioned>($"{server.Addresses[0]}");

    private static async IAsyncEnumerable<int> ItemsAsync()
    {
        for (int i = 0; i < 3; i++)
        {
            await Task.Yield();
            yield return i;
        }
    }
}
