using System.Globalization;
using System.Text;
using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// One thread waits on many endpoints: it learns of messages and of ends, and pumps the endpoints like a blocking caller.
/// </summary>
public abstract partial class WaitSetContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Fact]
    public async Task Each_endpoint_is_reported_when_it_has_something()
    {
        (Sender first, Receiver a) = await OpenAsync();
        (Sender second, Receiver b) = await OpenAsync(senderBinds: true);
        WaitSet set = Track(new WaitSet());
        WaitAttachment ofA = set.Attach(a, state: "a");
        WaitAttachment ofB = set.Attach(b, state: "b");
        Assert.Equal(2, set.Count);
        Assert.Empty(set.Wait(TimeSpan.Zero).ToArray());
        Assert.Empty(set.Wait(5.Milliseconds()).ToArray());

        Task<WaitEvent> waiting = NextAsync(set);
        first.Send("1"u8);
        Assert.Equal(new WaitEvent(ofA, Readiness.Readable, 1), await waiting);

        // Reported as long as it is there.
        Assert.Equal("a", (await NextAsync(set)).State);
        Take(a, "1");
        waiting = NextAsync(set);
        second.Send("2"u8);
        Assert.Equal(new WaitEvent(ofB, Readiness.Readable, 1), await waiting);
        Take(b, "2");
        Assert.Empty(set.Wait(TimeSpan.Zero).ToArray());

        ofB.Dispose();
        Assert.False(ofB.IsAttached);
        second.Send("3"u8);
        first.Send("4"u8);
        Assert.Equal(ofA, (await NextAsync(set)).Attachment);
        using Message third = Handled(await b.ReceiveAsync());
        Assert.Equal("3", third.Text);
    }

    [Fact]
    public async Task Every_pattern_that_receives_can_be_waited_for()
    {
        SkipUnless(Transport.ConnectsPairs, "no two ends have a connection");
        SkipUnless(Transport.CarriesAnswers, "nothing comes back");

        WaitSet set = Track(new WaitSet());
        Pair pair = Track(await Pair.BindAsync(NewPlace()));
        Pair otherPair = Track(await Pair.ConnectAsync(OtherEnd(pair.Address)));
        set.Attach(pair, state: pair);
        Responder responder = Track(await Responder.BindAsync(NewPlace()));
        Requester requester = Track(await Requester.ConnectAsync(OtherEnd(responder.Address)));
        set.Attach(responder, state: responder);
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace()));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(OtherEnd(publisher.Address), "news"));
        set.Attach(subscriber, state: subscriber);
        otherPair.Send("1"u8);
        Assert.Same(pair, (await NextAsync(set)).State);
        Assert.True(pair.TryReceive(out Message one));
        one.Dispose();

        ValueTask<Message> asking = requester.RequestAsync("2"u8);
        Assert.Same(responder, (await NextAsync(set)).State);
        Assert.True(responder.TryReceive(TimeSpan.Zero, out Request request));
        using (request)
        {
            request.Reply("answer"u8);
        }

        (await asking).Dispose();
        publisher.Publish("news", "3"u8);
        Assert.Same(subscriber, (await NextAsync(set)).State);
        Assert.True(subscriber.TryReceive(out Message three));
        three.Dispose();
    }

    [Fact]
    public async Task A_bound_endpoint_accepts_in_the_set()
    {
        SkipUnless(Transport.ConnectsPairs, "no two ends have a connection");
        SkipUnless(Transport.CarriesAnswers, "nothing comes back");
        SkipUnless(Transport.ServesMany, "it has one peer");

        WaitSet set = Track(new WaitSet());
        Hub hub = Track(await Hub.BindAsync(NewPlace()));
        set.Attach(hub, state: hub);
        Task<WaitEvent> joining = NextAsync(set);
        Pair client = Track(await Pair.ConnectAsync(hub.Address));
        Assert.Same(hub, (await joining).State);
        Assert.IsType<HubEvent.Joined>(hub.NextEvent(TimeSpan.Zero));
        client.Dispose();
        Assert.Same(hub, (await NextAsync(set)).State);
        Assert.IsType<HubEvent.Left>(hub.NextEvent(TimeSpan.Zero));
    }

    [Fact]
    public async Task Streams_received_by_one_thread_are_complete_and_in_order()
    {
        const int Count = 5_000;
        WaitSet set = Track(new WaitSet());
        Sender[] senders = new Sender[3];
        for (int i = 0; i < senders.Length; i++)
        {
            (senders[i], Receiver receiver) = await OpenAsync(options: "messages=64");
            set.Attach(receiver, state: receiver);
        }

        Task[] sending = [.. senders.Select(sender => OnThread(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                sender.Send(Payload.Make(i, 16));
            }
        }))];
        await OnThread(() =>
        {
            Dictionary<object, int> next = [];
            while (next.Values.Sum() < senders.Length * Count)
            {
                foreach (WaitEvent ready in set.Wait())
                {
                    // Takes some, and not always all.
                    Receiver receiver = (Receiver)ready.State!;
                    for (int i = 0; i < 10 && receiver.TryReceive(out Message message); i++)
                    {
                        using (Handled(message))
                        {
                            int expected = next.GetValueOrDefault(receiver);
                            Assert.Equal(expected, Payload.Check(message.Span).Number);
                            next[receiver] = expected + 1;
                        }
                    }
                }
            }
        });
        await Task.WhenAll(sending);
    }

    [Fact]
    public async Task Other_calls_that_wait_on_an_endpoint_in_the_set_complete()
    {
        SkipUnless(Transport.ConnectsPairs, "no two ends have a connection");
        SkipUnless(Transport.CarriesAnswers, "nothing comes back");

        Pair here = Track(await Pair.BindAsync(NewPlace()));
        Pair there = Track(await Pair.ConnectAsync(OtherEnd(here.Address)));
        WaitSet set = Track(new WaitSet());
        set.Attach(here);
        Task<WaitEvent> waiting = NextAsync(set);

        // The thread that waits in the set brings receipts to callers of both kinds.
        for (int i = 0; i < 20; i++)
        {
            ValueTask<Delivery> delivering = here.DeliverAsync("x"u8);
            Task<Delivery> blocking = OnThread(() => here.Deliver("y"u8));
            for (int n = 0; n < 2; n++)
            {
                using Message message = await there.ReceiveAsync();
                message.Accept();
            }

            Assert.True((await delivering).IsDelivered);
            Assert.True((await blocking).IsDelivered);
        }

        Assert.False(waiting.IsCompleted);
        there.Send("z"u8);
        Assert.Equal(Readiness.Readable, (await waiting).Ready);
    }

    [Fact]
    public async Task A_set_and_threads_that_receive_directly_lose_no_message()
    {
        const int Count = 4_000;
        (Sender sender, Receiver receiver) = await OpenAsync();
        WaitSet set = Track(new WaitSet());
        set.Attach(receiver);
        int received = 0;
        using CancellationTokenSource all = new();
        void Seen(Message message)
        {
            Handled(message).Dispose();
            if (Interlocked.Increment(ref received) == Count)
            {
                all.Cancel();
            }
        }

        Task beside = OnThread(() =>
        {
            try
            {
                while (true)
                {
                    Seen(receiver.Receive(null, all.Token));
                }
            }
            catch (OperationCanceledException)
            {
            }
        });
        Task async = Task.Run(async () =>
        {
            try
            {
                while (true)
                {
                    Seen(await receiver.ReceiveAsync(all.Token));
                }
            }
            catch (OperationCanceledException)
            {
            }
        });
        Task inSet = OnThread(() =>
        {
            try
            {
                while (true)
                {
                    if (set.Wait(null, all.Token).Length > 0 && receiver.TryReceive(out Message message))
                    {
                        Seen(message);
                    }
                }
            }
            catch (OperationCanceledException)
            {
            }
        });
        for (int i = 0; i < Count; i++)
        {
            sender.Send(Payload.Make(i, 8));
            if (i % 50 == 0)
            {
                await Task.Yield();
            }
        }

        await Task.WhenAll(beside, async, inSet);
        Assert.Equal(Count, received);
    }

    [FullRun(Reason.Measures)]
    [Fact]
    public async Task A_wait_costs_no_managed_memory_and_no_processor()
    {
        SkipUnless(Transport.AllocatesNothing, "a message allocates there");
        SkipUnless(Transport.ServesMany, "its waits are those of the transports that serve many");

        SkipUnless(Transport.CrossesProcesses, "it has one process");

        const int Count = 10_000;
        const int MostRounds = 40;
        PeerProcess waiter = Track(PeerProcess.Start("waiter", NewPlace().ToString(), $"{Count}"));
        Sender sender = Track(await Sender.ConnectAsync(Bare(Address.Parse(await waiter.AnswerAsync()))));
        List<long> rounds = [];

        // Pools grow at first, and now and then later: the best round counts.
        while (rounds.Count < MostRounds && !rounds.Exists(static bytes => bytes < Count))
        {
            await waiter.TellAsync("round");
            Task sending = OnThread(() =>
            {
                for (int i = 0; i < Count; i++)
                {
                    sender.Send(Payload.Make(i, 64));
                }
            });
            rounds.Add(long.Parse(await waiter.AnswerAsync(), CultureInfo.InvariantCulture));
            await sending;
        }

        Output.WriteLine($"bytes allocated for {Count} messages each: {string.Join(", ", rounds)}");
        Assert.InRange(rounds.Min(), 0, Count);

        await waiter.AskAsync("wait");
        Assert.True(await waiter.BecomesQuietAsync(Output.WriteLine), "It never became quiet.");
    }

    [Fact]
    public async Task A_sender_is_writable_when_its_peer_has_room()
    {
        SkipUnless(Transport.HasPeers, "there is always room");

        Sender sender = Track(await Sender.BindAsync(NewPlace()));
        WaitSet set = Track(new WaitSet());
        set.Attach(sender, Readiness.Readable | Readiness.Writable);
        Assert.Empty(set.Wait(TimeSpan.Zero).ToArray());
        Task<WaitEvent> waiting = NextAsync(set);
        Receiver receiver = Track(await Receiver.ConnectAsync(With(OtherEnd(sender.Address), "messages=4")));
        Assert.Equal(Readiness.Writable, (await waiting).Ready);

        while (sender.TrySend("x"u8) == SendResult.Sent)
        {
        }

        Assert.Empty(set.Wait(TimeSpan.Zero).ToArray());
        waiting = NextAsync(set);
        for (int i = 0; i < 4; i++)
        {
            using Message message = await receiver.ReceiveAsync();
        }

        Assert.Equal(Readiness.Writable, (await waiting).Ready);
        Assert.Equal(SendResult.Sent, sender.TrySend("y"u8));
    }

    private void Take(Receiver receiver, string expected)
    {
        Assert.True(receiver.TryReceive(out Message message));
        using (Handled(message))
        {
            Assert.Equal(expected, Encoding.UTF8.GetString(message.Span));
        }
    }

    /// <summary>Waits on a separate thread until an endpoint is ready.</summary>
    private static Task<WaitEvent> NextAsync(WaitSet set) => OnThread(() => Assert.Single(set.Wait().ToArray()));
}
