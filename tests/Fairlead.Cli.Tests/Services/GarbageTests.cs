using System.Net;
using System.Net.Sockets;
using System.Text;
using Fairlead.Cli.Commands;
using Fairlead.Cli.Commands.Calling;
using Fairlead.Cli.Services;
using Fairlead.Cli.Services.Tftp;
using Fairlead.Cli.Tests.Running;
using Fairlead.Conformance;
using Fairlead.Memory;

namespace Fairlead.Cli.Tests.Services;

/// <summary>Each service in each of its modes survives each kind of garbage, and answers the next honest client.</summary>
[FullRun(Reason.Variants)]
public sealed class GarbageTests : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly ToolHome _home = new();
    private readonly CancellationTokenSource _end = new();

    /// <summary>The services of the product's own table, each with the modes that run in one process.</summary>
    public static TheoryData<string, string> ServicesInModes
    {
        get
        {
            TheoryData<string, string> rows = [];
            foreach (var service in ServiceArguments.Served)
            {
                foreach (var mode in service == "shmtime" ? [default] : Enum.GetValues<ServeMode>().Except([ServeMode.Process]))
                {
                    rows.Add(service, mode.ToString());
                }
            }

            return rows;
        }
    }

    /// <summary>The services that a child process serves. A child costs much, so the usual run has the first alone.</summary>
    public static TheoryData<string> ServicesOfChildren => [.. ServiceArguments.Names.Take(TestSize.Of(1, full: int.MaxValue))];

    public void Dispose()
    {
        _end.Dispose();
        _home.Dispose();
    }

    [Theory]
    [MemberData(nameof(ServicesInModes))]
    public async Task A_service_survives_garbage(string service, string mode)
    {
        switch (service)
        {
            case "shmtime":
                await ServeClockAsync();
                break;
            case "tftp":
                await ServeFilesAsync(Enum.Parse<ServeMode>(mode));
                break;
            default:
                await ServeAsync(ServiceArguments.KindOf(service), Enum.Parse<ServeMode>(mode));
                break;
        }
    }

    [Theory]
    [MemberData(nameof(ServicesOfChildren))]
    public async Task A_service_with_a_process_per_client_survives_garbage(string service)
    {
        var (_, address) = await _home.ServeAsync("serve", service, "tcp://127.0.0.1:0", "--mode", "process");
        IPEndPoint place = new(IPAddress.Loopback, Address.Parse(address).Port!.Value);
        Garbage garbage = new(ServiceArguments.KindOf(service));
        foreach (var send in Garbage.OfStreams)
        {
            using var socket = Garbage.Connect(place, SocketType.Stream);
            send(socket);
        }

        garbage.CheckStream(place);
    }

    private async Task ServeAsync(ServiceKind kind, ServeMode mode)
    {
        Service service = new(kind, TimeZoneInfo.Utc);
        var workers = mode == ServeMode.Threads ? new ClientThreads(service, 4, isVerbose: false) : null;
        using ServiceServer server = new(service, mode, workers, once: false, isVerbose: false);
        IPEndPoint tcp = new(IPAddress.Loopback, server.Listen("tcp://127.0.0.1:0").Port!.Value);
        IPEndPoint udp = new(IPAddress.Loopback, server.Listen("udp://127.0.0.1:0").Port!.Value);
        UnixDomainSocketEndPoint unix = new(Path.Combine(_home.Work, "stream"));
        UnixDomainSocketEndPoint packets = new(Path.Combine(_home.Work, "packets"));
        UnixDomainSocketEndPoint datagrams = new(Path.Combine(_home.Work, "datagrams"));
        _ = server.Listen($"unix://{unix}");
        _ = server.Listen($"unixpacket://{packets}");
        _ = server.Listen($"unixgram://{datagrams}");
        var running = Run(() => server.Run(_end.Token));
        Garbage garbage = new(kind);

        foreach (var place in new EndPoint[] { tcp, unix })
        {
            foreach (var send in Garbage.OfStreams)
            {
                using (var socket = Garbage.Connect(place, SocketType.Stream))
                {
                    send(socket);
                }

                garbage.CheckStream(place);
            }
        }

        foreach (var send in Garbage.OfPackets)
        {
            using (var socket = Garbage.Connect(packets, SocketType.Seqpacket))
            {
                send(socket);
            }

            using var honest = Garbage.Connect(packets, SocketType.Seqpacket);
            garbage.CheckMessage(honest);
        }

        foreach (var place in new EndPoint[] { udp, datagrams })
        {
            using var sender = Garbage.Connect(place, SocketType.Dgram);
            Garbage.SendDatagrams(sender);
            using var honest = Garbage.Connect(place, SocketType.Dgram, place == datagrams ? Path.Combine(_home.Work, "own") : null);
            garbage.CheckMessage(honest);
        }

        garbage.CheckStream(tcp);
        await EndAsync(running);
    }

    [Theory]
    [InlineData("echo")]
    [InlineData("chargen")]
    [InlineData("time")]
    public async Task A_service_at_all_addresses_answers_from_the_requested_address(string service)
    {
        Garbage client = new(ServiceArguments.KindOf(service));
        using ServiceServer server = new(
            new Service(ServiceArguments.KindOf(service), TimeZoneInfo.Utc), default, null, once: false, isVerbose: false);
        IPEndPoint place = new(IPAddress.Parse("127.0.0.2"), server.Listen("udp://*:0").Port!.Value);
        var running = Run(() => server.Run(_end.Token));

        // Connected: it receives from this address alone.
        using var socket = Garbage.Connect(place, SocketType.Dgram);
        client.CheckMessage(socket);
        await EndAsync(running);
    }

    private async Task ServeFilesAsync(ServeMode mode)
    {
        File.WriteAllText(Path.Combine(_home.Work, "file"), "text");
        using TftpServer server = new(new TftpFolder(_home.Work), mode, 4, once: false, isVerbose: false);
        IPEndPoint place = new(IPAddress.Loopback, server.Listen("udp://127.0.0.1:0").Port!.Value);
        var running = Run(() => server.Run(_end.Token));
        byte[] request = [0, 1, .. "file\0octet\0"u8];
        foreach (var beginning in new byte[][] { [], [0], [0, 1], request[..5], [0, 3, 0, 1], [0, 4, 255, 255], [0, 5], [0, 6], request })
        {
            // The last is a request of a client that has gone before its answer: its closed port ends the transfer.
            using (var sender = Garbage.Connect(place, SocketType.Dgram))
            {
                Garbage.SendDatagrams(sender);
                sender.Send(beginning);
            }

            using Socket honest = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
            {
                ReceiveTimeout = (int)Watchdog.TotalMilliseconds,
            };
            honest.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            honest.SendTo(request, place);
            byte[] block = new byte[600];
            EndPoint transfer = new IPEndPoint(IPAddress.Any, 0);
            Assert.Equal([0, 3, 0, 1, .. "text"u8], block[..honest.ReceiveFrom(block, ref transfer)]);
            honest.SendTo([0, 4, 0, 1], transfer);
        }

        await EndAsync(running);
    }

    private async Task ServeClockAsync()
    {
        var key = Random.Shared.Next(1, int.MaxValue);
        var running = Run(() => SharedClock.Serve(key, null, TimeZoneInfo.Utc, once: false, _end.Token));
        using CancellationTokenSource watchdog = new(Watchdog);
        Assert.Matches(Garbage.DatePattern, SharedClock.Ask(key, Watchdog, watchdog.Token));
        using (var region = SharedRegion.OpenSystemV(key))
        {
            foreach (var fill in new byte[] { 0, (byte)'?', (byte)'9', 255 })
            {
                region.Span<byte>(0, SharedClock.Size).Fill(fill);
                Assert.Matches(Garbage.DatePattern, SharedClock.Ask(key, Watchdog, watchdog.Token));
            }

            Random.Shared.NextBytes(region.Span<byte>(0, SharedClock.Size));
            Assert.Matches(Garbage.DatePattern, SharedClock.Ask(key, Watchdog, watchdog.Token));
        }

        await EndAsync(running);
        Assert.Null(SharedRegion.FindSystemV(key));
    }

    private static Task Run(Action serve) =>
        Task.Factory.StartNew(serve, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Ends a server, whose only way out is the cancellation.</summary>
    private async Task EndAsync(Task running)
    {
        Assert.False(running.IsCompleted, running.Exception?.ToString());
        await _end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Watchdog));
    }
}
