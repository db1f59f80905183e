namespace Fairlead.Conformance.Contracts;

/// <content>Subscribers that are waited for, and messages that they do not take or do not take in time.</content>
public abstract partial class SubscriberPolicyContract
{
    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task What_is_longer_than_a_subscriber_takes_is_not_waited_for(Calls calls)
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
}
