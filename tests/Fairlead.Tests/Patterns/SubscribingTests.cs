using Fairlead.Conformance;

namespace Fairlead.Tests.Patterns;

/// <summary>A subscriber changes its topics while a publisher connects, and the publisher knows the topics afterwards.</summary>
[SlowRun]
public sealed class SubscribingTests(ITestOutputHelper output) : WatchedTest(output)
{
    [Fact]
    public async Task A_topic_that_is_given_up_while_a_publisher_connects_stays_given_up()
    {
        const int Topics = 5_000;
        const int Rounds = 12;
        Subscriber subscriber = Track(Subscriber.Bind($"unix://subscribing-{Guid.NewGuid():N}", "first"));
        for (int i = 0; i < Topics; i++)
        {
            await subscriber.SubscribeAsync($"t{i}");
        }

        await subscriber.SubscribeAsync("given.up");
        await subscriber.SubscribeAsync("last");
        for (int i = 0; i < Rounds; i++)
        {
            await subscriber.SubscribeAsync("given.up");
            Publisher publisher = Track(await Publisher.ConnectAsync(subscriber.Address));

            // The subscriber is asking for the others. This thread must not sleep meanwhile.
            SpinWait.SpinUntil(() => publisher.SubscribersOf("first") > 0);
            await subscriber.UnsubscribeAsync("given.up");
            await publisher.WaitForSubscribersAsync("last");
            Assert.Equal(0, publisher.SubscribersOf("given.up"));
            publisher.Dispose();
        }
    }

    [Fact]
    public async Task A_topic_that_the_publisher_refuses_ends_no_connection()
    {
        PublisherOptions options = new() { MaxMessageBytes = 20 };
        string tooLong = new('t', 21);
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace(), options));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(publisher.Address, "ok"));
        await FailsAsync(ErrorCode.TooLarge, async () => await subscriber.SubscribeAsync(tooLong));
        Assert.Equal(["ok"], subscriber.Topics);
        await subscriber.UnsubscribeAsync(tooLong);
        Assert.Equal(1, publisher.Publish("ok", "arrives"));
        using Message message = await subscriber.ReceiveAsync();
        Assert.Equal("arrives", message.Text);
        await FailsAsync(ErrorCode.TooLarge, async () => await Subscriber.ConnectAsync(publisher.Address, tooLong));
    }

    [Fact]
    public async Task A_topic_that_one_publisher_refuses_ends_no_connection_of_a_bound_subscriber()
    {
        Subscriber subscriber = Track(Subscriber.Bind(NewPlace(), $"{new string('t', 21)},ok"));
        Publisher publisher = Track(await Publisher.ConnectAsync(subscriber.Address, new PublisherOptions { MaxMessageBytes = 20 }));
        Publisher other = Track(await Publisher.ConnectAsync(subscriber.Address));
        Assert.Equal(1, await publisher.WaitForSubscribersAsync("ok"));
        Assert.Equal(1, await other.WaitForSubscribersAsync("ok"));
        string tooLong = new('u', 21);
        await subscriber.SubscribeAsync(tooLong);
        Assert.Contains(tooLong, subscriber.Topics);
        Assert.Equal((1, 1, 0), (other.SubscribersOf(tooLong), publisher.SubscribersOf("ok"), publisher.SubscribersOf(tooLong)));
    }

    [Fact]
    public async Task A_subscriber_that_subscribes_repeatedly_without_reading_has_at_most_one_history_waiting()
    {
        const int Kept = 50;
        const int Rounds = 100;
        Publisher publisher = Track(
            await Publisher.BindAsync(NewPlace(), new PublisherOptions { History = Kept, MaxUnreadMessages = 10 }));
        Subscriber subscriber = Track(
            await Subscriber.ConnectAsync(publisher.Address, "none", new EndpointOptions { MaxUnreadMessages = 1 }));
        for (int i = 0; i < Kept; i++)
        {
            publisher.Publish("t", Payload.Make(i, 8));
        }

        for (int i = 0; i < Rounds; i++)
        {
            await subscriber.SubscribeAsync("t");
            await subscriber.UnsubscribeAsync("t");
        }

        Assert.InRange(publisher.Core.Links().Sum(static link => link.LinkSender.Waiting), 1, Kept + 10);
        int received = 0;
        await Until(
            () =>
            {
                while (subscriber.TryReceive(out Message message))
                {
                    message.Dispose();
                    received++;
                }

                return received + subscriber.Missed == Kept * Rounds;
            },
            "it knows what it missed");
        Assert.Equal(subscriber.Missed, publisher.Statistics.Dropped);
    }

    private static Address NewPlace() => $"unix://subscribing-{Guid.NewGuid():N}";
}
