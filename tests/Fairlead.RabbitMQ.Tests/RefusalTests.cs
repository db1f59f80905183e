using System.Text;
using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>Messages of other programs that a receiver cannot take.</summary>
public sealed class RefusalTests
{
    [BrokerFact]
    public async Task A_message_that_is_too_long_does_not_count_as_in_hand()
    {
        Address address = Broker.NewAddress("&unique=true&maxmessage=1KiB");
        await using Receiver receiver = await Receiver.BindAsync(address);
        ConnectionFactory factory = new() { Uri = new Uri($"amqp://{Broker.Node}/"), AutomaticRecoveryEnabled = false };
        await using IConnection other = await factory.CreateConnectionAsync();
        await using IChannel channel = await other.CreateChannelAsync();
        BasicProperties properties = new() { MessageId = "the same" };
        string queue = address.Option("name")!;
        await channel.BasicPublishAsync("", queue, mandatory: true, properties, new byte[4096]);
        await channel.BasicPublishAsync("", queue, mandatory: true, properties, Encoding.UTF8.GetBytes("short"));
        using Message message = await receiver.ReceiveAsync(20.Seconds());
        Assert.Equal("short", message.Text);
        message.Accept();
    }
}
