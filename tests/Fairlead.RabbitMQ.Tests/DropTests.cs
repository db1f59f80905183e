using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>Losses at a broker are refused or counted, and a responder does nothing on behalf of strangers.</summary>
public sealed class DropTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [BrokerFact]
    public async Task A_topic_that_the_broker_cannot_carry_is_refused_when_it_is_published()
    {
        await using Publisher publisher = await Publisher.BindAsync(Broker.NewAddress());
        string longest = new('é', 127);
        publisher.Publish(longest, "fits"u8);
        ArgumentException refused = Assert.Throws<ArgumentException>(() => publisher.Publish(longest + "éé", "too long"u8));
        Assert.Contains("255 bytes", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(async () => await publisher.PublishAsync(longest + "éé", "too long"));
    }

    [BrokerFact]
    public async Task A_subscriber_counts_messages_with_invalid_topics_or_too_much_content()
    {
        Address address = Broker.NewAddress("&maxmessage=100");
        await using Subscriber subscriber = await Subscriber.ConnectAsync(address);
        await subscriber.SubscribeAsync(">");
        await using IConnection other = await ConnectAsync();
        await using IChannel channel = await other.CreateChannelAsync();
        foreach ((string topic, int length) in new[] { ("no topic", 1), ("a..b", 1), ("a", 500), ("b", 50) })
        {
            await channel.BasicPublishAsync(address.Option("name")!, topic, mandatory: false, new byte[length].AsMemory());
        }

        using Message message = await subscriber.ReceiveAsync(Patience);
        Assert.Equal(("b", 50), (message.Topic, message.Length));
        Assert.Equal(3, subscriber.Statistics.Dropped);
    }

    [BrokerFact]
    public async Task A_publisher_counts_messages_that_a_full_queue_refused()
    {
        Address address = Broker.NewAddress();
        string exchange = address.Option("name")!;
        await using Publisher publisher = await Publisher.BindAsync(address);
        await using IConnection administrator = await ConnectAsync();
        await using IChannel channel = await administrator.CreateChannelAsync();
        Dictionary<string, object?> full = new() { ["x-max-length"] = 0, ["x-overflow"] = "reject-publish" };
        QueueDeclareOk queue = await channel.QueueDeclareAsync("", durable: false, exclusive: true, autoDelete: true, full);
        await channel.QueueBindAsync(queue.QueueName, exchange, "#");
        for (int i = 0; i < 5; i++)
        {
            publisher.Publish("news", "lost"u8);
        }

        Assert.True((await publisher.CloseAsync(Patience)).IsComplete);
        Assert.Equal(5, publisher.Statistics.Dropped);
    }

    /// <summary>Answers are published in order: that of the honest request comes after everything that the other could cause.</summary>
    [BrokerFact]
    public async Task A_responder_replies_only_to_queues_that_the_broker_named()
    {
        Address address = Broker.NewAddress();
        await using Responder responder = await Responder.BindAsync(address);
        using CancellationTokenSource end = new();
        Task serving = responder.RunAsync(
            static (request, _) => (ReadOnlyMemory<byte>)request.Span.ToArray(), concurrency: 1, cancellationToken: end.Token);
        await using IConnection stranger = await ConnectAsync();
        await using IChannel channel = await stranger.CreateChannelAsync();
        string orders = $"{address.Option("name")}.orders";
        _ = await channel.QueueDeclareAsync(orders, durable: false, exclusive: false, autoDelete: false);
        BasicProperties properties = new() { ReplyTo = orders, CorrelationId = "1" };
        await channel.BasicPublishAsync("", address.Option("name")!, mandatory: true, properties, "forged"u8.ToArray());
        await using (Requester requester = await Requester.ConnectAsync(address))
        {
            using Message answer = await requester.RequestAsync("honest"u8, Patience);
            Assert.Equal("honest", answer.Text);
        }

        Assert.Equal(0u, await channel.MessageCountAsync(orders));
        _ = await channel.QueueDeleteAsync(orders);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
    }

    private static Task<IConnection> ConnectAsync() =>
        new ConnectionFactory { Uri = new Uri($"amqp://{Broker.Node}/"), AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
}
