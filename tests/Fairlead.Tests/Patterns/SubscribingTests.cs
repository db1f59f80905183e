using Fairlead.Conformance;

namespace Fairlead.Tests.Patterns;

/// <summary>A subscriber changes its topics while a publisher connects, and the publisher knows the topics afterwards.</summary>
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
}
