namespace Fairlead.Conformance.Contracts;

/// <summary>A full queue at ends that send to one peer, under each policy.</summary>
public abstract partial class PolicyContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task Drop_oldest_keeps_the_last_messages_and_reports_the_missing_number_before_them(Calls calls)
    {
        (Sender sender, Receiver receiver) = await OpenAsync("drop-oldest");
        await SendAsync(sender, calls, 0, 100);

        Assert.Equal((5, 85), ((int)sender.Statistics.MessagesSent, (int)sender.Statistics.Dropped));
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal((i, 0), await TakeAsync(receiver));
        }

        Assert.Equal((90, 85), await TakeAsync(receiver));
        for (int i = 91; i < 100; i++)
        {
            Assert.Equal((i, 0), await TakeAsync(receiver));
        }

        await SendAsync(sender, calls, 100, 101);
        Assert.Equal((100, 0), await TakeAsync(receiver));
        Assert.Equal(85, receiver.Statistics.Missed);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task Drop_newest_keeps_the_first_messages_and_reports_the_missing_number_after_them(Calls calls)
    {
        (Sender sender, Receiver receiver) = await OpenAsync("drop-newest");
        await SendAsync(sender, calls, 0, 100);

        Assert.Equal(85, sender.Statistics.Dropped);
        for (int i = 0; i < 15; i++)
        {
            Assert.Equal((i, 0), await TakeAsync(receiver));
        }

        // No message follows, yet the number is known; it comes again with the next message, and counts once.
        await Until(() => PollMissed(receiver) == 85, "the receiver knows what it misses");
        await SendAsync(sender, calls, 100, 101);
        Assert.Equal((100, 85), await TakeAsync(receiver));
        Assert.Equal(85, receiver.Statistics.Missed);
    }

    [Theory]
    [InlineData("drop-oldest", 5)]
    [InlineData("drop-newest", 15)]
    public async Task A_delivery_reports_that_its_message_was_dropped(string full, int firstDropped)
    {
        (Sender sender, Receiver receiver) = await OpenAsync(full);
        Task<Delivery>[] deliveries = [.. Enumerable.Range(0, 20).Select(i => sender.DeliverAsync(Payload.Make(i, 8)).AsTask())];
        int[] dropped = [.. Enumerable.Range(firstDropped, 5)];
        foreach (int i in dropped)
        {
            Delivery delivery = await deliveries[i];
            Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.Full), (delivery.Status, delivery.Cause));
            Assert.Contains("dropped", delivery.Reason, StringComparison.Ordinal);
        }

        Assert.Equal(5, sender.Statistics.Dropped);
        foreach (int i in Enumerable.Range(0, 20).Except(dropped))
        {
            Assert.Equal(i, (await TakeAsync(receiver)).Number);
            Assert.True((await deliveries[i]).IsDelivered);
        }
    }

    [Theory]
    [InlineData("drop-oldest")]
    [InlineData("drop-newest")]
    public async Task TrySend_drops_nothing(string full)
    {
        (Sender sender, Receiver receiver) = await OpenAsync(full);
        int sent = 0;
        while (sender.TrySend(Payload.Make(sent, 8)) == SendResult.Sent)
        {
            sent++;
        }

        Assert.Equal((15, 0), (sent, (int)sender.Statistics.Dropped));
        for (int i = 0; i < sent; i++)
        {
            Assert.Equal((i, 0), await TakeAsync(receiver));
        }
    }

    [Fact]
    public async Task The_policy_fail_throws_if_a_send_would_wait()
    {
        (Sender sender, Receiver receiver) = await OpenAsync("fail");
        await SendAsync(sender, Calls.Async, 0, 5);

        Fails(ErrorCode.Full, () => sender.Send("x"u8));
        await FailsAsync(ErrorCode.Full, async () => await sender.SendAsync("x"u8));
        await FailsAsync(ErrorCode.Full, async () => await sender.SendAsync(new byte[100_000].AsMemory()));
        Assert.Equal(SendResult.Full, sender.TrySend("x"u8));
        Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.Full), Outcome(sender.Deliver("x"u8)));
        Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.Full), Outcome(await sender.DeliverAsync("x"u8)));

        // The receiver makes room by reading.
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal((i, 0), await TakeAsync(receiver));
        }

        await Until(() => sender.TrySend(Payload.Make(5, 8)) == SendResult.Sent, "there is room again");
        Assert.Equal((5, 0), await TakeAsync(receiver));
        Assert.Equal(0, sender.Statistics.Dropped);

        static (DeliveryStatus, ErrorCode?) Outcome(Delivery delivery) => (delivery.Status, delivery.Cause);
    }

    [Fact]
    public async Task The_policy_fail_throws_if_a_request_would_wait()
    {
        Responder responder = Track(await Responder.BindAsync(NewPlace("messages=1")));
        Requester requester = Track(await Requester.ConnectAsync(With(Bare(responder.Address), "full=fail")));
        Task<Message> first = requester.RequestAsync("1"u8).AsTask();

        await FailsAsync(ErrorCode.Full, async () => await requester.RequestAsync("2"u8));
        Fails(ErrorCode.Full, () => requester.Request("3"u8));
        using (Request request = await responder.ReceiveAsync())
        {
            request.Reply("one"u8);
        }

        using Message reply = await first;
        Assert.Equal("one", reply.Text);
    }

    [Fact]
    public async Task The_policy_applies_without_a_peer_too()
    {
        Sender oldest = Track(await Sender.BindAsync(NewPlace("full=drop-oldest&messages=10")));
        Sender newest = Track(await Sender.BindAsync(NewPlace("full=drop-newest&messages=10")));
        Sender failing = Track(await Sender.BindAsync(NewPlace("full=fail")));
        await SendAsync(oldest, Calls.Blocking, 0, 100);
        await SendAsync(newest, Calls.Async, 0, 100);
        Fails(ErrorCode.Full, () => failing.Send("x"u8));
        await FailsAsync(ErrorCode.Full, async () => await failing.SendAsync("x"u8));
        Assert.Equal(SendResult.NoPeer, failing.TrySend("x"u8));
        Assert.Equal((90, 90), ((int)oldest.Statistics.Dropped, (int)newest.Statistics.Dropped));

        Receiver last = Track(await Receiver.ConnectAsync(With(Bare(oldest.Address), "messages=3")));
        Receiver first = Track(await Receiver.ConnectAsync(With(Bare(newest.Address), "messages=3")));
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal((90 + i, i == 0 ? 90 : 0), await TakeAsync(last));
            Assert.Equal((i, 0), await TakeAsync(first));
        }

        await Until(() => PollMissed(first) == 90, "drops behind the last message are known");
    }

    [Fact]
    public async Task The_waiting_messages_are_bounded_in_bytes_too_and_one_message_may_always_wait()
    {
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace("messages=2")));
        Sender sender = Track(await Sender.ConnectAsync(With(Bare(receiver.Address), "full=drop-oldest&capacity=64KiB")));
        for (int i = 0; i < 50; i++)
        {
            sender.Send(Payload.Make(i, 10_000));
        }

        // Six times 10,000 fit, not seven.
        Assert.Equal(50 - 2 - 6, sender.Statistics.Dropped);
        sender.Send(Payload.Make(50, 300_000));
        Assert.Equal(48, sender.Statistics.Dropped);
        Assert.Equal([(0, 0), (1, 0), (50, 48)], [await TakeAsync(receiver), await TakeAsync(receiver), await TakeAsync(receiver)]);
    }

    [Theory]
    [InlineData("drop-oldest")]
    [InlineData("drop-newest")]
    public async Task Mixed_calls_keep_the_order_and_every_message_is_received_or_missed(string full)
    {
        const int Threads = 4;
        int each = TestSize.Of(1_500, full: 4_000);
        Random random = NewRandom();
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace("messages=20&capacity=200kB")));
        Sender sender = Track(await Sender.ConnectAsync(With(Bare(receiver.Address), $"full={full}&messages=30&capacity=100kB")));
        int notDelivered = 0;
        Task[] sending = [.. Enumerable.Range(0, Threads).Select(from => (from, Seed: random.Next())).Select(thread => OnThread(() =>
        {
            Random sizes = new(thread.Seed);
            List<Task<Delivery>> deliveries = [];
            for (int i = 0; i < each; i++)
            {
                byte[] message = Payload.Make(i, sizes.Next(20) == 0 ? sizes.Next(150_000) : sizes.Next(300), thread.from);
                if (sizes.Next(10) == 0)
                {
                    deliveries.Add(sender.DeliverAsync(message).AsTask());
                }
                else
                {
                    sender.Send(message);
                }
            }

            Task.WaitAll([.. deliveries]);
            Interlocked.Add(ref notDelivered, deliveries.Count(delivery => !delivery.Result.IsDelivered));
        }))];

        int[] next = new int[Threads];
        long received = 0;
        long missed = 0;
        using CancellationTokenSource end = new();
        Task taking = Task.Run(async () =>
        {
            while (true)
            {
                using Message message = await receiver.ReceiveAsync(null, end.Token);
                (int number, int from) = Payload.Check(message.Span);
                Assert.True(number >= next[from], $"{number} of {from} came behind {next[from] - 1}.");
                next[from] = number + 1;
                missed += message.Missed;
                message.Accept();
                Interlocked.Increment(ref received);
            }
        });
        await Task.WhenAll(sending);
        await Until(
            () => taking.IsCompleted || Interlocked.Read(ref received) + receiver.Statistics.Missed == Threads * each,
            "all are accounted for");
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => taking);
        Output.WriteLine(
            $"{received} received, {missed} missed with messages and {receiver.Statistics.Missed} in all, {notDelivered} receipts negative"
        );
        Assert.Equal(receiver.Statistics.Missed, sender.Statistics.Dropped);
        Assert.InRange(notDelivered, 0, receiver.Statistics.Missed);
    }

    [Fact]
    public async Task A_pair_may_drop_messages_in_only_one_direction()
    {
        Pair bound = Track(await Pair.BindAsync(NewPlace("messages=5")));
        Pair connected = Track(await Pair.ConnectAsync(With(Bare(bound.Address), "full=drop-oldest&messages=10")));
        for (int i = 0; i < 100; i++)
        {
            connected.Send(Payload.Make(i, 8));
        }

        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(SendResult.Sent, bound.TrySend(Payload.Make(i, 8)));
        }

        Assert.Equal(SendResult.Full, bound.TrySend("x"u8));
        Assert.Equal((85, 0), ((int)connected.Statistics.Dropped, (int)bound.Statistics.Dropped));
        foreach (int expected in Enumerable.Range(0, 5).Concat(Enumerable.Range(90, 10)))
        {
            using Message message = await bound.ReceiveAsync();
            Assert.Equal(expected, Payload.Check(message.Span).Number);
        }
    }

    [Theory]
    [InlineData("latest", "Sender")]
    [InlineData("latest", "Pair")]
    [InlineData("latest", "Hub")]
    [InlineData("drop-oldest", "Requester")]
    [InlineData("drop-newest", "Requester")]
    [InlineData("latest", "Requester")]
    [InlineData("drop-oldest", "WorkQueue")]
    [InlineData("fail", "WorkQueue")]
    [InlineData("fail", "Subscriber")]
    [InlineData("drop-oldest", "Receiver")]
    [InlineData("wait", "Responder")]
    public void A_policy_that_does_not_fit_the_pattern_is_refused_immediately(string full, string pattern)
    {
        Address place = NewPlace($"full={full}");
        FairleadException error = Fails(ErrorCode.NotSupported, () => Track<MessagingEndpoint>(pattern switch
        {
            "Sender" => Sender.Bind(place),
            "Pair" => Pair.Bind(place),
            "Hub" => Hub.Bind(place),
            "Requester" => Requester.Bind(place),
            "WorkQueue" => WorkQueue.Bind(place),
            "Subscriber" => Subscriber.Bind(place),
            "Receiver" => Receiver.Bind(place),
            _ => Responder.Bind(place),
        }));
        Output.WriteLine(error.Message);
        Assert.Contains($"full={full}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_policy_is_refused_with_the_known_ones()
    {
        AddressFormatException error = Assert.Throws<AddressFormatException>(() => Sender.Bind(NewPlace("full=drop-oldst")));
        Assert.Contains("drop-oldest", error.Message, StringComparison.Ordinal);
        Fails(ErrorCode.NotSupported, () => Sender.Bind(NewPlace(), new EndpointOptions { OverflowPolicy = OverflowPolicy.Latest }));
    }

    private static async Task SendAsync(Sender sender, Calls calls, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            if (calls == Calls.Blocking)
            {
                sender.Send(Payload.Make(i, 8));
            }
            else
            {
                await sender.SendAsync(Payload.Make(i, 8).AsMemory());
            }
        }
    }

    /// <summary>Opens a receiver with room for five, and a sender with room for ten in its own queue.</summary>
    private async Task<(Sender Sender, Receiver Receiver)> OpenAsync(string full)
    {
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace("messages=5")));
        return (Track(await Sender.ConnectAsync(With(Bare(receiver.Address), $"full={full}&messages=10"))), receiver);
    }

    private static async Task<(int Number, int Missed)> TakeAsync(Receiver receiver)
    {
        using Message message = await receiver.ReceiveAsync();
        message.Accept();
        return (Payload.Check(message.Span).Number, (int)message.Missed);
    }

    /// <summary>Returns the number of messages it knows it missed; only a read brings that news.</summary>
    private static long PollMissed(Receiver receiver)
    {
        Assert.False(receiver.TryReceive(out _));
        return receiver.Statistics.Missed;
    }
}
