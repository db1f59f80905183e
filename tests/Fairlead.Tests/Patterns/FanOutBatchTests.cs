using Fairlead.Conformance;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Patterns;

/// <summary>The end of a stream to many peers, which no later message and no waiting caller writes.</summary>
public sealed class FanOutBatchTests
{
    private const int Bursts = 50;

    /// <summary>More than begin a stream, and fewer than fill a batch.</summary>
    private const int Messages = 100;

    [Fact]
    public async Task The_messages_before_a_pause_of_the_publisher_arrive()
    {
        await using Publisher publisher = await Publisher.BindAsync(new UnixNameUnderTest().NewPlace());
        await using Subscriber one = await Subscriber.ConnectAsync(publisher.Address, "a");
        await using Subscriber other = await Subscriber.ConnectAsync(publisher.Address, "a");
        await publisher.WaitForSubscribersAsync("a", 2);

        for (int i = 0; i < Bursts; i++)
        {
            for (int number = 0; number < Messages; number++)
            {
                Assert.Equal(2, publisher.Publish("a", [(byte)number]));
            }

            await ReadAsync(one);
            await ReadAsync(other);
        }
    }

    [Fact]
    public async Task A_stream_to_others_does_not_hold_back_the_end_of_an_earlier_one()
    {
        await using Publisher publisher = await Publisher.BindAsync(new UnixNameUnderTest().NewPlace());
        await using Subscriber waiting = await Subscriber.ConnectAsync(publisher.Address, "a");
        await using Subscriber busy = await Subscriber.ConnectAsync(publisher.Address, "b");
        await publisher.WaitForSubscribersAsync("a");
        await publisher.WaitForSubscribersAsync("b");

        for (int number = 0; number < Messages; number++)
        {
            publisher.Publish("a", [(byte)number]);
        }

        Task reading = ReadAsync(waiting);
        while (!reading.IsCompleted)
        {
            publisher.Publish("b", [1]);
        }

        await reading;
    }

    private static async Task ReadAsync(Subscriber subscriber)
    {
        for (int number = 0; number < Messages; number++)
        {
            using Message message = await subscriber.ReceiveAsync();
            Assert.Equal(number, message.Span[0]);
        }
    }
}
