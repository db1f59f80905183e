using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>A slow receiver: the data between the ends is bounded, in order, and shared fairly.</summary>
[SlowRun]
public abstract class CreditContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_more_messages_are_sent_than_the_receiver_is_willing_to_hold(bool senderBinds)
    {
        SkipUnless(Transport.HasPeers, "the queue takes everything");

        (Sender sender, Receiver receiver) = await OpenAsync(senderBinds, "messages=10");

        Assert.Equal(10, SendUntilFull(sender, 8));
        Assert.Equal(SendResult.Full, sender.TrySend("x"u8));
        Fails(ErrorCode.Timeout, () => sender.Send("x"u8, 20.Milliseconds()));
        Assert.Equal(10, sender.Statistics.MessagesSent);

        // As many messages are sent as are taken, no more, and the order is kept.
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(i, await TakeAsync(receiver));
        }

        Task<Delivery> delivery = sender.DeliverAsync(Payload.Make(10, 8)).AsTask();
        Assert.Equal(10, await TakeAsync(receiver));
        Assert.True((await delivery).IsDelivered);
        Assert.Equal(10, SendUntilFull(sender, 8));
    }

    [Fact]
    public async Task No_more_bytes_are_sent_than_the_receiver_is_willing_to_hold()
    {
        SkipUnless(Transport.HasPeers, "the queue takes everything");

        (Sender sender, Receiver receiver) = await OpenAsync(options: "capacity=64KiB");

        int sent = SendUntilFull(sender, 1_000);
        Assert.Equal(65_536 / 1_000, sent);
        await Until(() => receiver.Statistics.QueueDepth == sent, "all lie at the receiver");
        for (int i = 0; i < sent; i++)
        {
            Assert.Equal(i, await TakeAsync(receiver));
        }

        // A message longer than the window passes when there is room for it.
        Task sending = sender.SendAsync(Payload.Make(7, 500_000).AsMemory()).AsTask();
        Assert.Equal(7, await TakeAsync(receiver));
        await sending;
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_waiting_sender_continues_when_the_receiver_reads(Calls calls)
    {
        const int Count = 3_000;
        (Sender sender, Receiver receiver) = await OpenAsync(options: "messages=5");
        Task sending = calls == Calls.Blocking
            ? OnThread(() =>
            {
                for (int i = 0; i < Count; i++)
                {
                    sender.Send(Payload.Make(i, 8));
                }
            })
            : Task.Run(async () =>
            {
                for (int i = 0; i < Count; i++)
                {
                    await sender.SendAsync(Payload.Make(i, 8).AsSpan());
                }
            });

        for (int i = 0; i < Count; i++)
        {
            Assert.InRange(receiver.Statistics.QueueDepth, 0, 5);
            Assert.Equal(i, await TakeAsync(receiver));
        }

        await sending;
    }

    [Fact]
    public async Task No_message_overtakes_a_waiting_send()
    {
        SkipUnless(Transport.HasPeers, "the queue takes everything");

        (Sender sender, Receiver receiver) = await OpenAsync(options: "messages=3");
        SendUntilFull(sender, 8);
        Task[] waiting =
        [
            .. Enumerable.Range(3, 20).Select(i => sender.SendAsync(Payload.Make(i, i % 5 == 0 ? 70_000 : 8).AsMemory()).AsTask()),
        ];

        // Repeated attempts succeed only after those that already wait.
        int overtaking = 23;
        for (int i = 0; i < 23; i++)
        {
            if (sender.TrySend(Payload.Make(overtaking, 8)) == SendResult.Sent)
            {
                overtaking++;
            }

            Assert.Equal(i, await TakeAsync(receiver));
        }

        await Task.WhenAll(waiting);
        for (int i = 23; i < overtaking; i++)
        {
            Assert.Equal(i, await TakeAsync(receiver));
        }
    }

    [Fact]
    public async Task Sends_that_wait_for_a_first_receiver_keep_their_order_too()
    {
        SkipUnless(Transport.HasPeers, "the queue takes everything");

        Sender sender = Track(await Sender.BindAsync(NewPlace()));
        Assert.Equal(SendResult.NoPeer, sender.TrySend("x"u8));
        Task[] waiting =
        [
            .. Enumerable.Range(0, 50).Select(i => sender.SendAsync(Payload.Make(i, i % 7 == 0 ? 80_000 : 8).AsMemory()).AsTask()),
        ];
        Task blocked = OnThread(() => sender.Send(Payload.Make(1_000, 8)));
        Task overtaking = OnThread(() =>
        {
            while (sender.TrySend(Payload.Make(2_000, 8)) != SendResult.Sent)
            {
            }
        });

        Receiver receiver = Track(await Receiver.ConnectAsync(With(OtherEnd(sender.Address), "messages=5")));
        for (int i = 0; i < 50;)
        {
            int number = await TakeAsync(receiver);
            if (number == 1_000)
            {
                // A blocking caller stands where it arrived, and only once.
                continue;
            }

            Assert.Equal(i++, number);
        }

        await Task.WhenAll(waiting);
        List<int> rest = [await TakeAsync(receiver)];
        if (rest[0] == 1_000)
        {
            rest.Add(await TakeAsync(receiver));
        }

        Assert.Equal(2_000, rest[^1]);
        await blocked;
        await overtaking;
    }

    [Fact]
    public async Task A_wait_for_credit_that_ends_lets_the_later_waits_proceed()
    {
        SkipUnless(Transport.HasPeers, "the queue takes everything");

        (Sender sender, Receiver receiver) = await OpenAsync(options: "messages=3");
        SendUntilFull(sender, 8);
        using CancellationTokenSource cancel = new();
        Task first = sender.SendAsync("first"u8, cancel.Token).AsTask();
        Task second = OnThread(() => sender.Send(Payload.Make(3, 8)));
        Task third = sender.SendAsync("third"u8, cancel.Token).AsTask();

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        await OnThread(() => Fails(ErrorCode.Timeout, () => sender.Send("fourth"u8, 20.Milliseconds())));
        using CancellationTokenSource soon = new(20.Milliseconds());
        await OnThread(() => Assert.ThrowsAny<OperationCanceledException>(() => sender.Send("fifth"u8, null, soon.Token)));

        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(i, await TakeAsync(receiver));
        }

        await second;
        Assert.False(receiver.TryReceive(TimeSpan.FromMilliseconds(50), out _));
    }

    [Fact]
    public async Task A_long_message_that_is_cancelled_half_written_leaves_the_stream_whole()
    {
        (Sender sender, Receiver receiver) = await OpenAsync(options: Transport.IsNetwork ? "maxmessage=64MiB" : "");
        byte[] large = Payload.Make(0, 30 << 20);
        for (int round = 0; round < 4; round++)
        {
            using CancellationTokenSource cancel = new();
            Task sending = round % 2 == 0
                ? sender.SendAsync(large.AsMemory(), cancel.Token).AsTask()
                : OnThread(() => sender.Send(large, null, cancel.Token));
            await Until(() => sender.Statistics.MessagesSent == round + 1, "it is being written");
            await cancel.CancelAsync();

            // A begun message is sent nevertheless; its caller's memory is free.
            await sending;
            large.AsSpan(8..1_000_000).Clear();
            using Message message = Handled(await receiver.ReceiveAsync());
            Assert.Equal(0, Payload.Check(message.Span).Number);
            Payload.Write(large, 0);
        }

        sender.Send("after"u8);
        using Message after = Handled(await receiver.ReceiveAsync());
        Assert.Equal("after", after.Text);
    }

    [Fact]
    public async Task A_sender_that_floods_does_not_starve_another()
    {
        SkipUnless(Transport.HasPeers, "the queue takes everything");
        SkipUnless(Transport.ServesMany, "it has one peer");

        (Sender flooding, Receiver receiver) = await OpenAsync();
        Sender other = Track(await Sender.ConnectAsync(OtherEnd(receiver.Address)));
        for (int i = 0; i < 1_000; i++)
        {
            flooding.Send(Payload.Make(i, 8));
        }

        for (int i = 0; i < 10; i++)
        {
            other.Send(Payload.Make(i, 8, from: 1));
        }

        await Until(() => receiver.Statistics.QueueDepth == 1_010, "all lie at the receiver");
        int last = 0;
        for (int i = 1, others = 0; others < 10; i++)
        {
            using Message message = await receiver.ReceiveAsync();
            others += Payload.Check(message.Span).From;
            last = i;
        }

        Output.WriteLine($"the other's ten were through after {last} messages");
        Assert.InRange(last, 10, 60);
    }

    [Fact]
    public async Task A_long_stream_retains_no_memory()
    {
        // More than the pools hold, to a receiver that always lags behind.
        (Sender sender, Receiver receiver) = await OpenAsync(options: "capacity=256KiB");
        Task sending = OnThread(() =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                sender.Send(Payload.Make(i, 5_000));
            }
        });
        long most = 0;
        for (int i = 0; i < 20_000; i++)
        {
            Assert.Equal(i, await TakeAsync(receiver));
            most = Math.Max(most, receiver.Statistics.QueueDepth);
        }

        await sending;
        Output.WriteLine($"at most {most} messages lay at the receiver");
        Assert.InRange(most, 0, (256 * 1024 / 5_000) + 2);
    }

    private static int SendUntilFull(Sender sender, int size)
    {
        int count = 0;
        while (sender.TrySend(Payload.Make(count, size)) == SendResult.Sent)
        {
            count++;
        }

        return count;
    }

    private static async Task<int> TakeAsync(Receiver receiver)
    {
        using Message message = await receiver.ReceiveAsync();
        message.Accept();
        return Payload.Check(message.Span).Number;
    }
}
