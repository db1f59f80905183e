using System.Globalization;
using Fairlead.Processes;
using Fairlead.Rpc.Peer;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Processes;

/// <summary>The behaviour of two processes over each transport that carries requests from one to the other.</summary>
[SlowRun(Reason = "the calls between processes, over each transport")]
public sealed class ProcessTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    // 64 unless the nightly run asks for more.
    private static readonly int Mebibytes =
        int.Parse(Environment.GetEnvironmentVariable("FAIRLEAD_RPC_MEBIBYTES") ?? "64", CultureInfo.InvariantCulture);

    public static TheoryData<string> Transports => ["shm", "unix", "unixpacket", "tcp", "udp"];

    [FullRun(Reason.Waits)]
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Calls_to_a_stopped_server_end_at_their_deadlines_and_the_resumed_server_continues(string transport)
    {
        using RpcPeer server = RpcPeer.Start("at", Places.New(transport));
        string address = (await server.LineAsync())!;
        await using RpcClient<IWork> hasty = await Rpc.ConnectAsync<IWork>(address, new RpcClientOptions { Timeout = 3.Seconds() });
        await using RpcClient<IWork> patient = await Rpc.ConnectAsync<IWork>(address);
        Assert.Equal(2, await patient.Service.OnceAsync(1));
        server.Stop();
        Task<int>[] waiting = [.. Enumerable.Range(0, 20).Select(number => patient.Service.OnceAsync(number).AsTask())];
        foreach (Task call in (Task[])[hasty.Service.OnceAsync(2).AsTask(), Task.Run(() => hasty.Service.PeakMemory())])
        {
            var late = await Assert.ThrowsAsync<FairleadException>(() => call.WaitAsync(Watchdog));
            Assert.Equal(ErrorCode.Timeout, late.Code);
        }

        using CancellationTokenSource giveUp = new();
        Task<int> cancelled = patient.Service.OnceAsync(99, giveUp.Token).AsTask();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Watchdog));
        Assert.All(waiting, static call => Assert.False(call.IsCompleted));
        server.Signal(Signal.Continue);
        Assert.Equal(Enumerable.Range(0, 20).Select(static i => 2 * i), await Task.WhenAll(waiting).WaitAsync(Watchdog));
        Assert.Equal(6, await patient.Service.OnceAsync(3).AsTask().WaitAsync(Watchdog));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_client_killed_during_a_stream_ends_its_producer(string transport)
    {
        // A killed client cannot say over UDP that it has gone: the heartbeat does.
        string place = transport == "udp" ? "udp://127.0.0.1:0?reliable=true&heartbeat=500ms" : Places.New(transport);
        using RpcPeer server = RpcPeer.Start("at", place);
        string address = (await server.LineAsync())!;
        using (RpcPeer client = RpcPeer.Start("endless", address))
        {
            Assert.Equal("reading", await client.LineAsync());
        }

        Assert.Equal("ended", await server.LineAsync());
    }

    [FullRun(Reason.Measures)]
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task An_upload_needs_little_memory(string transport)
    {
        // The collector keeps as much as it may: 32 MiB, in hexadecimal digits. Datagrams that came early need more.
        string limit = transport == "udp" ? "4000000" : "2000000";
        using RpcPeer server = RpcPeer.StartWith("DOTNET_GCHeapHardLimit", limit, "at", Places.New(transport));
        await using RpcClient<IWork> client = await Rpc.ConnectAsync<IWork>((await server.LineAsync())!);
        IWork service = client.Service;

        Assert.Equal(32L << 20, await UploadAsync(32));
        long before = service.PeakMemory();
        Assert.Equal((long)Mebibytes << 20, await UploadAsync(Mebibytes));
        Assert.InRange(service.PeakMemory() - before, long.MinValue, 64 << 20);

        ValueTask<long> UploadAsync(int mebibytes) =>
            service.UploadAsync(Enumerable.Repeat(new byte[1 << 20], mebibytes).ToAsyncEnumerable());
    }

    [Theory]
    [InlineData(ChannelKind.Duplex)]
    [InlineData(ChannelKind.Pipes)]
    public async Task A_child_serves_its_parent(ChannelKind kind)
    {
        await using ChildProcess child = Heir("serve", kind);
        await using (RpcClient<IWork> client = await Rpc.ConnectAsync<IWork>($"{child.Address}"))
        {
            Assert.Equal(42, await client.Service.OnceAsync(21));
            Assert.InRange(client.Service.PeakMemory(), 1, long.MaxValue);
            Assert.Equal([0, 1, 2], await client.Service.EndlessAsync().Take(3).ToListAsync());
            Assert.Equal(6, await client.Service.UploadAsync(((byte[][])[[1], [2, 3], [4, 5, 6]]).ToAsyncEnumerable()));
            Assert.Equal(4950, await client.Service.TellAsync(new Ear(), 100));
            Assert.Equal(child.Id, client.Server?.ProcessId);
        }

        Assert.Equal(new ChildExit.Exited(0), await child.ExitAsync().WaitAsync(Watchdog));
    }

    [Theory]
    [InlineData(ChannelKind.Duplex)]
    [InlineData(ChannelKind.Pipes)]
    public async Task A_parent_serves_its_child(ChannelKind kind)
    {
        await using ChildProcess child = Heir("call", kind);
        await using RpcServer server = await Rpc.ServeAsync<IWork>($"{child.Address}", new QuickWork());
        Assert.Equal(new ChildExit.Exited(0), await child.ExitAsync().WaitAsync(Watchdog));
        await server.Completion.WaitAsync(Watchdog);
    }

    private static ChildProcess Heir(string what, ChannelKind kind) =>
        ChildProcess.Start("dotnet", ["exec", RpcPeer.Program, "heir", what], new() { Channel = kind });

    private sealed class Ear : IEar
    {
        public ValueTask<int> HearAsync(int number, CancellationToken cancellationToken) => new(number);
    }

    private sealed class QuickWork : IWork
    {
        public ValueTask<int> OnceAsync(int number, CancellationToken cancellationToken) => new(2 * number);

        public ValueTask<int> RepeatableAsync(int number, CancellationToken cancellationToken) => OnceAsync(number, cancellationToken);

        public IAsyncEnumerable<int> EndlessAsync(CancellationToken cancellationToken) => AsyncEnumerable.Empty<int>();

        public ValueTask<long> UploadAsync(IAsyncEnumerable<byte[]> parts, CancellationToken cancellationToken) => default;

        public ValueTask<int> TellAsync(IEar ear, int count, CancellationToken cancellationToken) => default;

        public long PeakMemory() => 0;
    }
}
