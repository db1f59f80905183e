using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>Queues and exchanges that an administrator made, with options that no address has.</summary>
public sealed class PassiveTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [BrokerFact]
    public async Task A_passive_endpoint_uses_an_existing_queue_with_other_options()
    {
        Address address = Broker.NewAddress();
        string queue = address.Option("name")!;
        await using IConnection administrator = await ConnectAsync();
        await using IChannel channel = await administrator.CreateChannelAsync();
        await channel.QueueDeclareAsync(
            queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-max-length"] = 7 });
        FairleadException other = await Assert.ThrowsAsync<FairleadException>(() => Sender.ConnectAsync(address).AsTask());
        Assert.Equal(ErrorCode.Incompatible, other.Code);
        Assert.Contains("?declare=passive", other.Message, StringComparison.Ordinal);

        address = address.With("declare", "passive");
        await using Sender sender = await Sender.ConnectAsync(address);
        await using Receiver receiver = await Receiver.BindAsync(address);
        Task<Delivery> delivery = sender.DeliverAsync("as it is"u8.ToArray(), Patience).AsTask();
        using (Message message = await receiver.ReceiveAsync(Patience))
        {
            Assert.Equal("as it is", message.Text);
            message.Accept();
        }

        Assert.True((await delivery).IsDelivered);
        await channel.QueueDeleteAsync(queue);
    }

    [BrokerFact]
    public async Task A_passive_endpoint_creates_no_missing_queue_or_exchange()
    {
        Address address = Broker.NewAddress("&declare=passive");
        FairleadException queue = await Assert.ThrowsAsync<FairleadException>(() => Receiver.BindAsync(address).AsTask());
        FairleadException exchange = await Assert.ThrowsAsync<FairleadException>(() => Publisher.BindAsync(address).AsTask());
        Assert.Equal((ErrorCode.NotFound, ErrorCode.NotFound), (queue.Code, exchange.Code));
        FairleadException hub = await Assert.ThrowsAsync<FairleadException>(() => Hub.BindAsync(address).AsTask());
        Assert.Equal(ErrorCode.NotSupported, hub.Code);
    }

    [BrokerFact]
    public void Declare_accepts_only_active_and_passive() => Assert.Contains(
        "Use passive or active",
        Assert.Throws<AddressFormatException>(() => Sender.Connect(Broker.NewAddress("&declare=never"))).Message,
        StringComparison.Ordinal);

    private static Task<IConnection> ConnectAsync() =>
        new ConnectionFactory { Uri = new Uri($"amqp://{Broker.Node}/"), AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
}
