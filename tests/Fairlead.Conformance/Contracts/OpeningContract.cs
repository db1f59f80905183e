using Fairlead.Diagnostics;
using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>Which endpoints may meet, at which addresses, and with which options.</summary>
public abstract class OpeningContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    private static readonly Dictionary<string, string[]> Partners = new(StringComparer.Ordinal)
    {
        ["sender"] = ["receiver"],
        ["receiver"] = ["sender"],
        ["requester"] = ["responder"],
        ["responder"] = ["requester"],
        ["publisher"] = ["subscriber"],
        ["subscriber"] = ["publisher"],
        ["pair"] = ["pair"],
        ["hub"] = ["pair"],
    };

    [Fact]
    public async Task Every_pattern_connects_to_its_partner_and_to_no_other()
    {
        SkipUnless(Transport.HasPeers, "its ends do not meet");

        foreach ((string bound, string[] partners) in Partners)
        {
            MessagingEndpoint server = Track(await BindAsync(bound, NewPlace()));
            foreach (string connecting in Partners.Keys.Where(name => name != "hub"))
            {
                if (partners.Contains(connecting))
                {
                    MessagingEndpoint client = Track(await ConnectAsync(connecting, Bare(server.Address)));
                    await Until(() => server.Peers.Count == 1, "they have met");
                    Assert.Single(client.Peers);
                    Assert.Equal((true, false), (server.IsBound, client.IsBound));
                    client.Dispose();
                    await Until(() => server.Peers.Count == 0, "it has left");
                }
                else
                {
                    FairleadException error = await FailsAsync(
                        ErrorCode.Incompatible, async () => await ConnectAsync(connecting, Bare(server.Address)));
                    Assert.Contains(bound, error.Message, StringComparison.OrdinalIgnoreCase);
                    Assert.Contains(connecting, error.Message, StringComparison.OrdinalIgnoreCase);
                }
            }

            server.Dispose();
        }
    }

    [Fact]
    public async Task A_second_bind_of_a_name_is_refused_and_names_the_holder()
    {
        SkipUnless(Transport.HasPeers, "nobody holds a place");

        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));

        FairleadException error = await FailsAsync(ErrorCode.AlreadyExists, async () => await Responder.BindAsync(Bare(receiver.Address)));
        Output.WriteLine(error.Message);
        if (Transport.CrossesProcesses)
        {
            Assert.Equal(Environment.ProcessId, error.Peer?.ProcessId);
            Assert.Contains($"pid {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
        }

        Sender sender = Track(await Sender.ConnectAsync(Bare(receiver.Address)));
        sender.Send("undisturbed"u8);
        (await receiver.ReceiveAsync()).Dispose();
        Assert.Single(receiver.Peers);
    }

    [Theory]
    [InlineData("mesages=10", "messages")]
    [InlineData("messages=many", "messages")]
    [InlineData("capacity=large", "capacity")]
    [InlineData("heartbeat=often", "heartbeat")]
    [InlineData("maxmessage=-1", "maxmessage")]
    [InlineData("framing=xml", "framing")]
    [InlineData("wait=soon", "wait")]
    public async Task An_unknown_or_ill_formed_option_is_refused_not_ignored(string option, string named)
    {
        AddressFormatException bind = Assert.Throws<AddressFormatException>(() => Receiver.Bind(NewPlace(option)));
        Assert.Contains(named, bind.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<AddressFormatException>(async () => await Receiver.BindAsync(NewPlace(option)));
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        await Assert.ThrowsAsync<AddressFormatException>(async () => await Sender.ConnectAsync(With(Bare(receiver.Address), option)));
        Assert.Throws<AddressFormatException>(() => Sender.Connect(With(Bare(receiver.Address), option)));
        AssertUnvisited(receiver);
    }

    [Fact]
    public async Task A_bound_sender_serves_one_receiver_at_a_time()
    {
        SkipUnless(Transport.HasPeers, "any number may read");

        Sender sender = Track(await Sender.BindAsync(NewPlace()));
        Receiver first = Track(await Receiver.ConnectAsync(Bare(sender.Address)));

        FairleadException full = await FailsAsync(ErrorCode.Full, async () => await Receiver.ConnectAsync(Bare(sender.Address)));
        Output.WriteLine(full.Message);
        sender.Send("1"u8);
        (await first.ReceiveAsync()).Dispose();
        first.Dispose();
        await Until(() => sender.Peers.Count == 0, "the first has left");

        Assert.Equal(SendResult.NoPeer, sender.TrySend("nobody"u8));
        Receiver second = Track(await Receiver.ConnectAsync(Bare(sender.Address)));
        sender.Send("2"u8);
        using Message message = await second.ReceiveAsync();
        Assert.Equal("2", message.Text);
    }

    [Fact]
    public async Task Every_call_at_a_connected_endpoint_without_its_peer_reports_PeerGone()
    {
        SkipUnless(Transport.HasPeers, "another peer may come");

        (Sender sender, Receiver receiver) = await OpenAsync();
        sender.Send("1"u8);
        (await receiver.ReceiveAsync()).Dispose();
        receiver.Dispose();

        await Until(
            () =>
            {
                try
                {
                    return sender.TrySend("2"u8) == SendResult.PeerGone;
                }
                catch (FairleadException)
                {
                    return false;
                }
            },
            "the end is seen");
        FairleadException error = Fails(ErrorCode.PeerGone, () => sender.Send("3"u8));
        Output.WriteLine(error.Message);
        await FailsAsync(ErrorCode.PeerGone, async () => await sender.SendAsync("4"u8));
        await FailsAsync(ErrorCode.PeerGone, async () => await sender.SendAsync(new byte[100_000].AsMemory()));
        Assert.Equal(DeliveryStatus.NotDelivered, sender.Deliver("5"u8).Status);
        Assert.Equal(ErrorCode.PeerGone, (await sender.DeliverAsync("6"u8)).Cause);

        (sender, receiver) = await OpenAsync(senderBinds: true);
        sender.Send("7"u8);
        sender.Dispose();
        using (Message last = await receiver.ReceiveAsync())
        {
            Assert.Equal("7", last.Text);
        }

        Fails(ErrorCode.PeerGone, () => receiver.Receive());
        Fails(ErrorCode.PeerGone, () => receiver.TryReceive(out _));
        await FailsAsync(ErrorCode.PeerGone, async () => await receiver.ReceiveAsync());
        Assert.Throws<FairleadException>(() => receiver.TryReceive(1.Seconds(), out _));
    }

    [Fact]
    public async Task A_cancelled_token_prevents_binding_and_connecting()
    {
        CancellationToken over = new(canceled: true);
        Address place = NewPlace();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Receiver.BindAsync(place, null, over));
        Receiver receiver = Track(await Receiver.BindAsync(place));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Sender.ConnectAsync(Bare(receiver.Address), null, over));
        AssertUnvisited(receiver);
    }

    [Fact]
    public async Task Many_connections_open_and_close_and_leave_nothing()
    {
        SkipUnless(Transport.HasPeers, "no connection comes to an end that is bound");

        int count = TestSize.Of(240, full: 1_000);
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        Address place = Bare(receiver.Address);
        async Task RoundAsync(int from, int each)
        {
            for (int i = 0; i < each; i++)
            {
                Sender sender = i % 5 == 0 ? await OnThread(() => Sender.Connect(place)) : await Sender.ConnectAsync(place);
                sender.Send(Payload.Make(i, 100, from));
                if (i % 3 == 0)
                {
                    sender.Dispose();
                }
                else
                {
                    await sender.CloseAsync(90.Seconds());
                }
            }
        }

        int received = 0;
        Task receiving = receiver.RunAsync((message, _) =>
        {
            Payload.Check(message.Span);
            received++;
            return default;
        });
        await RoundAsync(0, 20);
        await Until(() => receiver.Peers.Count == 0, "the first have left");
        int entries = Entries();

        await Task.WhenAll(Enumerable.Range(1, 4).Select(from => RoundAsync(from, count / 4)));
        await Until(() => receiver.Peers.Count == 0 && received == count + 20, "all have left, and everything has arrived");

        // Other tests of this process have descriptors too: the test counts only this endpoint's own.
        Assert.Equal(entries, Entries());
        Assert.Equal(count + 20, receiver.Statistics.MessagesReceived);
        receiver.Dispose();
        await Assert.ThrowsAnyAsync<ObjectDisposedException>(() => receiving);

        int Entries() => Diagnostics.EndpointRegistry.List().Count(entry => entry.Address == receiver.Address.ToString());
    }

    /// <summary>Asserts that no peer has come. An end that sees no peers is connected with something else.</summary>
    private void AssertUnvisited(Receiver receiver) => Assert.True(!Transport.HasPeers || receiver.Peers.Count == 0);

    private static async Task<MessagingEndpoint> BindAsync(string pattern, Address address) => pattern switch
    {
        "sender" => await Sender.BindAsync(address),
        "receiver" => await Receiver.BindAsync(address),
        "requester" => await Requester.BindAsync(address),
        "responder" => await Responder.BindAsync(address),
        "publisher" => await Publisher.BindAsync(address),
        "subscriber" => await Subscriber.BindAsync(address),
        "pair" => await Pair.BindAsync(address),
        _ => await Hub.BindAsync(address),
    };

    private static async Task<MessagingEndpoint> ConnectAsync(string pattern, Address address) => pattern switch
    {
        "sender" => await Sender.ConnectAsync(address),
        "receiver" => await Receiver.ConnectAsync(address),
        "requester" => await Requester.ConnectAsync(address),
        "responder" => await Responder.ConnectAsync(address),
        "publisher" => await Publisher.ConnectAsync(address),
        "subscriber" => await Subscriber.ConnectAsync(address),
        _ => await Pair.ConnectAsync(address),
    };
}
