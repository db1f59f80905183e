using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <content>Receivers that end, and deliveries that are abandoned.</content>
public abstract partial class DeliveryContract
{
    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_message_to_a_receiver_that_disconnected_is_not_delivered(Calls calls)
    {
        SkipUnless(Transport.HasPeers, "the next receiver gets it");

        (Sender sender, Receiver receiver) = await OpenAsync();
        receiver.Dispose();

        Delivery delivery = await DeliverAsync(sender, calls, "x"u8.ToArray());

        Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.PeerGone), (delivery.Status, delivery.Cause));
    }

    [Theory]
    [InlineData(Calls.Blocking, false)]
    [InlineData(Calls.Async, false)]
    [InlineData(Calls.Blocking, true)]
    [InlineData(Calls.Async, true)]
    public async Task A_message_that_an_ended_receiver_did_not_read_is_not_delivered(Calls calls, bool inOrder)
    {
        SkipUnless(Transport.HasPeers, "the next receiver gets it");

        (Sender sender, Receiver receiver) = await OpenAsync();
        Task<Delivery> delivering = DeliverAsync(sender, calls, "x"u8.ToArray());
        await Until(() => receiver.Statistics.QueueDepth == 1, "the message lies at the receiver");

        await EndAsync(receiver, inOrder);

        Delivery delivery = await delivering;
        Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.PeerGone), (delivery.Status, delivery.Cause));
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_message_that_an_ended_receiver_had_read_without_receipt_is_unknown(Calls calls)
    {
        SkipUnless(Transport.HasPeers, "the next receiver gets it");

        (Sender sender, Receiver receiver) = await OpenAsync();
        Task<Delivery> delivering = DeliverAsync(sender, calls, "x"u8.ToArray());
        Message message = await receiver.ReceiveAsync();

        receiver.Dispose();

        Delivery delivery = await delivering;
        Assert.Equal((DeliveryStatus.Unknown, ErrorCode.PeerGone), (delivery.Status, delivery.Cause));
        message.Accept();
        message.Dispose();
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_closing_receiver_still_gives_the_receipt_of_its_current_message(Calls calls)
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        Task<Delivery> delivering = DeliverAsync(sender, calls, "x"u8.ToArray());
        Message message = await receiver.ReceiveAsync();

        ValueTask<CloseReport> closing = receiver.CloseAsync(60.Seconds());
        message.Accept();
        message.Dispose();

        Assert.Equal(new Delivery(DeliveryStatus.Delivered), await delivering);
        await closing;
    }

    [Fact]
    public async Task Receipts_given_in_a_burst_arrive_although_the_receiver_ends_immediately()
    {
        int count = Math.Min(500, Transport.MostHeld);
        for (int round = 0; round < 10; round++)
        {
            (Sender sender, Receiver receiver) = await OpenAsync();
            Task<Delivery>[] delivering = [.. Enumerable.Range(0, count).Select(i => sender.DeliverAsync(Payload.Make(i, 8)).AsTask())];
            await Until(() => receiver.Statistics.QueueDepth == count, "all lie at the receiver");
            for (int i = 0; i < count; i++)
            {
                using Message message = await receiver.ReceiveAsync();
                message.Accept();
            }

            await receiver.DisposeAsync();
            Assert.All(await Task.WhenAll(delivering), delivery => Assert.Equal(new Delivery(DeliveryStatus.Delivered), delivery));
            sender.Dispose();
        }
    }

    [Fact]
    public async Task Receipts_arrive_though_the_sender_closed_before_they_were_given()
    {
        const int Count = 500;
        (Sender sender, Receiver receiver) = await OpenAsync();
        Task<Delivery>[] delivering = [.. Enumerable.Range(0, Count).Select(i => sender.DeliverAsync(Payload.Make(i, 8)).AsTask())];
        ValueTask<CloseReport> closing = sender.CloseAsync(60.Seconds());
        for (int i = 0; i < Count; i++)
        {
            using Message message = await receiver.ReceiveAsync();
            message.Accept();
        }

        Assert.All(await Task.WhenAll(delivering), delivery => Assert.Equal(new Delivery(DeliveryStatus.Delivered), delivery));
        Assert.Equal(new CloseReport(Count, Count, 0, 0), await closing);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_cancelled_delivery_is_recalled_and_returns_its_credit(Calls calls)
    {
        SkipUnless(Transport.TakesBack, "a message that was sent stays in the queue");

        (Sender sender, Receiver receiver) = await OpenAsync(options: "capacity=64KiB");

        // An old unread message occupies most of the bytes, while later ones arrive and are cancelled.
        sender.Send(new byte[50_000]);
        for (int i = 0; i < 20; i++)
        {
            using CancellationTokenSource cancel = new();
            Task<Delivery> delivering = DeliverAsync(sender, calls, new byte[10], cancellationToken: cancel.Token);
            await Until(() => receiver.Statistics.QueueDepth == 2 || delivering.IsCompleted, "it lies at the receiver, or was not sent");
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => delivering);
            await Until(() => receiver.Statistics.QueueDepth == 1, "it was taken back");
            if (i == 5)
            {
                // The room depends on the unread messages, not on the recalled ones.
                Assert.Equal(SendResult.Full, sender.TrySend(new byte[40_000]));
            }
        }

        using (Message large = await receiver.ReceiveAsync())
        {
            Assert.Equal(50_000, large.Length);
        }

        await ProveAliveAsync(sender, receiver);
    }

    [Fact]
    public async Task A_token_cancelled_before_the_call_sends_nothing_and_a_timeout_of_zero_claims_no_delivery()
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        CancellationToken over = new(canceled: true);

        Assert.ThrowsAny<OperationCanceledException>(() => sender.Deliver("x"u8, null, over));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await sender.DeliverAsync("x"u8, null, over));
        int unknown = 0;
        for (int i = 0; i < 100; i++)
        {
            Delivery[] deliveries = [await sender.DeliverAsync("x"u8, TimeSpan.Zero), sender.Deliver("x"u8, TimeSpan.Zero)];
            Assert.All(deliveries, delivery => Assert.Equal(ErrorCode.Timeout, delivery.Cause));
            unknown += deliveries.Count(delivery => delivery.Status == DeliveryStatus.Unknown);
        }

        sender.Send("y"u8);
        while (true)
        {
            using Message message = Handled(await receiver.ReceiveAsync());
            if (message.Text == "y")
            {
                break;
            }

            Assert.True(--unknown >= 0, "A message arrived that was said to be not delivered.");
        }

        await ProveAliveAsync(sender, receiver);
    }

    [Fact]
    public async Task Deliveries_that_are_cancelled_at_any_moment_leave_no_trace()
    {
        const int Count = 3_000;
        (Sender sender, Receiver receiver) = await OpenAsync(options: "messages=16");
        Random random = NewRandom();
        Task running = receiver.RunAsync((_, _) => default);
        Task<int>[] threads =
        [
            .. Enumerable
                .Range(0, 3)
                .Select(thread => random.Next())
                .Select(seed =>
                    Task.Run(async () =>
                    {
                        Random own = new(seed);
                        int delivered = 0;
                        for (int i = 0; i < Count / 3; i++)
                        {
                            using CancellationTokenSource cancel = new();
                            Task<Delivery> delivering = own.Next(2) == 0
                                ? sender.DeliverAsync("x"u8, null, cancel.Token).AsTask()
                                : sender.DeliverAsync("x"u8, TimeSpan.FromMicroseconds(own.Next(200))).AsTask();
                            for (int spin = own.Next(60); spin > 0; spin--)
                            {
                                Thread.SpinWait(20);
                            }

                await cancel.CancelAsync();
                try
                {
                    delivered += (await delivering).IsDelivered ? 1 : 0;
                }
                catch (OperationCanceledException)
                {
                }
            }

            return delivered;
        }))];
        int total = (await Task.WhenAll(threads)).Sum();
        Output.WriteLine($"{total} of {Count} were delivered");

        Assert.True((await sender.DeliverAsync("end"u8)).IsDelivered);
        Assert.Equal(
            new CloseReport(sender.Statistics.MessagesSent, sender.Statistics.MessagesSent, 0, 0), await sender.CloseAsync(60.Seconds()));
        if (!Transport.IsVisitedAgain)
        {
            // The only possible sender has left.
            await running;
            return;
        }

        receiver.Dispose();
        await Assert.ThrowsAnyAsync<ObjectDisposedException>(() => running);
    }

    private static async Task EndAsync(Receiver receiver, bool inOrder)
    {
        if (inOrder)
        {
            await receiver.CloseAsync(10.Seconds());
        }
        else
        {
            receiver.Dispose();
        }
    }
}
