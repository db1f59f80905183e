using System.Globalization;
using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>Every pattern with a real second process; either process may bind.</summary>
[SlowRun]
public abstract class ProcessContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Messages_to_another_process_arrive(bool peerBinds)
    {
        (PeerProcess peer, Sender sender) = await OpenAsync(
            "receiver", peerBinds, address => Sender.BindAsync(address, Unhurried), address => Sender.ConnectAsync(address, Unhurried));

        await peer.TellAsync("take 1000");
        for (int i = 0; i < 1_000; i++)
        {
            await sender.SendAsync(Payload.Make(i, i % 100 == 0 ? 100_000 : 64));
        }

        Assert.Equal("1000", await peer.AnswerAsync());
        Task<Delivery> delivering = sender.DeliverAsync(Payload.Make(1_000, 8)).AsTask();
        Assert.Equal("8", await peer.AskAsync("hold"));
        await peer.AskAsync("reject it is full here");
        Assert.Equal(new Delivery(DeliveryStatus.NotDelivered, "it is full here"), await delivering);
        delivering = OnThread(() => sender.Deliver(Payload.Make(1_001, 200_000)));
        Assert.Equal("200000", await peer.AskAsync("hold"));
        await peer.AskAsync("accept");
        Assert.Equal(new Delivery(DeliveryStatus.Delivered), await delivering);
        Assert.Equal(new CloseReport(1_002, 1_002, 0, 0), await sender.CloseAsync(90.Seconds()));
        Assert.Equal(0, await peer.FinishAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Messages_from_another_process_arrive(bool peerBinds)
    {
        (PeerProcess peer, Receiver receiver) = await OpenAsync(
            "sender", peerBinds, address => Receiver.BindAsync(address, Unhurried), address => Receiver.ConnectAsync(address, Unhurried));

        await peer.TellAsync("send 2000 300");
        for (int i = 0; i < 2_000; i++)
        {
            using Message message = Handled(i % 2 == 0 ? receiver.Receive() : await receiver.ReceiveAsync());
            Assert.Equal(i, Payload.Check(message.Span).Number);
            if (Transport.KnowsPeer)
            {
                Assert.Equal(peer.Id, message.Peer.ProcessId);
            }

            // The arguments may be secrets: a peer on another machine gets the file name alone.
            string? program = message.Peer.Program;
            Assert.True(!Transport.HasPeers || program!.Contains("Fairlead.TestPeer", StringComparison.Ordinal), program);
            Assert.True(
                !Transport.HasPeers || program!.Contains(" sender", StringComparison.Ordinal) != Transport.IsNetwork, program);
        }

        await peer.AnswerAsync();
        await peer.TellAsync("deliver");
        using (Message message = await receiver.ReceiveAsync())
        {
            message.Accept();
        }

        Assert.StartsWith("Delivered", await peer.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal("2001 2001 0 0", await peer.AskAsync("close 90000"));
        Assert.Equal(0, await peer.FinishAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Requests_to_another_process_are_answered(bool peerBinds)
    {
        (PeerProcess peer, Requester requester) = await OpenAsync(
            "responder",
            peerBinds,
            address => Requester.BindAsync(address, Unhurried),
            address => Requester.ConnectAsync(address, Unhurried));
        await peer.AskAsync("echo");

        Task<Message>[] asking = [.. Enumerable.Range(0, 2_000).Select(i => requester.RequestAsync(Payload.Make(i, 40)).AsTask())];
        for (int i = 0; i < asking.Length; i++)
        {
            using Message reply = await asking[i];
            Assert.Equal(i, Payload.Check(reply.Span).Number);
        }

        for (int i = 0; i < 200; i++)
        {
            using Message reply = requester.Request(Payload.Make(i, i * 500), 90.Seconds());
            Assert.Equal(i, Payload.Check(reply.Span).Number);
        }

        requester.Dispose();
        Assert.Equal(0, await peer.FinishAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Requests_from_another_process_are_answered(bool peerBinds)
    {
        (PeerProcess peer, Responder responder) = await OpenAsync(
            "requester",
            peerBinds,
            address => Responder.BindAsync(address, Unhurried),
            address => Responder.ConnectAsync(address, Unhurried));
        Task running = responder.RunAsync((request, _) => request.Memory);

        Assert.Equal("hello there", await peer.AskAsync("request hello there"));
        Assert.Equal("2000", await peer.AskAsync("many 2000"));
        Assert.Equal(0, await peer.FinishAsync());
        responder.Dispose();
        try
        {
            await running;
        }
        catch (ObjectDisposedException)
        {
        }
    }

    [Fact]
    public async Task A_pair_exchanges_messages_with_another_process()
    {
        SkipUnless(Transport.ConnectsPairs, "no two ends have a connection");

        (PeerProcess peer, Pair pair) = await OpenAsync(
            "pair", peerBinds: false, address => Pair.BindAsync(address, Unhurried), address => Pair.ConnectAsync(address, Unhurried));
        await peer.TellAsync("send 1000 50");
        for (int i = 0; i < 1_000; i++)
        {
            await pair.SendAsync(Payload.Make(i, 50));
        }

        for (int i = 0; i < 1_000; i++)
        {
            using Message message = await pair.ReceiveAsync();
            Assert.Equal(i, Payload.Check(message.Span).Number);
        }

        await peer.AnswerAsync();
        Assert.Equal("1000", await peer.AskAsync("take 1000"));
        Assert.Equal(0, await peer.FinishAsync());
        await Until(() => pair.Peers.Count == 0, "the peer has left");
    }

    [Fact]
    public async Task A_hub_serves_three_processes()
    {
        SkipUnless(Transport.ConnectsPairs, "no two ends have a connection");
        SkipUnless(Transport.ServesMany, "it has one peer");

        Hub hub = Track(await Hub.BindAsync(NewPlace()));
        PeerProcess[] peers = new PeerProcess[3];
        for (int i = 0; i < peers.Length; i++)
        {
            peers[i] = Track(PeerProcess.Start("pair", "connect", Bare(hub.Address).ToString()));
            await peers[i].AnswerAsync();
            HubEvent.Joined joined = Assert.IsType<HubEvent.Joined>(hub.NextEvent());
            Assert.Equal(i + 1, joined.Client.Number);
            if (Transport.KnowsPeer)
            {
                Assert.Equal(peers[i].Id, joined.Client.Peer.ProcessId);
            }
        }

        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(3, await hub.BroadcastAsync(Payload.Make(i, 100)));
        }

        foreach (PeerProcess peer in peers)
        {
            Assert.Equal("100", await peer.AskAsync("take 100"));
        }

        await peers[1].AskAsync("send 1 10");
        HubEvent.Said said = Assert.IsType<HubEvent.Said>(hub.NextEvent());
        Assert.Equal(2, said.Client.Number);
        said.Message.Dispose();
        Assert.Equal(0, await peers[2].FinishAsync());
        HubEvent.Left left = Assert.IsType<HubEvent.Left>(hub.NextEvent());
        Assert.Equal((3, CloseReason.ClosedByPeer), (left.Client.Number, left.Reason));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Published_messages_reach_another_process(bool peerBinds)
    {
        SkipUnless(Transport.HasPeers || !peerBinds, "a bound subscriber may be ready later");

        Publisher publisher;
        PeerProcess peer;
        if (peerBinds)
        {
            peer = Track(PeerProcess.Start("subscriber", "bind", NewPlace().ToString(), "a.>"));
            publisher = Track(await Publisher.ConnectAsync(await peer.AnswerAsync()));
        }
        else
        {
            publisher = Track(await Publisher.BindAsync(NewPlace()));
            peer = Track(PeerProcess.Start("subscriber", "connect", Bare(publisher.Address).ToString(), "a.>"));
            await peer.AnswerAsync();
        }

        await Until(() => publisher.Publish("a.first", Payload.Make(0, 10)) == 1, "the topics have arrived");
        for (int i = 1; i < 1_000; i++)
        {
            Assert.Equal(Transport.HasPeers ? 0 : 1, publisher.Publish("b", Payload.Make(i, 10)));
            Assert.Equal(1, publisher.Publish(string.Create(CultureInfo.InvariantCulture, $"a.{i}"), Payload.Make(i, 10)));
        }

        Assert.Equal("1000", await peer.AskAsync("take 1000"));
        Assert.Equal(0, await peer.FinishAsync());
    }

    [Fact]
    public async Task A_message_far_longer_than_the_window_passes_between_processes()
    {
        PeerProcess peer = Track(
            PeerProcess.Start("receiver", "bind", NewPlace(Transport.IsNetwork ? "maxmessage=128MiB" : "").ToString()));
        Sender sender = Track(await Sender.ConnectAsync(Bare(Address.Parse(await peer.AnswerAsync()))));

        int length = TestSize.Of(20 << 20, full: 100 << 20);
        sender.Send(Payload.Shared(0, length).Span);
        Assert.Equal("1", await peer.AskAsync("take 1"));
        await sender.SendAsync(Payload.Shared(1, length));
        Assert.Equal("1", await peer.AskAsync("take 1"));
    }

    [FullRun(Reason.Measures)]
    [Fact]
    public async Task A_thousand_connections_leave_no_descriptor_no_thread_and_no_memory()
    {
        const int MostReactorThreads = 8;
        SkipUnless(Transport.HasPeers, "no connection comes to an end that is bound");
        SkipUnless(Transport.ServesMany, "it has one peer");

        PeerProcess peer = Track(
            PeerProcess.Start("churn", NewPlace().ToString(), $"{Transport.ManyConnections}", $"{MostReactorThreads}"));

        string answer = await peer.AnswerAsync();
        Output.WriteLine(answer);
        string[] words = answer.Split(' ');
        long[] numbers = [.. words[..5].Select(word => long.Parse(word, CultureInfo.InvariantCulture))];
        Assert.InRange(numbers[1], 1, numbers[0] + 2);

        // The runtime's own threads come and go; in a compiled process they have the program's name. Fairlead's reactor may add threads, as
        // many as have been busy at once.
        Assert.InRange(numbers[3], 1, numbers[2] + 20);
        string[] more = words[5].Split(',', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(
            more,
            static name =>
                Assert.True(name is "fairlead_reacto" or "Fairlead.TestPe" || name.StartsWith(".NET_", StringComparison.Ordinal), name));
        Assert.InRange(more.Count(static name => name is "fairlead_reacto"), 0, MostReactorThreads);

        // Any round may add a few pooled pieces of 64 KiB, and each new thread keeps one; a leaked connection would add several KB, a
        // thousand times in each.
        Assert.InRange(numbers[4], long.MinValue, 500_000 + (65_536 * Math.Max(0, numbers[3] - numbers[2])));
        Assert.Equal(0, await peer.FinishAsync());
    }

    private async Task<(PeerProcess Peer, T Endpoint)> OpenAsync<T>(
        string verb, bool peerBinds, Func<Address, ValueTask<T>> bind, Func<Address, ValueTask<T>> connect)
        where T : MessagingEndpoint
    {
        if (peerBinds)
        {
            PeerProcess server = Track(PeerProcess.Start(verb, "bind", NewPlace().ToString()));
            return (server, Track(await connect(Address.Parse(await server.AnswerAsync()))));
        }

        T bound = Track(await bind(NewPlace()));
        PeerProcess client = Track(PeerProcess.Start(verb, "connect", Bare(bound.Address).ToString()));
        await client.AnswerAsync();
        return (client, bound);
    }
}
