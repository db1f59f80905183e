namespace Fairlead.Conformance.Contracts;

/// <summary>Subscribers that come later: the kept messages come first, without a gap before those that follow.</summary>
public abstract class HistoryContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Fact]
    public async Task A_late_subscriber_gets_the_last_messages_on_its_topics_first()
    {
        SkipUnless(Transport.ServesMany, "it has one peer");

        Publisher publisher = Track(await Publisher.BindAsync(NewPlace("history=6")));
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(0, publisher.Publish(i % 2 == 0 ? "even" : "odd.n", Payload.Make(i, 30)));
        }

        Subscriber even = Track(await Subscriber.ConnectAsync(OtherEnd(publisher.Address), "even"));
        Subscriber all = Track(await OnThread(() => Subscriber.Connect(OtherEnd(publisher.Address))));
        Subscriber none = Track(await Subscriber.ConnectAsync(OtherEnd(publisher.Address), "none"));
        Assert.Equal(2, publisher.Publish("even", Payload.Make(10, 30)));
        await TakesAsync(even, 4, 6, 8, 10);
        await TakesAsync(all, 4, 5, 6, 7, 8, 9, 10);
        Assert.False(none.TryReceive(out _));
        Assert.Equal(3 + 6 + 2, publisher.Statistics.MessagesSent);
    }

    [Fact]
    public async Task A_further_subscription_gets_its_history_and_no_message_twice()
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace(), new PublisherOptions { History = 100 }));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(OtherEnd(publisher.Address), "a.x"));
        for (int i = 0; i < 4; i++)
        {
            publisher.Publish(i % 2 == 0 ? "a.x" : "a.y", Payload.Make(i, 8));
        }

        await TakesAsync(subscriber, 0, 2);
        await subscriber.SubscribeAsync("a.*");
        await subscriber.SubscribeAsync("a.y");
        await TakesAsync(subscriber, 1, 3);
        await subscriber.UnsubscribeAsync("a.*");
        await subscriber.UnsubscribeAsync("a.y");
        publisher.Publish("a.y", Payload.Make(4, 8));
        publisher.Publish("a.x", Payload.Make(5, 8));
        await TakesAsync(subscriber, 5);
        await subscriber.SubscribeAsync("a.y");
        await TakesAsync(subscriber, 1, 3, 4);
        Assert.False(subscriber.TryReceive(out _));
    }

    [Fact]
    public async Task A_history_is_bounded_in_bytes_too_and_may_exceed_the_window_of_a_subscriber()
    {
        SkipUnless(Transport.IsVisitedAgain, "no second peer comes");

        Publisher publisher = Track(await Publisher.BindAsync(NewPlace("history=1000&capacity=10kB&messages=10")));
        for (int i = 0; i < 300; i++)
        {
            publisher.Publish("t", Payload.Make(i, 96));
        }

        // Four bytes of each belong to the topic.
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(With(OtherEnd(publisher.Address), "messages=3&full=wait")));
        ValueTask<int> publishing = publisher.PublishAsync("t", Payload.Make(300, 96));
        await TakesAsync(subscriber, [.. Enumerable.Range(200, 101)]);
        Assert.Equal(1, await publishing);
        subscriber.Dispose();

        publisher.Publish("t", Payload.Make(301, 50_000));
        Subscriber last = Track(await Subscriber.ConnectAsync(OtherEnd(publisher.Address)));
        await TakesAsync(last, 301);
        Assert.False(last.TryReceive(out _));
    }

    [Fact]
    public async Task No_message_is_missing_between_the_history_and_the_later_messages()
    {
        SkipUnless(Transport.ServesMany, "it has one peer");

        const int Count = 20_000;
        Publisher publisher = Track(
            await Publisher.BindAsync(NewPlace("history=50"), new PublisherOptions { LongestWait = Timeout.InfiniteTimeSpan }));
        Task publishing = OnThread(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                publisher.Publish("t", Payload.Make(i, 20));
            }
        });

        List<Task> reading = [];
        while (reading.Count < 12)
        {
            Subscriber subscriber = Track(await Subscriber.ConnectAsync(With(OtherEnd(publisher.Address), "full=wait")));
            reading.Add(Task.Run(async () =>
            {
                for (int next = -1; next < Count;)
                {
                    using Message message = await subscriber.ReceiveAsync();
                    int number = Payload.Check(message.Span).Number;
                    Assert.Equal((next < 0 ? number : next, 0L), (number, message.Missed));
                    next = number + 1;
                }
            }));
        }

        await publishing;
        await Task.WhenAll(reading);
        Subscriber late = Track(await Subscriber.ConnectAsync(OtherEnd(publisher.Address)));
        await TakesAsync(late, [.. Enumerable.Range(Count - 50, 50)]);
    }

    [Fact]
    public async Task Only_a_publisher_accepts_a_history_and_an_invalid_length_is_refused()
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace()));
        Address withHistory = With(OtherEnd(publisher.Address), "history=5");
        await Assert.ThrowsAsync<AddressFormatException>(async () => await Receiver.ConnectAsync(withHistory));

        // The address that the publisher reports names its option. It is not the subscriber's, which ignores it.
        Track(await Subscriber.ConnectAsync(withHistory));
        foreach (int history in (int[])[-1, (1 << 20) + 1])
        {
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () =>
                await Publisher.BindAsync(NewPlace(), new PublisherOptions { History = history }));
        }

        foreach (string option in (string[])
            [
                "history=-1",
                "history=1048577",
                "history=99999999999",
                "history=many",
                "history=",
                "history=5&capacity=much",
                "history=5&histori=5",
            ])
        {
            var refused = await Assert.ThrowsAsync<AddressFormatException>(async () => await Publisher.BindAsync(NewPlace(option)));
            Assert.Contains(option.Split('&')[^1].Split('=')[0], refused.Message, StringComparison.Ordinal);
        }
    }

    private static async Task TakesAsync(Subscriber subscriber, params int[] expected)
    {
        foreach (int number in expected)
        {
            using Message message = await subscriber.ReceiveAsync();
            Assert.Equal((number, 0L), (Payload.Check(message.Span).Number, message.Missed));
        }
    }
}
