using System.Diagnostics;
using System.Globalization;
using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// Processes that are too slow for their messages, or have stopped: the cost to the others, and whether every message is accounted for.
/// </summary>
[SlowRun]
public abstract class SlowPeerContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    /// <summary>The limit of either process's managed heap, beyond which it dies. A quarter of what is published.</summary>
    private const long HeapLimit = 64 << 20;

    /// <summary>The limit of either process's total memory, including the runtime and its code.</summary>
    private const long MemoryLimit = 160 << 20;

    [Theory]
    [InlineData("wait")]
    [InlineData("drop-oldest")]
    [InlineData("drop-newest")]
    [InlineData("latest")]
    public async Task A_subscriber_far_slower_than_its_publisher_costs_no_memory_and_knows_its_misses(string full)
    {
        const int Count = 20_000;
        const int Size = 12_500;
        Dictionary<string, string?> limits = new()
        {
            ["DOTNET_GCHeapHardLimit"] = HeapLimit.ToString("X", CultureInfo.InvariantCulture),
            ["DOTNET_gcServer"] = "0",
        };
        PeerProcess publisher = Track(PeerProcess.Start(limits, "publisher", "bind", NewPlace().ToString()));
        Address place = Bare(await publisher.AnswerAsync());
        PeerProcess subscriber = Track(PeerProcess.Start(limits, "subscriber", "connect", With(place, $"full={full}").ToString(), ">"));
        await subscriber.AnswerAsync();

        await subscriber.TellAsync("slow 50");
        await publisher.TellAsync(string.Create(CultureInfo.InvariantCulture, $"flood {Count} {Size}"));
        double[] published = Numbers(await publisher.AnswerAsync());
        double[] received = Numbers(await subscriber.AnswerAsync());
        Output.WriteLine(
            $"publisher: {published[0]} acknowledged, {published[1]} dropped, {published[2]} µs each, "
                + $"{published[3] / (1 << 20):0} MiB at most");
        Output.WriteLine(
            $"subscriber: {received[0]} received, {received[1]} missed with messages, {received[2]} in all, "
                + $"{received[3] / (1 << 20):0} MiB at most");

        Assert.Equal(Count, received[0] + received[2]);
        Assert.Equal(received[0], published[0]);
        Assert.Equal(received[2], published[1]);
        Assert.InRange(published[3], 0, MemoryLimit);
        Assert.InRange(received[3], 0, MemoryLimit);
        if (full == "wait")
        {
            Assert.Equal(0, received[2]);
        }
    }

    [Fact]
    public async Task A_receiver_far_slower_than_its_sender_holds_it_back_and_costs_no_memory()
    {
        const int Count = 50_000;
        const int Size = 5_000;
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace(), Unhurried));
        PeerProcess sender = Track(
            PeerProcess.Start(
                new Dictionary<string, string?> { ["DOTNET_GCHeapHardLimit"] = HeapLimit.ToString("X", CultureInfo.InvariantCulture) },
                "sender",
                "connect",
                Bare(receiver.Address).ToString()));
        await sender.AnswerAsync();
        await sender.TellAsync(string.Create(CultureInfo.InvariantCulture, $"send {Count} {Size}"));
        long most = 0;
        for (int i = 0; i < Count; i++)
        {
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal(Size, message.Length);
            most = Math.Max(most, receiver.Statistics.QueueDepth);
        }

        await sender.AnswerAsync();
        long peak = 1024
            * long.Parse(
                File.ReadLines($"/proc/{sender.Id}/status")
                    .First(static line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
                CultureInfo.InvariantCulture);
        Output.WriteLine($"at most {most} messages lay at the receiver; the sender had {peak / (1 << 20)} MiB at most");
        Assert.InRange(most, 0, ((1 << 20) / Size) + 2);
        Assert.InRange(peak, 0, MemoryLimit);
    }

    [Fact]
    public async Task A_stopped_client_is_disconnected_without_an_effect_on_the_others()
    {
        int others = TestSize.Of(24, full: 99);
        const int Rounds = 150;
        const int Window = 100;
        Hub hub = Track(await Hub.BindAsync(NewPlace(), new() { HandshakeTimeout = Unhurried.HandshakeTimeout }));
        PeerProcess audience = Track(
            PeerProcess.Start("audience", Bare(hub.Address).ToString(), others.ToString(CultureInfo.InvariantCulture)));
        await audience.AnswerAsync();
        PeerProcess stopping = Track(PeerProcess.Start("audience", With(Bare(hub.Address), $"messages={Window}").ToString(), "1"));
        await stopping.AnswerAsync();
        await Until(() => hub.Clients.Count == others + 1, "all have come");
        HubClient stopped = hub.Clients.Single(client =>
            Transport.KnowsPeer ? client.Peer.ProcessId == stopping.Id : client.Number == others + 1);

        await using IAsyncEnumerator<HubEvent> events = hub.Events().GetAsyncEnumerator();
        HubEvent.Left? left = null;
        int next = 0;
        await RunAsync(others + 1, "with all");
        await stopping.StopAsync();
        await RunAsync(others, "one has stopped");
        while (left is null)
        {
            await HearAsync(null);
        }

        Assert.Equal((stopped, CloseReason.SlowConsumer), (left.Client, left.Reason));

        // Its window was full, and the notice behind it fits into the kernel's buffer, or waits ten seconds in a session over UDP: so it
        // continues now, and not after more rounds. It was stopped in those behind its window, too.
        stopping.Continue();
        Assert.Equal($"{Rounds + Window} {CloseReason.SlowConsumer}", await stopping.AskAsync("end"));
        await RunAsync(others, "it was sent away");
        Assert.Equal(1, hub.Statistics.Dropped);
        await hub.CloseAsync(60.Seconds());
        Assert.Equal(
            string.Join(", ", Enumerable.Repeat($"{3 * Rounds} {CloseReason.ClosedByPeer}", others)), await audience.AskAsync("end"));

        async Task RunAsync(int answers, string when)
        {
            List<TimeSpan> times = [];
            for (int i = 0; i < Rounds; i++)
            {
                byte[] message = Payload.Make(next++, 100);
                long start = Stopwatch.GetTimestamp();
                await hub.BroadcastAsync(message.AsSpan());
                for (int heard = 0; heard < answers;)
                {
                    if (await HearAsync(next - 1))
                    {
                        heard++;
                        times.Add(Stopwatch.GetElapsedTime(start));
                    }
                }
            }

            times.Sort();
            Output.WriteLine(
                $"{when}: median {times[times.Count / 2].TotalMicroseconds:0} µs, "
                    + $"99th percentile {times[times.Count * 99 / 100].TotalMicroseconds:0} µs");
        }

        async Task<bool> HearAsync(int? expected)
        {
            Assert.True(await events.MoveNextAsync());
            switch (events.Current)
            {
                case HubEvent.Said said:
                    Assert.Equal(expected, Payload.Check(said.Message.Span).Number);
                    Assert.True(left is null || said.Client != stopped);
                    return true;
                case HubEvent.Left gone:
                    Assert.Null(left);
                    left = gone;
                    return false;
                default:
                    return false;
            }
        }
    }

    [Fact]
    public async Task A_stopped_subscriber_is_reported_and_its_continuation_too()
    {
        SkipUnless(Transport.KnowsPeer, "the kernel does not tell which process the peer is");
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace(), new() { HandshakeTimeout = Unhurried.HandshakeTimeout }));
        PeerProcess subscriber = Track(
            PeerProcess.Start("subscriber", "connect", With(Bare(publisher.Address), "full=drop-oldest&messages=10").ToString(), ">"));
        await subscriber.AnswerAsync();
        await publisher.WaitForSubscribersAsync("t", 1);
        StoppedPeers peers = new(publisher);
        await subscriber.StopAsync();
        while (publisher.Statistics.Dropped == 0)
        {
            await publisher.PublishAsync("t", new byte[100]);
        }

        Assert.Equal(subscriber.Id, (await peers.Stopped).ProcessId);
        subscriber.Continue();
        Assert.Equal(subscriber.Id, (await peers.Resumed).ProcessId);
    }

    [Fact]
    public async Task A_receiver_that_is_stopped_is_reported_while_a_message_waits()
    {
        SkipUnless(Transport.KnowsPeer, "the kernel does not tell which process the peer is");
        Sender sender = Track(await Sender.BindAsync(NewPlace(), Unhurried));
        PeerProcess receiver = Track(PeerProcess.Start("receiver", "connect", Bare(sender.Address).ToString()));
        await receiver.AnswerAsync();
        StoppedPeers peers = new(sender);
        await receiver.StopAsync();
        Task sending;
        do
        {
            sending = sender.SendAsync(new byte[50_000]).AsTask();
        }
        while (sending.IsCompletedSuccessfully);

        Assert.Equal(receiver.Id, (await peers.Stopped).ProcessId);
        Assert.False(sending.IsCompleted);
        receiver.Continue();
        Assert.Equal(receiver.Id, (await peers.Resumed).ProcessId);
    }

    /// <summary>Which peers an endpoint has reported as stopped, and as running again.</summary>
    private sealed class StoppedPeers
    {
        private readonly TaskCompletionSource<Peer> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<Peer> _resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public StoppedPeers(MessagingEndpoint endpoint) => endpoint.StateChanged += (_, change) =>
        {
            if (change.State == EndpointState.PeerStopped)
            {
                _stopped.TrySetResult(change.Peer!);
            }
            else if (change.State == EndpointState.PeerResumed)
            {
                _resumed.TrySetResult(change.Peer!);
            }
        };

        public Task<Peer> Stopped => _stopped.Task;

        public Task<Peer> Resumed => _resumed.Task;
    }

    private static double[] Numbers(string words) =>
        [.. words.Split(' ').Select(static word => double.Parse(word, CultureInfo.InvariantCulture))];
}
