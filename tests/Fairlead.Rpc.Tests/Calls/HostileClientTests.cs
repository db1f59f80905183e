using System.Diagnostics;
using System.Globalization;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>One client fills all that a server keeps for it, by frames of each kind. Another is served as before.</summary>
/// <remarks>
/// Each connection is a client here. eng/nightly.sh measures the rate of the honest client, too; SiegeTests has clients in processes.
/// </remarks>
public sealed class HostileClientTests(ITestOutputHelper output)
{
    private const double LeastShare = 0.5;
    private const long MostMemory = 64 * 1024 * 1024;

    private const int Places = 8;
    private const int Streams = 40;
    private const int Budget = 256 * 1024;
    private const int Piece = 20_000;
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(
        int.Parse(Environment.GetEnvironmentVariable("FAIRLEAD_RPC_SIEGE") ?? "0", CultureInfo.InvariantCulture));


    [Theory]
    [InlineData("tcp")]
    [InlineData("unix")]
    public async Task A_well_behaved_client_is_served_and_memory_stays_within_the_limit(string transport)
    {
        RpcServerOptions options = new()
        {
            MaxConcurrentCalls = Places,
            MaxStreamingCalls = Streams,
            MaxQueuedCallsPerClient = 100,
            MaxQueuedBytesPerClient = Budget,
            MaxMalformedFrames = int.MaxValue,
            Clients = ReferenceEqualityComparer.Instance,
        };
        await using RpcServer server = await Rpc.ServeAsync<IBesieged>(Contracts.Places.New(transport), new Besieged(), options);
        await using RpcClient<IBesieged> honest = await Rpc.ConnectAsync<IBesieged>($"{server.Addresses[0]}");
        double alone = await RateAsync(honest.Service);
        long memory = GC.GetTotalMemory(forceFullCollection: Measured > TimeSpan.Zero);
        using CancellationTokenSource end = new();
        await using (RpcClient<IBesieged> caller = await Rpc.ConnectAsync<IBesieged>($"{server.Addresses[0]}"))
        await using (Requester sender = await Requester.ConnectAsync(server.Addresses[0]))
        {
            await CollideAsync(caller.Service);
            await OvertakeAsync(server, sender, honest.Service);
            Task[] held = await FillAsync(caller.Service, sender, end.Token);
            Assert.InRange(server.HeldBytes, Piece, 2 * Budget);
            await ServeAsync(honest.Service);
            await RefuseAsync(sender);
            await ServeAsync(honest.Service);
            if (Measured > TimeSpan.Zero)
            {
                memory = GC.GetTotalMemory(forceFullCollection: true) - memory;
                using CancellationTokenSource measured = new();
                Task siege = BesiegeAsync(sender, measured.Token);
                double besieged = await RateAsync(honest.Service);
                await measured.CancelAsync();
                await siege.WaitAsync(Watchdog);
                output.WriteLine($"{transport}: {alone:F0} calls/s alone, {besieged:F0} beside a hostile client; "
                    + $"{memory / 1024} KiB more on the heap of both, {server.HeldBytes / 1024} KiB of frames held");
                Assert.InRange(besieged, alone * LeastShare, double.MaxValue);
                Assert.InRange(memory, long.MinValue, MostMemory);
            }

            Assert.InRange(server.HeldBytes, Piece, 2 * Budget);
            await end.CancelAsync();
            await Task.WhenAll(held).ContinueWith(static _ => { }, TaskScheduler.Default).WaitAsync(Watchdog);
        }

        Assert.True(SpinWait.SpinUntil(() => server.HeldBytes == 0, Watchdog), $"{server.HeldBytes}");
        await ServeAsync(honest.Service);
    }

    // Items of calls that do not come.
    private static async Task OvertakeAsync(RpcServer server, Requester sender, IBesieged honest)
    {
        using CancellationTokenSource end = new();
        byte[] items = [0, 1, 0, 0, 0, .. new byte[Piece]];
        Task[] pushes =
        [
            .. Enumerable.Range(0, 100).Select(_ => SendAsync(sender, [.. Frames.Push(Guid.NewGuid(), 0), .. items], end.Token)),
        ];
        await Task.WhenAny(pushes).WaitAsync(Watchdog, CancellationToken.None);
        Assert.InRange(server.HeldBytes, 0, Budget);
        await ServeAsync(honest);
        await end.CancelAsync();
        await Task.WhenAll(pushes).ContinueWith(static _ => { }, TaskScheduler.Default).WaitAsync(Watchdog, CancellationToken.None);
        Assert.True(SpinWait.SpinUntil(() => server.HeldBytes == 0, Watchdog));
    }

    // What lasts: running calls, those that wait, streams that are not read, sessions. Each kind is sent until the server refuses it.
    private static async Task<Task[]> FillAsync(IBesieged service, Requester sender, CancellationToken end)
    {
        List<Task> held = [];
        await FillAsync(() => service.LastAsync(new byte[Piece], end).AsTask(), 200);
        await FillAsync(() => UnreadAsync(service, end), 200);
        await FillAsync(() => SendAsync(sender, Frames.Session(Guid.NewGuid()), end), 1000);
        return [.. held];

        // All that are not refused are there when as many have been refused.
        async Task FillAsync(Func<Task> send, int count)
        {
            Task[] sent = [.. Enumerable.Range(0, count).Select(_ => send())];
            using SemaphoreSlim refused = new(0);
            foreach (Task one in sent)
            {
                _ = one.ContinueWith(_ => refused.Release(), TaskScheduler.Default);
            }

            Assert.True(await refused.WaitAsync(Watchdog, CancellationToken.None));
            held.AddRange(sent);
        }
    }

    // The server answers these immediately: parts of calls that do not exist, and frames that are too long.
    private static async Task RefuseAsync(Requester sender)
    {
        foreach (byte[] frame in (byte[][])[Frames.Session(Guid.NewGuid()), Frames.Poll(Guid.NewGuid()), Frames.Pull(Guid.NewGuid(), 1)])
        {
            var tooLong = await Assert.ThrowsAsync<FairleadException>(() => SendAsync(sender, [.. frame, .. new byte[Piece]], default));
            Assert.Equal(ErrorCode.Corrupt, tooLong.Code);
        }

        for (int kind = 0; kind < 16; kind++)
        {
            if (kind == (int)FrameKind.Hello)
            {
                continue;
            }

            await Assert.ThrowsAsync<FairleadException>(() => SendAsync(sender, [(byte)kind, .. new byte[6]], default));
        }
    }

    // A call whose keys collide.
    private static async Task CollideAsync(IBesieged service)
    {
        const int Factor = -1521134295;
        Dictionary<Point, int> colliding = Enumerable.Range(0, 3000).ToDictionary(static i => new Point(i, unchecked(7 - (i * Factor))));
        Exception? refused = await Record.ExceptionAsync(() => service.PointsAsync(colliding).AsTask());
        Assert.Contains("collide", refused!.Message, StringComparison.Ordinal);
    }

    // Frames that the server refuses, one after the other.
    private static async Task BesiegeAsync(Requester sender, CancellationToken end)
    {
        byte[] tooLong = [.. Frames.Session(Guid.NewGuid()), .. new byte[Piece]];
        while (!end.IsCancellationRequested)
        {
            await Assert.ThrowsAsync<FairleadException>(() => SendAsync(sender, tooLong, CancellationToken.None));
        }
    }

    /// <summary>Returns how many calls a second a client makes; 0 if nothing is to be measured.</summary>
    private static async Task<double> RateAsync(IBesieged service)
    {
        var clock = Stopwatch.StartNew();
        int calls = 0;
        while (clock.Elapsed < Measured)
        {
            Assert.Equal(calls + 1, await service.AddAsync(calls++, 1));
        }

        return calls / clock.Elapsed.TotalSeconds;
    }

    private static async Task UnreadAsync(IBesieged service, CancellationToken end)
    {
        await using IAsyncEnumerator<int> numbers = service.CountAsync(1_000_000, end).GetAsyncEnumerator(end);
        Assert.True(await numbers.MoveNextAsync());
        await new TaskCompletionSource().Task.WaitAsync(end);
    }

    private static async Task SendAsync(Requester sender, byte[] frame, CancellationToken end)
    {
        using Message reply = await sender.RequestAsync(frame, new RequestOptions { Timeout = Watchdog }, end);
        Assert.Equal((byte)ReplyStatus.Refused, reply.Span[0]);
    }

    private static async Task ServeAsync(IBesieged service)
    {
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(i + 1, await service.AddAsync(i, 1).AsTask().WaitAsync(Watchdog));
        }

        Assert.Equal(1000, await service.CountAsync(1000).CountAsync().AsTask().WaitAsync(Watchdog));
        Assert.Equal(499_500, await service.SumAsync(AsyncEnumerable.Range(0, 1000)).AsTask().WaitAsync(Watchdog));
        Assert.Equal(14, await service.AskBackAsync(new Watcher(), 7).AsTask().WaitAsync(Watchdog));
    }
}
