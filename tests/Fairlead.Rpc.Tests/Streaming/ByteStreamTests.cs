using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Streaming;

/// <summary>Parameters and results that are a <see cref="Stream"/>.</summary>
public sealed class ByteStreamTests
{
    private const int Long = 300_000;
    private const long Endless = long.MaxValue;

    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("inproc")]
    [InlineData("unix")]
    [InlineData("shm")]
    [InlineData("tcp")]
    public async Task Bytes_arrive_in_both_directions(string transport)
    {
        await using RpcServer server = await ServeAsync(static length => new PatternStream(length, 70_001), transport);
        await using RpcClient<IFiles> client = await ConnectAsync(server);
        IFiles files = client.Service;
        foreach (int length in (int[])[0, 1, 65_536, Long])
        {
            byte[] bytes = PatternStream.Bytes(length);
            Assert.Equal(bytes, await ReadAsync(await files.OpenAsync(length)));
            Assert.Equal(bytes, await ReadAsync(await files.OpenSoonAsync(length)));
            Assert.Equal(bytes, await ReadAsync(await Task.Run(() => files.Open(length))));
            Assert.Equal(bytes, await files.StoreAsync("a", new PatternStream(length, 1000)).AsTask().WaitAsync(Watchdog));
            await using Stream echo = await files.EchoAsync(new PatternStream(length), AsyncEnumerable.Range(0, 3));
            Assert.Equal(bytes, await ReadAsync(echo));
        }
    }

    [Fact]
    public async Task A_blocking_reader_gets_the_bytes()
    {
        await using RpcServer server = await ServeAsync(static length => new PatternStream(length));
        await using RpcClient<IFiles> client = await ConnectAsync(server);
        byte[] read = await Task.Run(() =>
        {
            using Stream stream = client.Service.Open(Long);
            using MemoryStream copy = new();
            copy.WriteByte((byte)stream.ReadByte());
            stream.CopyTo(copy);
            return copy.ToArray();
        }).WaitAsync(Watchdog);
        Assert.Equal(PatternStream.Bytes(Long), read);
    }

    [Fact]
    public async Task The_producer_stays_a_few_chunks_ahead_of_the_reader()
    {
        PatternStream source = new(Endless);
        await using RpcServer server = await ServeAsync(_ => source);
        await using RpcClient<IFiles> client = await ConnectAsync(server);
        await using (Stream stream = await client.Service.OpenAsync(0))
        {
            byte[] some = new byte[100_000];
            await stream.ReadExactlyAsync(some).AsTask().WaitAsync(Watchdog);
            Assert.Equal(PatternStream.Bytes(some.Length), some);
            Assert.InRange(source.Produced, some.Length, 1_000_000);
        }

        await source.Disposed.Task.WaitAsync(Watchdog);
        Assert.InRange(source.Produced, 100_000, 1_000_000);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reader_that_leaves_ends_the_stream_of_the_service(bool byConnection)
    {
        PatternStream source = new(Endless) { GateAt = 10 };
        await using RpcServer server = await ServeAsync(_ => source);
        RpcClient<IFiles> client = await ConnectAsync(server);
        Stream stream = await client.Service.OpenAsync(0);
        await stream.ReadExactlyAsync(new byte[10]).AsTask().WaitAsync(Watchdog);
        ValueTask<int> waiting = stream.ReadAsync(new byte[1]);
        await source.Waiting.Task.WaitAsync(Watchdog);
        await (byConnection ? client.DisposeAsync() : stream.DisposeAsync());
        await source.Disposed.Task.WaitAsync(Watchdog);
        await Assert.ThrowsAnyAsync<Exception>(() => waiting.AsTask().WaitAsync(Watchdog));
        await stream.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => stream.ReadAsync(new byte[1]).AsTask());
        await client.DisposeAsync();
    }

    [Fact]
    public async Task A_service_that_stops_reading_ends_the_upload_and_does_not_dispose_the_stream()
    {
        await using RpcServer server = await ServeAsync(static length => new PatternStream(length));
        await using RpcClient<IFiles> client = await ConnectAsync(server);
        PatternStream source = new(Endless);
        await client.Service.TakeAsync(source, 100_000).WaitAsync(Watchdog);
        Assert.False(source.Disposed.Task.IsCompleted);
        Assert.InRange(source.Produced, 100_000, 1_000_000);
        Assert.Equal(1, await source.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task A_service_that_returns_no_stream_fails_the_call()
    {
        await using RpcServer server = await ServeAsync(static length => new PatternStream(length));
        await using RpcClient<IFiles> client = await ConnectAsync(server);
        var refused = await Assert.ThrowsAsync<RpcException>(() => client.Service.RefuseAsync().AsTask().WaitAsync(Watchdog));
        Assert.Equal((5, "no such file"), (refused.Code, refused.Message));
        var none = await Assert.ThrowsAsync<RpcException>(() => client.Service.NothingAsync().AsTask().WaitAsync(Watchdog));
        Assert.Equal("System.InvalidOperationException", none.ServerType);
    }

    [Fact]
    public async Task An_exception_of_the_service_follows_the_bytes_before_it_and_repeats()
    {
        PatternStream source = new(Endless) { GateAt = Long, Failure = new RpcException(6, "bad sector") };
        source.Gate.SetResult();
        await using RpcServer server = await ServeAsync(_ => source);
        await using RpcClient<IFiles> client = await ConnectAsync(server);
        await using Stream stream = await client.Service.OpenAsync(0);
        byte[] read = new byte[Long];
        await stream.ReadExactlyAsync(read).AsTask().WaitAsync(Watchdog);
        Assert.Equal(PatternStream.Bytes(Long), read);
        for (int i = 0; i < 2; i++)
        {
            var failed = await Assert.ThrowsAsync<RpcException>(() => stream.ReadAsync(read).AsTask().WaitAsync(Watchdog));
            Assert.Equal((6, "bad sector"), (failed.Code, failed.Message));
        }

        await source.Disposed.Task.WaitAsync(Watchdog);
    }

    [Fact]
    public async Task An_exception_of_the_stream_of_the_caller_reaches_the_caller()
    {
        await using RpcServer server = await ServeAsync(static length => new PatternStream(length));
        await using RpcClient<IFiles> client = await ConnectAsync(server);
        PatternStream source = new(Endless) { GateAt = 1000, Failure = new IOException("unplugged") };
        source.Gate.SetResult();
        var failed = await Assert.ThrowsAsync<IOException>(() => client.Service.StoreAsync("a", source).AsTask().WaitAsync(Watchdog));
        Assert.Equal("unplugged", failed.Message);
    }

    [Fact]
    public async Task A_read_that_is_cancelled_loses_no_bytes()
    {
        PatternStream source = new(20) { GateAt = 10 };
        await using RpcServer server = await ServeAsync(_ => source);
        await using RpcClient<IFiles> client = await ConnectAsync(server);
        await using Stream stream = await client.Service.OpenAsync(0);
        byte[] read = new byte[20];
        await stream.ReadExactlyAsync(read.AsMemory(0, 10)).AsTask().WaitAsync(Watchdog);
        using CancellationTokenSource end = new();
        ValueTask<int> waiting = stream.ReadAsync(read.AsMemory(10), end.Token);
        await source.Waiting.Task.WaitAsync(Watchdog);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.AsTask().WaitAsync(Watchdog));
        source.Gate.SetResult();
        await stream.ReadExactlyAsync(read.AsMemory(10)).AsTask().WaitAsync(Watchdog);
        Assert.Equal(PatternStream.Bytes(20), read);
        Assert.Equal(0, await stream.ReadAsync(read).AsTask().WaitAsync(Watchdog));
        Assert.Equal(0, await stream.ReadAsync(read).AsTask().WaitAsync(Watchdog));
    }

    [Fact]
    public async Task The_token_of_the_call_ends_the_stream()
    {
        PatternStream source = new(Endless) { GateAt = 10 };
        await using RpcServer server = await ServeAsync(_ => source);
        await using RpcClient<IFiles> client = await ConnectAsync(server);
        using CancellationTokenSource end = new();
        await using Stream stream = await client.Service.OpenAsync(0, end.Token);
        await stream.ReadExactlyAsync(new byte[10]).AsTask().WaitAsync(Watchdog);
        ValueTask<int> waiting = stream.ReadAsync(new byte[1]);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.AsTask().WaitAsync(Watchdog));
        await source.Disposed.Task.WaitAsync(Watchdog);
    }

    [Fact]
    public async Task Unsupported_operations_of_a_call_stream_throw_with_the_reason()
    {
        await using RpcServer server = await ServeAsync(static length => new PatternStream(length));
        await using RpcClient<IFiles> client = await ConnectAsync(server);
        await using Stream stream = await client.Service.OpenAsync(1);
        Assert.Equal((true, false, false), (stream.CanRead, stream.CanSeek, stream.CanWrite));
        Assert.Contains("no length", Assert.Throws<NotSupportedException>(() => stream.Length).Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => stream.Position);
        Assert.Throws<NotSupportedException>(() => stream.Position = 1);
        Assert.Throws<NotSupportedException>(() => stream.Seek(0, SeekOrigin.Begin));
        Assert.Throws<NotSupportedException>(() => stream.SetLength(1));
        Assert.Contains(
            "only be read", Assert.Throws<NotSupportedException>(() => stream.Write([1])).Message, StringComparison.Ordinal);
        MemoryStream closed = new();
        await closed.DisposeAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => client.Service.StoreAsync("a", closed).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>(() => client.Service.StoreAsync("a", null!).AsTask());
    }

    [Fact]
    public async Task Bytes_that_the_service_does_not_read_fill_the_share_of_their_client()
    {
        TaskCompletionSource<Stream> content = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RpcServer server = await Rpc.ServeAsync<IKeeper>(Places.New("unix"), new Keeper(content, end.Task));
        await using RpcClient<IKeeper> client = await Rpc.ConnectAsync<IKeeper>($"{server.Addresses[0]}");
        PatternStream source = new(Endless) { GateAt = 200_000 };
        Task keeping = client.Service.KeepAsync(source);
        Stream kept = await content.Task.WaitAsync(Watchdog);
        Assert.True(SpinWait.SpinUntil(() => server.HeldBytes > 2 * 65_536, Watchdog));
        byte[] read = new byte[200_000];
        await kept.ReadExactlyAsync(read).AsTask().WaitAsync(Watchdog);
        Assert.Equal(PatternStream.Bytes(read.Length), read);
        await kept.DisposeAsync();
        end.SetResult();
        source.Gate.SetResult();
        await keeping.WaitAsync(Watchdog);
        Assert.True(SpinWait.SpinUntil(() => server.HeldBytes == 0, Watchdog));
    }

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        await using (stream)
        {
            using MemoryStream copy = new();
            await stream.CopyToAsync(copy).WaitAsync(Watchdog);
            return copy.ToArray();
        }
    }

    private static Task<RpcServer> ServeAsync(Func<int, Stream> make, string transport = "unix") =>
        Rpc.ServeAsync<IFiles>(Places.New(transport), new Files(make)).AsTask();

    private static Task<RpcClient<IFiles>> ConnectAsync(RpcServer server) => Rpc.ConnectAsync<IFiles>($"{server.Addresses[0]}").AsTask();
}

[RpcContract]
public interface IKeeper
{
    /// <summary>Reads nothing, and runs until the test ends it.</summary>
    Task KeepAsync(Stream content, CancellationToken cancellationToken = default);
}

internal sealed class Keeper(TaskCompletionSource<Stream> kept, Task end) : IKeeper
{
    public Task KeepAsync(Stream content, CancellationToken cancellationToken)
    {
        kept.SetResult(content);
        return end;
    }
}
