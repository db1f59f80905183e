using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Tests.Contracts;
using Fairlead.Testing;
using Client = Fairlead.Peer;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>A connection that sends malformed frames, one after the other, is ended.</summary>
public sealed class CutOffTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);
    private static readonly int Most = new RpcServerOptions().MaxMalformedFrames;

    public static TheoryData<string, bool> Transports => new()
    {
        { "inproc", false },
        { "unix", false },
        { "unix", true },
        { "tcp", false },
        { "tcp", true },
        { "shm", true },
    };

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task More_malformed_frames_than_the_limit_end_their_connection_only(string transport, bool areArguments)
    {
        await using RpcServer server = await Rpc.ServeAsync<IBesieged>(Contracts.Places.New(transport), new Besieged());
        string address = $"{server.Addresses[0]}";
        using CutOffs cutOffs = new(server.Addresses[0]);
        await using RpcClient<IBesieged> honest = await Rpc.ConnectAsync<IBesieged>(address);
        await using Requester hostile = await Requester.ConnectAsync(server.Addresses[0]);
        byte[] frame = areArguments ? Call(server) : [99, 1, 2, 3];
        for (int i = 0; i < Most; i++)
        {
            FairleadException refused = await Assert.ThrowsAsync<FairleadException>(() => SendAsync(hostile, frame));
            Assert.Equal(ErrorCode.Corrupt, refused.Code);
        }

        Assert.Empty(cutOffs.Reasons);
        await Assert.ThrowsAsync<FairleadException>(() => SendAsync(hostile, frame));
        Assert.True(SpinWait.SpinUntil(() => cutOffs.Reasons.Count == 1 && cutOffs.Counted == 1, Watchdog));
        await hostile.Completion.WaitAsync(Watchdog);
        Assert.Contains($"more than {Most} frames in 10 s", cutOffs.Reasons.Single(), StringComparison.Ordinal);

        // Others go on, also those of the same client, unless they bring further ones.
        Assert.Equal(3, await honest.Service.AddAsync(1, 2).AsTask().WaitAsync(Watchdog));
        await using Requester next = await Requester.ConnectAsync(server.Addresses[0]);
        await Assert.ThrowsAsync<FairleadException>(() => SendAsync(next, frame));
        await next.Completion.WaitAsync(Watchdog);
        Assert.Equal(7, await honest.Service.AddAsync(3, 4).AsTask().WaitAsync(Watchdog));
    }

    [Fact]
    public void Malformed_frames_of_the_last_ten_seconds_are_counted_per_client()
    {
        Clock clock = new();
        List<Client> ended = [];
        MalformedFrames frames = new(
            new RpcServerOptions { MaxMalformedFrames = 3, Endpoint = new EndpointOptions { TimeProvider = clock } },
            (client, _) => ended.Add(client));
        Client one = new() { ProcessId = 1 };
        Client again = new() { ProcessId = 1 };
        Fail(one, 3);
        Fail(new Client { ProcessId = 2 }, 3);
        clock.Now += MalformedFrames.Span + TimeSpan.FromTicks(1);
        Fail(one, 1);
        Fail(again, 1);
        clock.Now += MalformedFrames.Span / 2;
        Fail(one, 1);
        Assert.Empty(ended);

        // The first of them came half of the time ago. Each connection that brings more is ended.
        Fail(again, 1);
        Assert.Same(again, Assert.Single(ended));
        Fail(one, 1);
        Assert.Same(one, ended[1]);
        clock.Now += MalformedFrames.Span * 2;
        Fail(one, 3);
        Assert.Equal(2, ended.Count);

        // Clients that have sent none for long are forgotten.
        for (int i = 0; i < 1000; i++)
        {
            clock.Now += MalformedFrames.Span / 50;
            Fail(new Client { ProcessId = 10 + i }, 1);
        }

        Fail(one, 3);
        Assert.Equal(2, ended.Count);

        void Fail(Client client, int count)
        {
            for (int i = 0; i < count; i++)
            {
                using var request = HandmadeRequest.Create([99], client);
                frames.Fail(request.Request, "it is none");
                Assert.Equal((ErrorCode.Corrupt, "it is none"), (request.Error, request.ErrorText));
            }
        }
    }

    /// <summary>A client of another version may send them.</summary>
    [Fact]
    public void Refused_values_and_lack_of_memory_do_not_count_as_malformed_frames()
    {
        int ended = 0;
        MalformedFrames frames = new(new RpcServerOptions { MaxMalformedFrames = 1 }, (_, _) => ended++);
        Client one = new() { ProcessId = 1 };
        for (int i = 0; i < 3; i++)
        {
            frames.Count(one, (RpcFormatException)RpcReader.NotInUnion<object>(7));
            frames.Count(one, new RpcFormatException("no memory") { Code = ErrorCode.Full });
            Assert.Equal(0, ended);
        }

        frames.Count(one, RpcReader.Corrupt("short"));
        frames.Count(one, RpcReader.Corrupt("short"));
        Assert.Equal(1, ended);
    }

    [Fact]
    public async Task A_responder_disconnects_only_the_given_requester()
    {
        await using Responder responder = await Responder.BindAsync(Contracts.Places.New("unix"));
        TaskCompletionSource<Client> left = new(TaskCreationOptions.RunContinuationsAsynchronously);
        responder.PeerLeft += (_, gone) => left.TrySetResult(gone.Peer);
        await using Requester stays = await Requester.ConnectAsync(responder.Address);
        await using Requester goes = await Requester.ConnectAsync(responder.Address);
        Task<Message> asked = goes.RequestAsync("x"u8).AsTask();
        using Request request = await responder.ReceiveAsync(Watchdog);
        Client peer = request.Peer;
        Assert.True(responder.Disconnect(peer, "because"));
        Assert.Same(peer, await left.Task.WaitAsync(Watchdog));
        Assert.True(SpinWait.SpinUntil(() => request.CancellationToken.IsCancellationRequested, Watchdog));
        var ended = await Assert.ThrowsAsync<FairleadException>(() => asked.WaitAsync(Watchdog));
        Assert.Contains("because", ended.Message, StringComparison.Ordinal);
        Assert.False(responder.Disconnect(peer, "because"));
        Assert.False(responder.Disconnect(new Client { ProcessId = Environment.ProcessId }, "because"));
        Assert.Single(responder.Peers);
    }

    private static byte[] Call(RpcServer server)
    {
        int member = server.Description.Members.Index().Single(static one => one.Item.Name == nameof(IBesieged.AddAsync)).Index;
        RpcWriter call = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            // One of two arguments.
            Frames.WriteCall(ref call, (ushort)member, server.Description.Hash);
            call.WriteInt32(1);
            return call.Written.ToArray();
        }
        finally
        {
            call.Dispose();
        }
    }

    private static async Task SendAsync(Requester sender, byte[] frame)
    {
        using Message reply = await sender.RequestAsync(frame, new RequestOptions { Timeout = Watchdog });
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }

    /// <summary>Listens to the events and the counter of one endpoint.</summary>
    private sealed class CutOffs : EventListener
    {
        private readonly string _address;
        private readonly MeterListener _meter = new();
        private long _counted;

        public CutOffs(Address address)
        {
            _address = address.ToString();
            _meter.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name == "fairlead.peers.cut_off")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _meter.SetMeasurementEventCallback<long>((_, count, tags, _) =>
            {
                foreach (KeyValuePair<string, object?> tag in tags)
                {
                    if (tag.Key == "messaging.destination.name" && (string?)tag.Value == address.WithoutOptions().ToString())
                    {
                        Interlocked.Add(ref _counted, count);
                    }
                }
            });
            _meter.Start();
        }

        public ConcurrentQueue<string> Reasons { get; } = new();

        public long Counted => Interlocked.Read(ref _counted);

        public override void Dispose()
        {
            _meter.Dispose();
            base.Dispose();
        }

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "Fairlead")
            {
                EnableEvents(eventSource, EventLevel.Warning);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventName == "CutOff" && (string?)eventData.Payload![0] == _address)
            {
                Reasons.Enqueue((string)eventData.Payload[2]!);
            }
        }
    }
}
