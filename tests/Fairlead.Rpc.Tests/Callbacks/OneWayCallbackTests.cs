using System.Collections.Concurrent;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Callbacks;

/// <summary>A one-way call of a client's object returns before the object has executed it.</summary>
[SlowRun]
public sealed class OneWayCallbackTests : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly Contracts.Callbacks _service = new();
    private readonly Held _object = new();

    public void Dispose() => _object.Dispose();

    [Theory]
    [InlineData("unix")]
    [InlineData("shm")]
    [InlineData("tcp")]
    public async Task A_one_way_callback_returns_while_the_object_executes_it(string transport)
    {
        await using RpcServer server = await Rpc.ServeAsync<ICallbacks>(Places.New(transport), _service);
        await using RpcClient<ICallbacks> client = await Rpc.ConnectAsync<ICallbacks>($"{server.Addresses[0]}");
        Task telling = Task.Run(() => client.Service.TellBack(_object, 3));
        await telling.WaitAsync(Watchdog);
        Assert.Empty(_object.Told);
        _object.Go.Set();

        // The calls of an object keep their order.
        Assert.Equal(21, await Task.Run(() => client.Service.AskBack(_object)).WaitAsync(Watchdog));
        Assert.Equal(["0", "1", "2"], _object.Told);
    }

    [Fact]
    public async Task The_exception_of_a_one_way_callback_is_reported_at_the_client_only()
    {
        BlockingCollection<Exception> failed = [];
        await using RpcServer server = await Rpc.ServeAsync<ICallbacks>(Places.New("unix"), _service);
        RpcClientOptions options = new() { CallbackFailed = failed.Add };
        await using RpcClient<ICallbacks> client = await Rpc.ConnectAsync<ICallbacks>($"{server.Addresses[0]}", options);
        client.Service.Keep(_object);
        _object.Go.Set();
        _service.Kept!.Tell("throw");
        Assert.True(failed.TryTake(out Exception? seen, Watchdog));
        Assert.Equal("thrown by the object", seen.Message);
        Assert.Equal(21, client.Service.AskBack(_object));
    }

    /// <summary>Otherwise a server that tells much would see Full from a client that only takes its time.</summary>
    [Fact]
    public async Task A_server_waits_while_its_client_cannot_accept_more_one_way_callbacks()
    {
        const int Lines = 1200;
        await using RpcServer server = await Rpc.ServeAsync<ICallbacks>(Places.New("unix"), _service);
        await using RpcClient<ICallbacks> client = await Rpc.ConnectAsync<ICallbacks>($"{server.Addresses[0]}");
        client.Service.Keep(_object);
        int told = 0;
        var telling = Task.Run(() =>
        {
            for (int i = 0; i < Lines; i++)
            {
                _service.Kept!.Tell($"{i}");
                Volatile.Write(ref told, i + 1);
            }
        });
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref told) == RpcLimits.MaxCallbacks / 2 || telling.IsCompleted, Watchdog));
        Assert.Empty(_object.Told);
        _object.Go.Set();
        await telling.WaitAsync(Watchdog);
        Assert.Equal(21, await Task.Run(() => client.Service.AskBack(_object)).WaitAsync(Watchdog));
        Assert.Equal(Enumerable.Range(0, Lines).Select(static i => $"{i}"), _object.Told);
    }

    private sealed class Held : IWatcher, IDisposable
    {
        public ManualResetEventSlim Go { get; } = new();

        public ConcurrentQueue<string> Told { get; } = [];

        public void Dispose() => Go.Dispose();

        public void Tell(string line)
        {
            Assert.True(Go.Wait(Watchdog));
            if (line == "throw")
            {
                throw new InvalidOperationException("thrown by the object");
            }

            Told.Enqueue(line);
        }

        public int Ask(int number) => number + 1;

        public ValueTask<int> AskAsync(int number, CancellationToken cancellationToken) => new(number);

        public IAsyncEnumerable<int> CountAsync(int upTo, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
