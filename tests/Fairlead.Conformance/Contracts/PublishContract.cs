using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>Topics: which subscriber gets which messages, and how losses are reported.</summary>
public abstract class PublishContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Theory]
    [InlineData("eu.bond.10y", new[] { "eu.bond.10y" })]
    [InlineData("eu.*.10y", new[] { "eu.bond.10y", "eu.swap.10y" })]
    [InlineData("eu.>", new[] { "eu.bond.10y", "eu.bond.2y", "eu.swap.10y" })]
    [InlineData("*", new[] { "eu" })]
    [InlineData("*.bond.*", new[] { "eu.bond.10y", "eu.bond.2y", "us.bond.10y" })]
    [InlineData("us.>,*.*.2y", new[] { "eu.bond.2y", "us.bond.10y" })]
    [InlineData(">", new[] { "eu", "eu.bond.10y", "eu.bond.2y", "eu.swap.10y", "us.bond.10y" })]
    public async Task A_subscriber_gets_only_its_topics_and_no_other_message_is_sent(string pattern, string[] expected)
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace()));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(OtherEnd(publisher.Address), pattern));

        int buffered = 0;
        string[] topics = ["eu", "eu.bond.10y", "eu.bond.2y", "eu.swap.10y", "us.bond.10y"];
        foreach (string topic in topics)
        {
            buffered += publisher.Publish(topic, $"of {topic}");
        }

        foreach (string topic in expected)
        {
            using Message message = await subscriber.ReceiveAsync();
            Assert.Equal((topic, $"of {topic}", 0L), (message.Topic, message.Text, message.Missed));
        }

        int sent = Transport.HasPeers ? expected.Length : topics.Length;
        Assert.Equal(sent, buffered);
        Assert.Equal(sent, publisher.Statistics.MessagesSent);
        Assert.False(subscriber.TryReceive(out _));
    }

    [Fact]
    public async Task Topics_can_be_subscribed_and_unsubscribed_at_any_time()
    {
        SkipUnless(Transport.HasPeers, "a publisher does not learn what subscribers ask for");

        Publisher publisher = Track(await Publisher.BindAsync(NewPlace()));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(OtherEnd(publisher.Address), "a"));

        Assert.Equal(0, publisher.Publish("b", "1"));
        await subscriber.SubscribeAsync("b");
        Assert.Equal(1, publisher.Publish("b", "2"));
        Assert.Equal(["a", "b"], subscriber.Topics.Order());
        await subscriber.UnsubscribeAsync("b");
        Assert.Equal(0, publisher.Publish("b", "3"));
        await subscriber.UnsubscribeAsync("never.asked.for");
        Assert.Equal(1, publisher.Publish("a", [4]));

        using Message first = await subscriber.ReceiveAsync();
        using Message second = subscriber.Receive();
        Assert.Equal(("2", 4), (first.Text, second.Span[0]));
    }

    [Fact]
    public async Task A_publisher_counts_the_subscribers_of_a_topic_and_waits_for_them()
    {
        SkipUnless(Transport.HasPeers, "a publisher does not learn what subscribers ask for");

        Publisher publisher = Track(await Publisher.BindAsync(NewPlace()));
        Assert.Equal(0, publisher.SubscribersOf("a.b"));
        Assert.Throws<ArgumentException>(() => publisher.SubscribersOf("a.*"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await publisher.WaitForSubscribersAsync(""));
        Assert.Equal(0, publisher.WaitForSubscribers("a.b", 0));
        FairleadException late = Fails(ErrorCode.Timeout, () => publisher.WaitForSubscribers("a.b", timeout: 20.Milliseconds()));
        Assert.Contains("0 of 1 subscribers have asked for 'a.b' in time", late.Message, StringComparison.Ordinal);

        Task<int> awaited = publisher.WaitForSubscribersAsync("a.b").AsTask();
        Task<int> blocked = OnThread(() => publisher.WaitForSubscribers("a.b", 1, 90.Seconds()));
        Task<int> another = publisher.WaitForSubscribersAsync("other").AsTask();
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(OtherEnd(publisher.Address), "a.*"));
        Assert.Equal((1, 1), (await awaited, await blocked));
        Assert.Equal((1, 0), (publisher.SubscribersOf("a.b"), publisher.SubscribersOf("a")));
        Assert.False(another.IsCompleted);
        await subscriber.SubscribeAsync("other");
        Assert.Equal(1, await another);

        // A counted subscriber gets everything published from then on.
        publisher.Publish("a.b", "1");
        using (Message message = await subscriber.ReceiveAsync())
        {
            Assert.Equal("1", message.Text);
        }

        await subscriber.UnsubscribeAsync("a.*");
        Assert.Equal(0, publisher.SubscribersOf("a.b"));
        if (Transport.ServesMany)
        {
            Task<int> two = publisher.WaitForSubscribersAsync("other", 2).AsTask();
            Assert.False(two.IsCompleted);
            Track(await Subscriber.ConnectAsync(OtherEnd(publisher.Address), "other"));
            Assert.Equal(2, await two);
            subscriber.Dispose();
            await Until(() => publisher.SubscribersOf("other") == 1, "it has left");
        }

        using CancellationTokenSource stop = new();
        ValueTask<int> cancelled = publisher.WaitForSubscribersAsync("other", 9, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await cancelled);
        ValueTask<int> closed = publisher.WaitForSubscribersAsync("other", 9);
        publisher.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await closed);
    }

    [Fact]
    public async Task A_connected_publisher_waits_for_its_subscribers_topics()
    {
        SkipUnless(Transport.HasPeers, "a publisher does not learn what subscribers ask for");

        Subscriber subscriber = Track(await Subscriber.BindAsync(NewPlace(), "x,y.>"));
        Publisher publisher = Track(await Publisher.ConnectAsync(OtherEnd(subscriber.Address)));
        Assert.Equal(1, await publisher.WaitForSubscribersAsync("y.z"));
        Assert.Equal(1, publisher.Publish("y.z", "1"));
        ValueTask<int> waiting = publisher.WaitForSubscribersAsync("nothing");
        subscriber.Dispose();
        await FailsAsync(ErrorCode.PeerGone, async () => await waiting);
    }

    [Fact]
    public async Task A_subscriber_accepts_the_address_that_its_publisher_reports()
    {
        SkipUnless(Transport.HasPeers, "a publisher has no history there");
        SkipUnless(Transport.ServesMany, "its ends may have addresses of their own");

        Publisher publisher = Track(await Publisher.BindAsync(NewPlace("history=1000")));
        publisher.Publish("t", "1");
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(publisher.Address.ToString(), "t"));
        using Message message = await subscriber.ReceiveAsync();
        Assert.Equal("1", message.Text);
    }

    [Fact]
    public async Task A_bound_subscriber_receives_from_many_publishers_and_sends_each_its_topics()
    {
        SkipUnless(Transport.ServesMany, "it has one peer");

        Subscriber subscriber = Track(await Subscriber.BindAsync(NewPlace(), "x,y.>"));
        if (!Transport.HasPeers)
        {
            // No publisher learns its topics: they have arrived when a later one has.
            await Until(() => subscriber.Peers.Count == 1, "it is connected");
            await subscriber.SubscribeAsync("later");
        }

        Publisher first = Track(await Publisher.ConnectAsync(OtherEnd(subscriber.Address)));
        Publisher second = Track(await OnThread(() => Publisher.Connect(OtherEnd(subscriber.Address))));

        await Until(() => first.Publish("x", "1") == 1, "the topics have reached the first");
        await Until(() => second.Publish("y.z", "2") == 1, "the topics have reached the second");
        await subscriber.SubscribeAsync("late");
        Assert.Equal(1, first.Publish("late", "3"));
        Assert.Equal(1, second.Publish("late", "4"));

        List<string> heard = [];
        while (heard.Count < 4)
        {
            using Message message = await subscriber.ReceiveAsync();
            heard.Add(message.Text);
        }

        Assert.Equal(["1", "2", "3", "4"], heard.Order());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("a.")]
    [InlineData("a b")]
    [InlineData("a.\t")]
    public async Task An_invalid_topic_is_refused(string text)
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace()));
        Assert.Throws<ArgumentException>(() => publisher.Publish(text, "x"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Subscriber.ConnectAsync(OtherEnd(publisher.Address), text));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(OtherEnd(publisher.Address), "ok"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await subscriber.SubscribeAsync(text));
        Assert.Throws<ArgumentException>(() => publisher.Publish("a.*", "x"));
        Assert.Throws<ArgumentException>(() => publisher.Publish(">", "x"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await subscriber.SubscribeAsync("a.>.b"));
        Assert.Throws<ArgumentException>(() => publisher.Publish(new string('t', 1025), "x"));
    }

    [Fact]
    public async Task Missed_and_received_messages_are_all_published_messages()
    {
        SkipUnless(Transport.HasPeers, "losses are not counted there");
        SkipUnless(Transport.ServesMany, "it has one peer");

        const int Count = 20_000;
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace()));
        Subscriber slow = Track(await Subscriber.ConnectAsync(With(OtherEnd(publisher.Address), "messages=50")));
        Subscriber quick = Track(await Subscriber.ConnectAsync(With(OtherEnd(publisher.Address), "messages=1000000&capacity=1GiB")));

        Task publishing = OnThread(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                publisher.Publish("t", Payload.Make(i, 30));
            }
        });
        long received = 0;
        long missed = 0;
        int next = 0;
        while (!publishing.IsCompleted || received < 60)
        {
            if (slow.TryReceive(TimeSpan.FromMilliseconds(1), out Message message))
            {
                Take(message);
            }
        }

        await publishing;

        // The last losses are reported with the next message that gets through.
        int published = Count;
        while (next < published)
        {
            if (slow.TryReceive(100.Milliseconds(), out Message message))
            {
                Take(message);
            }
            else
            {
                publisher.Publish("t", Payload.Make(published++, 30));
            }
        }

        void Check(string what, long expected, long actual) =>
            Assert.True(expected == actual, $"{what}: {expected} were expected, {actual} are.");
        Output.WriteLine($"{received} received, {missed} missed");
        Check("the slow one", published, received + missed);
        Check("dropped", missed, publisher.Statistics.Dropped);

        void Take(Message message)
        {
            using (message)
            {
                missed += message.Missed;
                received++;
                int number = Payload.Check(message.Span).Number;
                Assert.Equal(next + message.Missed, number);
                next = number + 1;
            }
        }

        for (int i = 0; i < published; i++)
        {
            using Message message = await quick.ReceiveAsync();
            Assert.Equal((i, 0L), (Payload.Check(message.Span).Number, message.Missed));
        }
    }

    [Fact]
    public async Task Waiting_for_a_message_ends_by_token_and_time()
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace()));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(OtherEnd(publisher.Address)));

        Fails(ErrorCode.Timeout, () => subscriber.Receive(20.Milliseconds()));
        await FailsAsync(ErrorCode.Timeout, async () => await subscriber.ReceiveAsync(20.Milliseconds()));
        using CancellationTokenSource cancel = new(50.Milliseconds());
        await OnThread(() => Assert.ThrowsAny<OperationCanceledException>(() => subscriber.Receive(null, cancel.Token)));
        using CancellationTokenSource second = new(50.Milliseconds());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await subscriber.ReceiveAsync(null, second.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await subscriber.SubscribeAsync("x", new CancellationToken(canceled: true)));

        publisher.Publish("t", "after");
        using Message message = await subscriber.ReceiveAsync();
        Assert.Equal("after", message.Text);
    }

    [Fact]
    public async Task A_cancelled_call_changes_no_topic()
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace()));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(OtherEnd(publisher.Address), "t"));
        CancellationToken cancelled = new(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await subscriber.SubscribeAsync("x", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await subscriber.UnsubscribeAsync("t", cancelled));
        Assert.Equal(["t"], subscriber.Topics);
        Assert.Equal(Transport.HasPeers ? 0 : 1, publisher.Publish("x", "not asked for"));
        Assert.Equal(1, publisher.Publish("t", "asked for"));
        using Message message = await subscriber.ReceiveAsync();
        Assert.Equal("asked for", message.Text);
    }

    [Fact]
    public async Task The_end_of_a_publisher_ends_the_loops_of_its_subscribers()
    {
        SkipUnless(Transport.HasPeers, "another publisher may come");

        Publisher publisher = Track(await Publisher.BindAsync(NewPlace()));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(OtherEnd(publisher.Address)));
        publisher.Publish("t", "1");
        ValueTask<CloseReport> closing = publisher.CloseAsync(60.Seconds());

        int count = 0;
        await foreach (Message message in subscriber.ReceiveAllAsync())
        {
            Assert.Equal("1", message.Text);
            count++;
        }

        Assert.Equal(1, count);
        Assert.Equal(new CloseReport(1, 1, 0, 0), await closing);
        await FailsAsync(ErrorCode.PeerGone, async () => await subscriber.SubscribeAsync("x"));
        Fails(ErrorCode.PeerGone, () => subscriber.Receive());
    }
}
