using Fairlead.Patterns.Links.Session;

namespace Fairlead.Conformance.Contracts;

/// <content>Subscribers that are waited for, and messages that they do not take or do not take in time.</content>
public abstract partial class SubscriberPolicyContract
{
    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_publisher_does_not_wait_with_a_message_longer_than_a_subscriber_accepts(Calls calls)
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace()));
        Subscriber subscriber = await SubscribeAsync(publisher, "maxmessage=1000&full=wait");
        int[] lengths = [100, 100, 100, 2_000, 100];
        for (int i = 0; i < lengths.Length; i++)
        {
            byte[] message = Payload.Make(i, lengths[i]);
            int reached = calls == Calls.Blocking ? publisher.Publish("t", message) : await publisher.PublishAsync("t", message);
            Assert.Equal(lengths[i] > 1_000 ? 0 : 1, reached);
        }

        (int, int)[] expected = [(0, 0), (1, 0), (2, 0), (4, 1)];
        Assert.Equal(expected, await TakeAsync(subscriber, 4));
        Assert.Equal(1, subscriber.Missed);
    }

    [Fact]
    public async Task A_cancelled_publication_reaches_the_subscribers_that_had_capacity()
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace(), new PublisherOptions { LongestWait = Timeout.InfiniteTimeSpan }));
        Subscriber stuck = await SubscribeAsync(publisher, "messages=10&full=wait");
        Subscriber reading = await SubscribeAsync(publisher, "messages=10&full=wait");
        Link[] links = publisher.Core.Links();
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(2, publisher.Publish("t", Payload.Make(i, 100)));
        }

        using CancellationTokenSource cancel = new();
        Task publishing = OnThread(() =>
            Assert.ThrowsAny<OperationCanceledException>(() => publisher.Publish("t", Payload.Make(10, 100), cancel.Token)));

        // In shared memory it first waits without a place in the queue.
        await Until(
            () => links[0].LinkSender.Waiting == 1 || links[0].Place.Slot is { IsSkipped: true }, "it waits for the first subscriber");
        Assert.Equal(10, (await TakeAsync(reading, 10)).Length);
        await Until(() => links[1].LinkSender.HasRoom(), "the second subscriber has room");
        await cancel.CancelAsync();
        await publishing;
        Assert.Equal(1, publisher.Statistics.Dropped);
        Assert.Equal((10, 0), (await TakeAsync(reading, 1))[0]);
        Assert.Equal(10, (await TakeAsync(stuck, 10)).Length);
        await Until(() => PollMissed(stuck) == 1, "the first subscriber knows what it missed");
    }
}
