using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>Type 2: receipts and negative receipts, each with its reason.</summary>
public abstract partial class DeliveryContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Theory]
    [InlineData(Calls.Blocking, false)]
    [InlineData(Calls.Blocking, true)]
    [InlineData(Calls.Async, false)]
    [InlineData(Calls.Async, true)]
    public async Task An_accepted_message_is_delivered(Calls calls, bool senderBinds)
    {
        (Sender sender, Receiver receiver) = await OpenAsync(senderBinds);
        foreach (int size in new[] { 0, 10, 70_000, 3_000_000 })
        {
            Task<Delivery> delivering = DeliverAsync(sender, calls, new byte[size]);
            using Message message = await receiver.ReceiveAsync();
            Assert.True(message.WantsReceipt);
            Assert.Equal(size, message.Length);
            message.Accept();
            message.Accept();
            message.Reject("too late");

            Assert.Equal(new Delivery(DeliveryStatus.Delivered), await delivering);
        }
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_rejected_message_is_not_delivered_and_reports_the_reason(Calls calls)
    {
        (Sender sender, Receiver receiver) = await OpenAsync();

        Task<Delivery> delivering = DeliverAsync(sender, calls, [1]);
        using (Message message = await receiver.ReceiveAsync())
        {
            message.Reject("the disk is full");
        }

        Assert.Equal(new Delivery(DeliveryStatus.NotDelivered, "the disk is full"), await delivering);
    }

    [Fact]
    public async Task A_message_disposed_without_acceptance_is_not_delivered()
    {
        (Sender sender, Receiver receiver) = await OpenAsync();

        ValueTask<Delivery> delivering = sender.DeliverAsync("x"u8);
        (await receiver.ReceiveAsync()).Dispose();

        Delivery delivery = await delivering;
        Assert.Equal((DeliveryStatus.NotDelivered, null), (delivery.Status, delivery.Cause));
        Assert.Contains("without accepting", delivery.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_loop_accepts_each_message_it_continues_from_and_not_the_one_it_breaks_at()
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        ValueTask<Delivery> first = sender.DeliverAsync("1"u8);
        ValueTask<Delivery> second = sender.DeliverAsync("2"u8);
        ValueTask<Delivery> third = sender.DeliverAsync("3"u8);

        await foreach (Message message in receiver.ReceiveAllAsync())
        {
            if (message.Text == "2")
            {
                message.Reject("not this one");
            }
            else if (message.Text == "3")
            {
                break;
            }
        }

        Assert.Equal(
            [DeliveryStatus.Delivered, DeliveryStatus.NotDelivered, DeliveryStatus.NotDelivered],
            [(await first).Status, (await second).Status, (await third).Status]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_handler_accepts_by_returning_and_rejects_by_an_exception_which_ends_the_run(int concurrency)
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        Task running = receiver.RunAsync(
            async (message, _) =>
            {
                await Task.Yield();
                if (message.Text == "bad")
                {
                    throw new InvalidOperationException("it was bad");
                }
            },
            concurrency);

        Assert.True((await sender.DeliverAsync("good"u8)).IsDelivered);
        HandlerFailure? failure = null;
        receiver.HandlerFailed += (_, told) => failure = told;
        Assert.Equal(
            new Delivery(
                DeliveryStatus.NotDelivered, "the handler threw InvalidOperationException; only its own side sees the message"),
            await sender.DeliverAsync("bad"u8));
        Assert.Equal((HandlerKind.Message, "it was bad"), (failure!.Kind, failure.Exception.Message));
        Assert.Equal("it was bad", (await Assert.ThrowsAsync<InvalidOperationException>(() => running)).Message);
    }

    [Fact]
    public async Task Receipts_in_any_order_find_their_messages()
    {
        int count = Math.Min(2_000, Transport.MostHeld);
        Random random = NewRandom();
        (Sender sender, Receiver receiver) = await OpenAsync();
        Task<Delivery>[] delivering = [.. Enumerable.Range(0, count).Select(i => sender.DeliverAsync(Payload.Make(i, 20)).AsTask())];

        List<Message> held = [];
        for (int i = 0; i < count; i++)
        {
            held.Add(await receiver.ReceiveAsync());
        }

        foreach (Message message in held.OrderBy(_ => random.Next()))
        {
            int number = Payload.Check(message.Span).Number;
            if (number % 3 == 0)
            {
                message.Reject($"no {number}");
            }
            else if (number % 3 == 1)
            {
                message.Accept();
            }

            message.Dispose();
        }

        for (int i = 0; i < count; i++)
        {
            Delivery delivery = await delivering[i];
            Assert.Equal(i % 3 == 1, delivery.IsDelivered);
            if (i % 3 == 0)
            {
                Assert.Equal($"no {i}", delivery.Reason);
            }
        }
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_message_that_is_not_read_in_time_is_recalled(Calls calls)
    {
        SkipUnless(Transport.TakesBack, "a message that was sent stays in the queue");

        (Sender sender, Receiver receiver) = await OpenAsync();

        Delivery delivery = await DeliverAsync(sender, calls, "late"u8.ToArray(), 50.Milliseconds());
        Assert.Equal((false, ErrorCode.Timeout), (delivery.IsDelivered, delivery.Cause));

        // The receiver learns of the cancellation first: it no longer sees the message.
        sender.Send("next"u8);
        sender.Send("last"u8);
        await Until(() => receiver.Statistics.QueueDepth == 2, "both lie at the receiver, and nothing else");
        using Message next = await receiver.ReceiveAsync();
        Assert.Equal("next", next.Text);
    }

    [Fact]
    public async Task A_message_that_is_read_and_not_answered_in_time_is_unknown()
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        foreach (TimeSpan timeout in LongerAndLonger())
        {
            Task<Delivery> delivering = DeliverAsync(sender, Calls.Async, "x"u8.ToArray(), timeout);
            if (!receiver.TryReceive(timeout, out Message message))
            {
                // Not read in time.
                await delivering;
                continue;
            }

            using (message)
            {
                Delivery delivery = await delivering;
                Assert.Equal((DeliveryStatus.Unknown, ErrorCode.Timeout), (delivery.Status, delivery.Cause));

                // Accepting the message now is harmless.
                message.Accept();
            }

            break;
        }

        await ProveAliveAsync(sender, receiver);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_delivery_without_credit_in_time_is_certainly_not_delivered(Calls calls)
    {
        SkipUnless(Transport.HasPeers, "the queue takes it without a receiver");

        (Sender sender, Receiver receiver) = await OpenAsync(options: "messages=2");
        sender.Send("1"u8);
        sender.Send("2"u8);

        Delivery delivery = await DeliverAsync(sender, calls, "3"u8.ToArray(), 30.Milliseconds());

        Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.Timeout), (delivery.Status, delivery.Cause));
        foreach (string text in new[] { "1", "2" })
        {
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal(text, message.Text);
        }

        await ProveAliveAsync(sender, receiver);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_delivery_without_a_receiver_in_time_is_certainly_not_delivered(Calls calls)
    {
        SkipUnless(Transport.HasPeers, "the queue takes it without a receiver");

        Sender sender = Track(await Sender.BindAsync(NewPlace()));

        Delivery delivery = await DeliverAsync(sender, calls, "x"u8.ToArray(), 30.Milliseconds());

        Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.Timeout), (delivery.Status, delivery.Cause));
    }

    private static Task<Delivery> DeliverAsync(
        Sender sender, Calls calls, byte[] content, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        calls == Calls.Blocking ? OnThread(() => sender.Deliver(content, timeout, cancellationToken))
        : content.Length % 2 == 0 ? sender.DeliverAsync(content.AsSpan(), timeout, cancellationToken).AsTask()
        : sender.DeliverAsync(content.AsMemory(), timeout, cancellationToken).AsTask();

    private async Task ProveAliveAsync(Sender sender, Receiver receiver)
    {
        ValueTask<Delivery> delivering = sender.DeliverAsync("alive"u8);
        if (!Transport.TakesBack)
        {
            // Messages whose senders have given up may come first.
            string text = "";
            while (text != "alive")
            {
                using Message next = await receiver.ReceiveAsync();
                next.Accept();
                text = next.Text;
            }

            Assert.True((await delivering).IsDelivered);
            return;
        }

        using (Message message = await receiver.ReceiveAsync())
        {
            Assert.Equal("alive", message.Text);
            message.Accept();
        }

        Assert.True((await delivering).IsDelivered);
    }
}
