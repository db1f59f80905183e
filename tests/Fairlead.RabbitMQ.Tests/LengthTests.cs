namespace Fairlead.RabbitMQ.Tests;

/// <summary>At a broker, <c>maxmessage</c> is about the body: no topic, deadline or number of deliveries counts.</summary>
public sealed class LengthTests
{
    /// <summary>Ends a hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly byte[] Longest = new byte[100];
    private static readonly byte[] TooLong = new byte[101];

    /// <summary>The second delivery has a head that says so. The message would be lost then.</summary>
    [BrokerFact]
    public async Task A_message_of_maximum_length_is_delivered_again()
    {
        Address address = Broker.NewAddress("&maxmessage=100");
        await using Sender sender = await Sender.ConnectAsync(address);
        await using Receiver receiver = await Receiver.ConnectAsync(address);
        await sender.SendAsync(Longest);
        for (int i = 0; i < 3; i++)
        {
            using Message message = await receiver.ReceiveAsync(Patience);
            Assert.Equal((100, i > 0), (message.Length, message.Redelivered));
            if (i == 2)
            {
                message.Accept();
            }
        }

        FairleadException refused = await Assert.ThrowsAsync<FairleadException>(async () => await sender.SendAsync(TooLong));
        Assert.Equal(ErrorCode.TooLarge, refused.Code);
        Assert.Contains("has 101 bytes, but the peer accepts at most 100", refused.Message, StringComparison.Ordinal);
    }

    [BrokerFact]
    public async Task A_request_of_maximum_length_has_a_deadline()
    {
        Address address = Broker.NewAddress("&maxmessage=100");
        await using Responder responder = await Responder.BindAsync(address);
        await using Requester requester = await Requester.ConnectAsync(address);
        Task<Message> call = requester.RequestAsync(Longest, Patience).AsTask();
        using (Request request = await responder.ReceiveAsync(Patience))
        {
            request.Reply(Longest);
        }

        Assert.Equal(100, (await call).Length);
        FairleadException refused = await Assert.ThrowsAsync<FairleadException>(
            async () => await requester.RequestAsync(TooLong, Patience));
        Assert.Equal(ErrorCode.TooLarge, refused.Code);
    }

    [BrokerFact]
    public async Task A_publication_of_maximum_length_has_a_topic()
    {
        Address address = Broker.NewAddress("&maxmessage=100");
        await using Publisher publisher = await Publisher.ConnectAsync(address);
        await using Subscriber subscriber = await Subscriber.ConnectAsync(address, ">");
        string topic = new('t', 255);
        Assert.Equal(0, await publisher.PublishAsync(topic, TooLong));
        Assert.Equal(1, await publisher.PublishAsync(topic, Longest));
        using Message message = await subscriber.ReceiveAsync(Patience);
        Assert.Equal((topic, 100), (message.Topic, message.Length));
        Assert.Equal(1, publisher.Statistics.Dropped);
    }

    [BrokerTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_first_publication_arrives_even_immediately_after_opening(bool isBound)
    {
        Address address = Broker.NewAddress();
        await using Subscriber subscriber = await Subscriber.ConnectAsync(address, ">");
        for (int i = 0; i < 10; i++)
        {
            await using Publisher publisher = isBound ? await Publisher.BindAsync(address) : await Publisher.ConnectAsync(address);
            Assert.Equal(1, await publisher.PublishAsync("first", new byte[] { (byte)i }));
            using Message message = await subscriber.ReceiveAsync(Patience);
            Assert.Equal(i, message.Span[0]);
        }
    }
}
