using System.Diagnostics;
using Fairlead.Patterns.Links.Session;
using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>Closing is bounded and reports what it leaves behind; disposing aborts; neither hangs, whatever calls are pending.</summary>
public abstract class ClosingContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Closing_waits_until_all_messages_are_read(bool senderBinds)
    {
        const int Count = 300;
        (Sender sender, Receiver receiver) = await OpenAsync(senderBinds, "messages=20");
        Task sending = OnThread(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                sender.Send(Payload.Make(i, 100));
            }
        });
        Task<int> receiving = CountAsync(receiver, Count);
        await sending;

        CloseReport report = await sender.CloseAsync(90.Seconds());

        Assert.Equal(new CloseReport(Count, Count, 0, 0), report);
        Assert.True(report.IsComplete);
        Assert.Equal(Count, await receiving);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_blocking_close_waits_until_all_messages_are_read(bool senderBinds)
    {
        const int Count = 100;
        (Sender sender, Receiver receiver) = await OpenAsync(senderBinds, "messages=20");
        Task<EndpointEnd> end = sender.Completion;
        Task<int> receiving = CountAsync(receiver, Count);

        // On a separate thread: nothing has to be awaited.
        CloseReport report = await OnThread(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                sender.Send(Payload.Make(i, 100));
            }

            return sender.Close(90.Seconds());
        });

        Assert.Equal(new CloseReport(Count, Count, 0, 0), report);
        Assert.Equal(Count, await receiving);
        Assert.Equal((CloseReason.ClosedByUs, report), ((await end).Reason, (await end).Report));
        Assert.Equal(report, sender.Close());
    }

    [Fact]
    public async Task A_blocking_close_times_out_by_the_endpoints_clock()
    {
        SkipUnless(Transport.HasPeers, "kept messages are sent");

        foreach (ManualClock? clock in (ManualClock?[])[null, new ManualClock()])
        {
            Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
            EndpointOptions options = clock is null ? new() : new() { TimeProvider = clock };
            ValueTask<Sender> connecting = Sender.ConnectAsync(OtherEnd(receiver.Address), options);
            Sender sender = Track(clock is null ? await connecting : await MovingAsync(clock, connecting.AsTask()));
            sender.Send("1"u8);
            Task<CloseReport> closing = OnThread(() => sender.Close(50.Milliseconds()));
            CloseReport report = clock is null ? await EndsAtAsync(50.Milliseconds(), closing) : await MovingAsync(clock, closing);
            Assert.Equal(new CloseReport(1, 0, 0, 1) { DeadlinePassed = true }, report);
        }
    }

    [Fact]
    public async Task Closing_reports_the_messages_that_were_not_read_in_time()
    {
        SkipUnless(Transport.HasPeers, "kept messages are sent");

        ManualClock clock = new();
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        Sender sender = Track(
            await MovingAsync(clock, Sender.ConnectAsync(OtherEnd(receiver.Address), new() { TimeProvider = clock }).AsTask()));
        for (int i = 0; i < 10; i++)
        {
            sender.Send(Payload.Make(i, 100));
        }

        for (int i = 0; i < 4; i++)
        {
            Handled(await receiver.ReceiveAsync()).Dispose();
        }

        Link link = Assert.Single(sender.Core.Links());
        Task<CloseReport> closing = sender.CloseAsync(2.Seconds()).AsTask();
        await Until(() => link.LinkSender.SendCounts.Acknowledged == 4, "read messages are acknowledged");
        CloseReport report = await MovingAsync(clock, closing);

        Assert.Equal(new CloseReport(10, 4, 0, 6) { DeadlinePassed = true }, report);
        Assert.False(report.IsComplete);

        // They are in doubt because the receiver still has them.
        Assert.Equal(6, await CountAsync(receiver, 6));
    }

    [Fact]
    public async Task A_send_that_waits_for_credit_when_the_close_begins_still_succeeds()
    {
        SkipUnless(Transport.HasPeers, "nobody waits for credit");

        (Sender sender, Receiver receiver) = await OpenAsync(options: "messages=3");
        Task[] sending =
        [
            .. Enumerable.Range(0, 30).Select(i => sender.SendAsync(Payload.Make(i, i % 4 == 0 ? 90_000 : 8).AsMemory()).AsTask()),
        ];

        ValueTask<CloseReport> closing = sender.CloseAsync(90.Seconds());
        Assert.Throws<ObjectDisposedException>(() => sender.TrySend("late"u8));
        Assert.Throws<ObjectDisposedException>(() => sender.Send("late"u8));
        await Assert.ThrowsAnyAsync<ObjectDisposedException>(async () => await sender.SendAsync("late"u8));
        await Assert.ThrowsAnyAsync<ObjectDisposedException>(async () => await sender.DeliverAsync("late"u8));
        for (int i = 0; i < 30; i++)
        {
            using Message message = Handled(await receiver.ReceiveAsync());
            Assert.Equal(i, Payload.Check(message.Span).Number);
        }

        await Task.WhenAll(sending);
        Assert.Equal(new CloseReport(30, 30, 0, 0), await closing);
    }

    [Fact]
    public async Task A_send_that_waits_for_credit_at_the_deadline_of_the_close_throws()
    {
        SkipUnless(Transport.HasPeers, "nobody waits for credit");

        (Sender sender, Receiver receiver) = await OpenAsync(options: "messages=3");
        Task[] sending = [.. Enumerable.Range(0, 10).Select(i => sender.SendAsync(Payload.Make(i, 8).AsMemory()).AsTask())];

        CloseReport report = await EndsAtAsync(50.Milliseconds(), sender.CloseAsync(50.Milliseconds()).AsTask());

        Assert.Equal(new CloseReport(3, 0, 0, 3) { DeadlinePassed = true }, report);
        foreach (Task task in sending[3..])
        {
            await FailsAsync(ErrorCode.PeerGone, () => task);
        }

        Assert.Equal(3, await CountAsync(receiver, 3));
        if (Transport.IsVisitedAgain)
        {
            Assert.False(receiver.TryReceive(20.Milliseconds(), out _));
        }
        else
        {
            // The only possible sender has left.
            Fails(ErrorCode.PeerGone, () => receiver.TryReceive(90.Seconds(), out _));
        }
    }

    [Fact]
    public async Task Closing_twice_and_disposing_in_between_return_one_report()
    {
        SkipUnless(Transport.HasPeers, "kept messages are sent, and closing waits for no peer");

        (Sender sender, Receiver receiver) = await OpenAsync();
        sender.Send("1"u8);
        Task<CloseReport> first = sender.CloseAsync(90.Seconds()).AsTask();
        Task<CloseReport> second = sender.CloseAsync(90.Seconds()).AsTask();
        Assert.False(first.IsCompleted);
        Assert.False(second.IsCompleted);
        Handled(await receiver.ReceiveAsync()).Dispose();

        Assert.Equal(new CloseReport(1, 1, 0, 0), await first);
        Assert.Equal(new CloseReport(1, 1, 0, 0), await second);
        Assert.Equal(new CloseReport(1, 1, 0, 0), await sender.CloseAsync());
        await sender.DisposeAsync();
        sender.Dispose();

        // A later close with a short time does not wait for an earlier one with a long time.
        (sender, receiver) = await OpenAsync();
        sender.Send("1"u8);
        first = sender.CloseAsync(1000.Seconds()).AsTask();
        await OnThread(sender.Dispose);
        Assert.Equal(new CloseReport(1, 0, 0, 1), await first);

        (sender, receiver) = await OpenAsync();
        sender.Send("1"u8);
        first = sender.CloseAsync(1000.Seconds()).AsTask();
        CloseReport report = await EndsAtAsync(10.Milliseconds(), sender.CloseAsync(10.Milliseconds()).AsTask());
        Assert.Equal(new CloseReport(1, 0, 0, 1) { DeadlinePassed = true }, report);
        Assert.Equal(new CloseReport(1, 0, 0, 1), await first);
        receiver.Dispose();
    }

    [Fact]
    public async Task Disposing_ends_all_waiting_calls()
    {
        SkipUnless(Transport.CarriesAnswers, "it waits for receipts");

        for (int round = 0; round < 20; round++)
        {
            (Sender sender, Receiver receiver) = await OpenAsync(options: "messages=1");
            sender.Send("1"u8);
            Task[] waiting =
            [
                OnThread(() => sender.Send("2"u8)),
                sender.SendAsync("3"u8).AsTask(),
                OnThread(() => sender.Deliver("4"u8)),
                sender.DeliverAsync("5"u8).AsTask(),
            ];
            Handled(await receiver.ReceiveAsync()).Dispose();
            Task[] receiving =
            [
                OnThread(() => Handled(receiver.Receive()).Dispose()),
                OnThread(() => Handled(receiver.Receive(90.Seconds())).Dispose()),
                receiver.ReceiveAsync().AsTask(),
                Task.Run(async () =>
                {
                    await foreach (Message _ in receiver.ReceiveAllAsync())
                    {
                    }
                }),
            ];
            if (round % 2 == 0)
            {
                receiver.Dispose();
                await EndsAsync(receiving);
                sender.Dispose();
                await EndsAsync(waiting);
            }
            else
            {
                sender.Dispose();
                await EndsAsync(waiting);
                receiver.Dispose();
                await EndsAsync(receiving);
            }

            Assert.Throws<ObjectDisposedException>(() => receiver.TryReceive(out _));
            Assert.Throws<ObjectDisposedException>(() => receiver.Receive());
            await Assert.ThrowsAnyAsync<ObjectDisposedException>(async () => await receiver.ReceiveAsync());
            Assert.Throws<ObjectDisposedException>(() => sender.TrySend("6"u8));
            _ = (sender.Statistics, receiver.Statistics, sender.Address, receiver.ToString());
            Assert.Empty(sender.Peers);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_that_waits_at_an_end_closed_here_throws_ObjectDisposedException_and_not_PeerGone(bool inOrder)
    {
        (Sender sender, Receiver receiver) = await OpenAsync(senderBinds: true);
        Task<Message> waiting = receiver.ReceiveAsync().AsTask();
        Task running = receiver.RunAsync((_, _) => default);
        Task<Message> blocked = OnThread(() => receiver.Receive());
        if (inOrder)
        {
            await receiver.CloseAsync();
        }
        else
        {
            receiver.Dispose();
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => blocked);
        sender.Dispose();
    }

    [Fact]
    public async Task Many_threads_may_dispose_while_many_use()
    {
        for (int round = 0; round < TestSize.Of(10, full: 30); round++)
        {
            (Sender sender, Receiver receiver) = await OpenAsync(options: "messages=10");
            Task[] users = [.. Enumerable.Range(0, 4).Select(kind => OnThread(() =>
            {
                try
                {
                    while (true)
                    {
                        switch (kind)
                        {
                            case 0:
                                sender.TrySend("x"u8);
                                break;
                            case 1:
                                sender.Send(new byte[70_000]);
                                break;
                            case 2:
                                Handled(receiver.Receive()).Dispose();
                                break;
                            default:
                                if (receiver.TryReceive(out Message message))
                                {
                                    Handled(message).Dispose();
                                }

                                break;
                        }
                    }
                }
                catch (ObjectDisposedException)
                {
                }
                catch (FairleadException end) when (end.Code == ErrorCode.PeerGone)
                {
                }
            }))];
            await Until(() => receiver.Statistics.MessagesReceived > 20, "they are at it");
            MessagingEndpoint[] both = [sender, receiver, sender, receiver];
            await Task.WhenAll(both.Select((endpoint, i) => i < 2 ? OnThread(endpoint.Dispose) : endpoint.DisposeAsync().AsTask()));
            await Task.WhenAll(users);
        }
    }

    [Fact]
    public async Task A_disposed_endpoint_releases_its_name_immediately()
    {
        SkipUnless(Transport.IsVisitedAgain, "its places are not bound again");
        SkipUnless(Transport.HasPeers, "nobody holds a place");

        Address place = Bare((await OpenAsync()).Receiver.Address);
        for (int round = 0; round < 10; round++)
        {
            Receiver receiver = await Receiver.BindAsync(NewPlace());
            Address name = Bare(receiver.Address);
            Sender sender = await Sender.ConnectAsync(name);
            sender.Send("x"u8);
            receiver.Dispose();
            Receiver next = Track(await Receiver.BindAsync(name));
            Sender nextSender = Track(await Sender.ConnectAsync(name));
            nextSender.Send("y"u8);
            using Message message = await next.ReceiveAsync();
            Assert.Equal("y", message.Text);
            sender.Dispose();
        }

        await FailsAsync(ErrorCode.AlreadyExists, async () => await Receiver.BindAsync(place));
    }

    [Fact]
    public async Task Received_messages_outlive_their_endpoint()
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        sender.Send(Payload.Make(1, 1_000));
        sender.Send(Payload.Make(2, 200_000));
        Message small = await receiver.ReceiveAsync();
        Message large = await receiver.ReceiveAsync();
        sender.Dispose();
        receiver.Dispose();

        Assert.Equal(1, Payload.Check(small.Span).Number);
        Assert.Equal(2, Payload.Check(large.Span).Number);
        small.Accept();
        small.Dispose();
        large.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_idle_end_notices_that_the_other_end_disconnected(bool senderBinds)
    {
        SkipUnless(Transport.HasPeers, "there is no other end");

        (Sender sender, Receiver receiver) = await OpenAsync(senderBinds);
        sender.Send(Payload.Make(0, 100));
        (await OnThread(() => receiver.Receive())).Dispose();
        sender.Send(Payload.Make(1, 100));
        if (!senderBinds)
        {
            receiver.Dispose();
            await Until(() => sender.Peers.Count == 0, "the sender has noticed");
            return;
        }

        // Messages that arrived while the caller was away are still there.
        await sender.DisposeAsync();
        await Until(() => receiver.Peers.Count == 0, "the receiver has noticed");
        using Message last = await receiver.ReceiveAsync();
        Assert.Equal(1, Payload.Check(last.Span).Number);
    }

    [Fact]
    public async Task Messages_sent_before_closing_arrive_although_no_call_reads_yet()
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        for (int i = 0; i < 100; i++)
        {
            sender.Send(Payload.Make(i, 500));
        }

        long begun = Stopwatch.GetTimestamp();
        await sender.DisposeAsync();
        Output.WriteLine($"closing took {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:0} ms");

        Assert.Equal(100, await CountAsync(receiver, 100));
    }

    private async Task<int> CountAsync(Receiver receiver, int wanted)
    {
        int count = 0;
        while (count < wanted)
        {
            using Message message = Handled(await receiver.ReceiveAsync());
            count++;
        }

        return count;
    }

    private static async Task EndsAsync(Task[] tasks)
    {
        foreach (Task task in tasks)
        {
            try
            {
                await task;
                if (task is Task<Message> received)
                {
                    (await received).Dispose();
                }
            }
            catch (ObjectDisposedException)
            {
            }
            catch (FairleadException end) when (end.Code == ErrorCode.PeerGone)
            {
            }
        }
    }
}
