using Fairlead.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Transports.SharedMemory;

/// <content>Subscribers that take messages one by one from the common ring, and a publisher that waits for them.</content>
public sealed partial class BroadcastTests
{
    [Fact]
    public async Task Messages_read_in_place_equal_messages_read_by_the_pump()
    {
        await using Publisher publisher = await Publisher.BindAsync(NewPlace("capacity=64kB"));
        using Subscriber taking = await Subscriber.ConnectAsync(Bare(publisher.Address));
        using Subscriber late = await Subscriber.ConnectAsync(
            Bare(publisher.Address), "even,other", new() { MaxUnreadMessages = 10, OverflowPolicy = OverflowPolicy.DropOldest });
        long bytes = 0;
        long missed = 0;
        for (int i = 0; i < 2_000; i++)
        {
            // Headers of several kinds, and bodies in loaned memory elsewhere.
            string topic = i % 2 == 0 ? "even" : i % 20 == 1 ? "odd." + new string('x', 100) : "odd";
            byte[] sent = Payload.Make(i, i % 50 == 0 ? 5_000 : i % 100);
            Assert.Equal(i % 2 == 0 ? 2 : 1, publisher.Publish(topic, sent));
            using Message message = taking.Receive();
            Assert.Equal((i, sent.Length, 0L, topic), (Payload.Check(message.Span).Number, message.Length, message.Missed, message.Topic));
            bytes += sent.Length;
            while (i % 500 == 499 && late.TryReceive(out Message other))
            {
                using (other)
                {
                    Assert.Equal("even", other.Topic);
                    missed += other.Missed;
                }
            }
        }

        Assert.Equal(
            (2_000, bytes, 0), (taking.Statistics.MessagesReceived, taking.Statistics.BytesReceived, taking.Statistics.QueueDepth));
        Assert.Equal(late.Missed, missed);
        Assert.False(taking.TryReceive(out _));
    }

    [Fact]
    public async Task Subscribers_that_the_publisher_waits_for_read_at_their_own_pace_and_miss_nothing()
    {
        const int Count = 20_000;
        await using Publisher publisher = await Publisher.BindAsync(
            NewPlace(), new PublisherOptions { LongestWait = Timeout.InfiniteTimeSpan });
        List<Task> reading = [];
        for (int i = 0; i < 8; i++)
        {
            Subscriber subscriber = await Subscriber.ConnectAsync(
                Bare(publisher.Address).With("full", "wait").With("messages", i % 2 == 0 ? "200" : "3"));
            reading.Add(
                i % 4 < 2
                    ? ReadAllAsync(subscriber)
                    : Task.Factory.StartNew(
                        () => ReadAll(subscriber, Count), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        }

        await Task.Run(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                Assert.Equal(reading.Count, publisher.Publish("t", Payload.Make(i, i % 100)));
            }
        });
        CloseReport report = await publisher.CloseAsync(60.Seconds());
        await Task.WhenAll(reading);
        Assert.Equal(new CloseReport(Count * reading.Count, Count * reading.Count, 0, 0), report);
    }

    [Fact]
    public async Task A_wait_for_readers_ends_with_its_token_and_its_time()
    {
        await using Publisher publisher = await Publisher.BindAsync(
            NewPlace(), new PublisherOptions { LongestWait = Timeout.InfiniteTimeSpan });
        using Subscriber subscriber = await Subscriber.ConnectAsync(Bare(publisher.Address).With("full", "wait").With("messages", "100"));
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(1, publisher.Publish("t", Payload.Make(i, 10)));
        }

        using CancellationTokenSource ending = new();
        Task<int> publishing = Task.Run(() => publisher.Publish("t", Payload.Make(100, 10), ending.Token));
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publishing);
        for (int i = 0; i < 100; i++)
        {
            using Message message = subscriber.Receive();
            Assert.Equal((i, 0L), (Payload.Check(message.Span).Number, message.Missed));
        }

        Assert.Equal(1, publisher.Publish("t", Payload.Make(101, 10)));
        using Message last = subscriber.Receive();
        Assert.Equal(101, Payload.Check(last.Span).Number);

        // None if the token was cancelled before the call began.
        Assert.InRange(last.Missed, 0, 1);
    }

    private static void ReadAll(Subscriber subscriber, int count)
    {
        using (subscriber)
        {
            for (int i = 0; i < count; i++)
            {
                using Message message = subscriber.Receive();
                Assert.Equal((i, 0L), (Payload.Check(message.Span).Number, message.Missed));
            }
        }
    }
}
