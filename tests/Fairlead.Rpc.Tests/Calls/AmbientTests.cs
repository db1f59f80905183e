using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>A service does not run in the execution context of the code that started its server, nor in that of its callers.</summary>
public sealed class AmbientTests
{
    private static readonly AsyncLocal<string?> Value = new();

    public static TheoryData<string, int, RpcConcurrency> Servers
    {
        get
        {
            TheoryData<string, int, RpcConcurrency> servers = [];
            foreach (string transport in (string[])["inproc", "shm", "unix", "tcp"])
            {
                servers.Add(transport, 0, RpcConcurrency.Concurrent);
                servers.Add(transport, 0, RpcConcurrency.Serial);
                servers.Add(transport, 2, RpcConcurrency.Concurrent);
            }

            return servers;
        }
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Services_and_callbacks_do_not_see_ambient_values_of_other_code(string transport, int threads, RpcConcurrency turns)
    {
        string name = transport == "tcp" ? "127.0.0.1:0" : $"rpc-{Guid.NewGuid():N}"[..16];
        Value.Value = "of the code that starts the server";
        await using RpcServer server = await Rpc.ServeAsync<IAmbient>(
            $"{transport}://{name}", new Service(), new RpcServerOptions { BlockingThreads = threads, Concurrency = turns });
        Value.Value = "of the code that connects";
        await using RpcClient<IAmbient> client = await Rpc.ConnectAsync<IAmbient>($"{server.Addresses[0]}");
        Value.Value = "of the caller";
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal("nothing", client.Service.Seen());
            Assert.Equal("nothing", await client.Service.SeenAsync());
            Assert.Equal("nothing", await client.Service.SeenByAsync(new Watcher()));
        }

        Assert.Equal("of the caller", Value.Value);
    }

    private static string Seen() => Value.Value ?? "nothing";

    private sealed class Service : IAmbient
    {
        public string Seen() => AmbientTests.Seen();

        public async ValueTask<string> SeenAsync(CancellationToken cancellationToken = default)
        {
            string before = AmbientTests.Seen();
            await Task.Yield();
            string after = AmbientTests.Seen();
            return before == after ? before : $"{before}, then {after}";
        }

        public ValueTask<string> SeenByAsync(IAmbientWatcher watcher, CancellationToken cancellationToken = default) =>
            watcher.SeenAsync(cancellationToken);
    }

    private sealed class Watcher : IAmbientWatcher
    {
        public ValueTask<string> SeenAsync(CancellationToken cancellationToken = default) => new(AmbientTests.Seen());
    }
}
