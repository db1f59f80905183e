using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>Duplex communication: both directions at once, and neither end ever waits for the other to read.</summary>
public abstract class PairContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Fact]
    public async Task Both_ends_send_at_the_same_time()
    {
        const int Count = 2_000;
        Random random = NewRandom();
        int[] sizes = [.. Enumerable.Range(0, Count).Select(_ => random.Next(100) == 0 ? 90_000 : random.Next(8, 500))];
        (Pair bound, Pair connected) = await OpenPairAsync();

        Task SendAll(Pair pair, int from) => OnThread(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                pair.Send(Payload.Make(i, sizes[i], from));
            }
        });
        async Task ReceiveAll(Pair pair, int from)
        {
            for (int i = 0; i < Count; i++)
            {
                using Message message = i % 2 == 0 ? await pair.ReceiveAsync() : await OnThread(() => pair.Receive());
                Assert.Equal((i, from), Payload.Check(message.Span));
            }
        }

        await Task.WhenAll(SendAll(bound, 1), SendAll(connected, 2), ReceiveAll(bound, 2), ReceiveAll(connected, 1));
    }

    [Fact]
    public async Task Both_ends_can_close_at_the_same_time_with_unread_messages()
    {
        (Pair bound, Pair connected) = await OpenPairAsync();
        await bound.SendAsync("one"u8.ToArray());
        await bound.SendAsync("two"u8.ToArray());
        await connected.SendAsync("three"u8.ToArray());
        await Until(() => bound.Statistics.QueueDepth == 1 && connected.Statistics.QueueDepth == 2, "all have come");

        // Each end has sent its last message, and reads nothing more: there is nothing to wait for.
        CloseReport[] reports = await Task.WhenAll(bound.CloseAsync(90.Seconds()).AsTask(), connected.CloseAsync(90.Seconds()).AsTask());
        Assert.Equal([new CloseReport(2, 0, 2, 0), new CloseReport(1, 0, 1, 0)], reports);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task Two_full_ends_stop_and_neither_loses_the_receipts_of_the_other(Calls calls)
    {
        (Pair bound, Pair connected) = await OpenPairAsync("messages=20&capacity=64KiB", "messages=20&capacity=64KiB");

        // Each waits for the receipt of a message that the other has taken.
        Task<Delivery> fromBound = bound.DeliverAsync("receipt?"u8).AsTask();
        Task<Delivery> fromConnected = connected.DeliverAsync("receipt!"u8).AsTask();
        Message atConnected = await connected.ReceiveAsync();
        Message atBound = await bound.ReceiveAsync();

        Fill(bound);
        Fill(connected);
        Task[] stuck = calls == Calls.Blocking
            ? [OnThread(() => bound.Send(new byte[50_000])), OnThread(() => connected.Send(new byte[50_000]))]
            : [bound.SendAsync(new byte[50_000].AsMemory()).AsTask(), connected.SendAsync(new byte[50_000].AsMemory()).AsTask()];

        atConnected.Accept();
        atBound.Reject("full here");
        Assert.Equal(new Delivery(DeliveryStatus.Delivered), await fromBound);
        Assert.Equal(new Delivery(DeliveryStatus.NotDelivered, "full here"), await fromConnected);
        Assert.All(stuck, task => Assert.False(task.IsCompleted));
        atConnected.Dispose();
        atBound.Dispose();

        // One begins to read, then the other, and everything continues.
        foreach (Pair pair in new[] { bound, connected })
        {
            while (true)
            {
                using Message message = await pair.ReceiveAsync();
                if (message.Length == 50_000)
                {
                    break;
                }
            }
        }

        await Task.WhenAll(stuck);
    }

    [Fact]
    public async Task Both_ends_full_of_long_messages_do_not_deadlock()
    {
        // Longer than any buffer of the kernel: both ends are then in the middle of writing.
        (Pair bound, Pair connected) = await OpenPairAsync(
            Transport.IsNetwork ? "maxmessage=64MiB" : "", Transport.IsNetwork ? "maxmessage=64MiB" : "");
        byte[] large = Payload.Make(1, 24 << 20);

        Task[] sending =
        [
            OnThread(() => bound.Send(large)),
            OnThread(() => connected.Send(large)),
            bound.SendAsync(large.AsMemory()).AsTask(),
            connected.SendAsync(large.AsMemory()).AsTask(),
        ];
        foreach (Pair pair in new[] { bound, connected, bound, connected })
        {
            using Message message = await pair.ReceiveAsync();
            Assert.True(message.Span.SequenceEqual(large));
        }

        await Task.WhenAll(sending);
    }

    [Fact]
    public async Task Each_end_learns_after_the_last_message_that_the_other_end_closed()
    {
        (Pair bound, Pair connected) = await OpenPairAsync();
        connected.Send("last"u8);
        await connected.SendAsync("very last"u8);
        ValueTask<CloseReport> closing = connected.CloseAsync(60.Seconds());

        using (Message message = bound.Receive())
        {
            Assert.Equal("last", message.Text);
        }

        using (Message message = await bound.ReceiveAsync())
        {
            Assert.Equal("very last", message.Text);
        }

        Assert.Equal(new CloseReport(2, 2, 0, 0), await closing);

        // The other direction: a connected pair's loop ends.
        (bound, Pair next) = Transport.IsVisitedAgain
            ? (bound, Track(await Pair.ConnectAsync(OtherEnd(bound.Address))))
            : await OpenPairAsync();
        ValueTask<CloseReport> boundClosing = default;
        bound.Send("bye"u8);
        boundClosing = bound.CloseAsync(60.Seconds());
        List<string> heard = [];
        await foreach (Message message in next.ReceiveAllAsync())
        {
            heard.Add(message.Text);
        }

        Assert.Equal(["bye"], heard);
        Assert.Equal(1, (await boundClosing).Acknowledged);
    }

    [Fact]
    public async Task A_bound_pair_serves_one_peer_at_a_time()
    {
        SkipUnless(Transport.IsVisitedAgain, "no second peer comes");

        (Pair bound, Pair connected) = await OpenPairAsync();

        FairleadException full = await FailsAsync(ErrorCode.Full, async () => await Pair.ConnectAsync(OtherEnd(bound.Address)));
        Output.WriteLine(full.Message);
        Assert.Equal(SendResult.Sent, connected.TrySend("still here"u8));
        (await bound.ReceiveAsync()).Dispose();

        connected.Dispose();
        await Until(() => bound.Peers.Count == 0, "the place is free");
        Pair next = Track(await Pair.ConnectAsync(OtherEnd(bound.Address)));
        next.Send("next"u8);
        using Message message = await bound.ReceiveAsync();
        Assert.Equal("next", message.Text);
    }

    private static void Fill(Pair pair)
    {
        while (pair.TrySend(new byte[2_000]) == SendResult.Sent)
        {
        }
    }

    private async Task<(Pair Bound, Pair Connected)> OpenPairAsync(string boundOptions = "", string connectedOptions = "")
    {
        Pair bound = Track(await Pair.BindAsync(NewPlace(boundOptions)));
        return (bound, Track(await Pair.ConnectAsync(With(OtherEnd(bound.Address), connectedOptions))));
    }
}
