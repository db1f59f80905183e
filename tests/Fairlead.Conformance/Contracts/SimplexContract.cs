using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>A one-way transport without answers that loses nothing: messages of type 1, and a clear error for all other types.</summary>
public abstract class SimplexContract(TransportUnderTest transport, ITestOutputHelper output) : PassingContract(transport, output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Unread_messages_make_the_sender_wait(bool senderBinds)
    {
        SkipUnless(Transport.HasPeers, "it keeps unread messages");

        if (senderBinds && IsRefusedToSenders())
        {
            return;
        }

        (Sender sender, Receiver receiver) = await OpenBothAsync(senderBinds);
        await Until(() => sender.Peers.Count == 1, "they have met");
        byte[] message = new byte[1_000];
        int sent = 0;
        while (!await IsFullAsync())
        {
            // A receiver that was slow to take its share has made room again.
            Assert.True(sent++ < 100_000, "the sender never waits");
        }

        Output.WriteLine($"{sent} messages of {message.Length} bytes fit");
        Task last = sender.SendAsync("last"u8.ToArray().AsMemory()).AsTask();
        for (int i = 0; i < sent; i++)
        {
            using Message read = await receiver.ReceiveAsync();
            Assert.Equal(message.Length, read.Length);
        }

        await last;
        using Message end = await receiver.ReceiveAsync();
        Assert.Equal("last", end.Text);

        // Sends until a send with a timeout, one that does not wait, and one that is cancelled all find no room. A send that finds some
        // has sent its message, which the caller counts.
        async Task<bool> IsFullAsync()
        {
            try
            {
                sender.Send(message, 50.Milliseconds());
                return false;
            }
            catch (FairleadException full)
            {
                Assert.Equal(ErrorCode.Timeout, full.Code);
            }

            SendResult result = sender.TrySend(message);
            if (result != SendResult.Full)
            {
                Assert.Equal(SendResult.Sent, result);
                return false;
            }

            using CancellationTokenSource cancel = new();
            Task waiting = sender.SendAsync(message.AsMemory(), cancel.Token).AsTask();
            if (!waiting.IsCompleted)
            {
                await cancel.CancelAsync();
            }

            try
            {
                await waiting;
                return false;
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return true;
            }
        }
    }

    [Fact]
    public async Task A_wait_ends_by_its_timeout_and_by_its_token()
    {
        (_, Receiver receiver) = await OpenBothAsync(senderBinds: false);
        Assert.False(receiver.TryReceive(20.Milliseconds(), out _));
        Fails(ErrorCode.Timeout, () => receiver.Receive(20.Milliseconds()));
        using CancellationTokenSource cancel = new();
        Task<Message> waiting = receiver.ReceiveAsync(cancel.Token).AsTask();
        Task blocked = OnThread(() =>
            Assert.ThrowsAny<OperationCanceledException>(() => receiver.Receive(cancellationToken: cancel.Token)));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await blocked;
    }

    [Fact]
    public async Task A_connected_receiver_gets_all_messages_and_then_the_end()
    {
        SkipUnless(Transport.HasPeers, "it outlives its senders, so there is no end");

        if (IsRefusedToSenders())
        {
            return;
        }

        (Sender sender, Receiver receiver) = await OpenBothAsync(senderBinds: true);
        for (int i = 0; i < 100; i++)
        {
            sender.Send(Payload.Make(i, 64));
        }

        CloseReport report = await sender.CloseAsync(90.Seconds());
        Assert.Equal(new CloseReport(100, 100, 0, 0), report);
        int count = 0;
        await foreach (Message message in receiver.ReceiveAllAsync())
        {
            Assert.Equal(count++, Payload.Check(message.Span).Number);
        }

        Assert.Equal(100, count);
        Fails(ErrorCode.PeerGone, () => receiver.Receive());
    }

    [Fact]
    public async Task A_connected_sender_without_its_receiver_reports_PeerGone()
    {
        SkipUnless(Transport.HasPeers, "it needs no reader");

        (Sender sender, Receiver receiver) = await OpenBothAsync(senderBinds: false);
        sender.Send("1"u8);
        (await receiver.ReceiveAsync()).Dispose();
        await receiver.DisposeAsync();
        await Until(() => sender.TrySend("2"u8) == SendResult.PeerGone, "the sender knows");
        Fails(ErrorCode.PeerGone, () => sender.Send("3"u8));
        await FailsAsync(ErrorCode.NotFound, async () => await Sender.ConnectAsync(Bare(sender.Address)));
    }

    [Fact]
    public async Task A_bound_receiver_outlives_its_senders()
    {
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        for (int round = 0; round < 20; round++)
        {
            await using (Sender sender = await Sender.ConnectAsync(receiver.Address))
            {
                await sender.SendAsync(Payload.Make(round, 64));
            }

            using Message message = round % 2 == 0 ? await receiver.ReceiveAsync() : await OnThread(() => receiver.Receive());
            Assert.Equal(round, Payload.Check(message.Span).Number);
        }
    }

    [Fact]
    public async Task A_bound_sender_serves_one_receiver_at_a_time()
    {
        SkipUnless(Transport.HasPeers, "any number may read");

        if (IsRefusedToSenders())
        {
            return;
        }

        Sender sender = Track(await Sender.BindAsync(NewPlace()));
        Assert.Equal(SendResult.NoPeer, sender.TrySend("nobody"u8));
        Task waiting = sender.SendAsync("1"u8.ToArray().AsMemory()).AsTask();
        Receiver first = Track(await Receiver.ConnectAsync(sender.Address));
        FairleadException full = await FailsAsync(ErrorCode.Full, async () => await Receiver.ConnectAsync(sender.Address));
        Output.WriteLine(full.Message);
        await waiting;
        using (Message message = await first.ReceiveAsync())
        {
            Assert.Equal("1", message.Text);
        }

        first.Dispose();
        await Until(() => sender.Peers.Count == 0, "the first has left");
        Receiver second = Track(await Receiver.ConnectAsync(sender.Address));
        await sender.SendAsync("2"u8.ToArray().AsMemory());
        using Message next = await second.ReceiveAsync();
        Assert.Equal("2", next.Text);
    }

    [Fact]
    public async Task A_bound_endpoint_can_be_closed_without_a_peer()
    {
        Address place = NewPlace();
        for (int i = 0; i < 10; i++)
        {
            if (Transport.SendersBind && Transport.HasPeers)
            {
                Sender sender = await Sender.BindAsync(place);
                Task waiting = sender.SendAsync("never"u8.ToArray().AsMemory()).AsTask();
                await sender.DisposeAsync();
                await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
            }

            Receiver receiver = await Receiver.BindAsync(place);
            Task<Message> receiving = receiver.ReceiveAsync().AsTask();
            await receiver.DisposeAsync();
            await Assert.ThrowsAsync<ObjectDisposedException>(() => receiving);
        }
    }

    [Fact]
    public async Task Patterns_that_need_answers_are_refused_with_the_reason()
    {
        Address place = NewPlace();
        foreach (Func<MessagingEndpoint> open in new Func<MessagingEndpoint>[]
            {
                () => Requester.Bind(place),
                () => Responder.Bind(place),
                () => Publisher.Bind(place),
                () => Subscriber.Bind(place),
                () => Pair.Bind(place),
                () => Hub.Bind(place),
                () => WorkQueue.Bind(place),
            })
        {
            FairleadException error = Fails(ErrorCode.NotSupported, () => open());
            Assert.Contains("duplex", error.Message, StringComparison.Ordinal);
            Output.WriteLine(error.Message);
        }

        await FailsAsync(ErrorCode.NotSupported, async () => await Requester.ConnectAsync(place));
        (Sender sender, _) = await OpenBothAsync(senderBinds: false);
        Fails(ErrorCode.NotSupported, () => sender.Deliver("x"u8));
        Output.WriteLine((await FailsAsync(ErrorCode.NotSupported, async () => await sender.DeliverAsync("x"u8))).Message);
    }

    [Fact]
    public async Task A_second_bind_of_an_address_is_refused_and_names_the_holder()
    {
        SkipUnless(Transport.HasPeers, "nobody holds a place");

        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        FairleadException error = await FailsAsync(ErrorCode.AlreadyExists, async () => await Receiver.BindAsync(receiver.Address));
        Output.WriteLine(error.Message);
        Assert.Equal(Environment.ProcessId, error.Peer?.ProcessId);
        await FailsAsync(
            Transport.SendersBind ? ErrorCode.AlreadyExists : ErrorCode.NotSupported, async () => await Sender.BindAsync(receiver.Address));
        Sender sender = Track(await Sender.ConnectAsync(receiver.Address));
        sender.Send("undisturbed"u8);
        (await receiver.ReceiveAsync()).Dispose();
    }

    [Fact]
    public async Task An_address_can_be_bound_again_after_its_holder_was_killed()
    {
        SkipUnless(Transport.HasPeers, "nobody holds a place");

        PeerProcess dead = Track(PeerProcess.Start("receiver", "bind", NewPlace().ToString()));
        string address = await dead.AnswerAsync();
        FairleadException held = await FailsAsync(ErrorCode.AlreadyExists, async () => await Receiver.BindAsync(address));
        Assert.Equal(dead.Id, held.Peer?.ProcessId);
        await dead.KillAsync();
        await FailsAsync(ErrorCode.NotFound, async () => await Sender.ConnectAsync(address));
        Receiver receiver = Track(await Receiver.BindAsync(address));
        Sender sender = Track(await Sender.ConnectAsync(address));
        sender.Send("again"u8);
        using Message message = await receiver.ReceiveAsync();
        Assert.Equal("again", message.Text);
    }

    [Fact]
    public async Task Messages_to_and_from_another_process_arrive()
    {
        PeerProcess peer = Track(PeerProcess.Start("receiver", "bind", NewPlace().ToString()));
        Sender sender = Track(await Sender.ConnectAsync(await peer.AnswerAsync()));
        await peer.TellAsync("take 2000");
        for (int i = 0; i < 2_000; i++)
        {
            await sender.SendAsync(Payload.Make(i, i % 100 == 0 ? Math.Min(100_000, Transport.LongestMessage) : 64));
        }

        Assert.Equal("2000", await peer.AnswerAsync());
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        PeerProcess other = Track(PeerProcess.Start("sender", "connect", receiver.Address.ToString()));
        await other.AnswerAsync();
        await other.TellAsync("send 2000 300");
        for (int i = 0; i < 2_000; i++)
        {
            using Message message = i % 2 == 0 ? receiver.Receive() : await receiver.ReceiveAsync();
            Assert.Equal(i, Payload.Check(message.Span).Number);
        }

        await other.AnswerAsync();
    }

    /// <summary>Opens both at the same address, with the options of the place, which may be the sender's.</summary>
    protected override async Task<(Sender Sender, Receiver Receiver)> OpenBothAsync(bool senderBinds, string options = "")
    {
        if (senderBinds)
        {
            Sender bound = Track(await Sender.BindAsync(NewPlace()));
            return (bound, Track(await Receiver.ConnectAsync(With(bound.Address, options))));
        }

        Address place = NewPlace();
        Receiver receiver = Track(await Receiver.BindAsync(With(place, options)));
        return (Track(await Sender.ConnectAsync(place)), receiver);
    }
}
