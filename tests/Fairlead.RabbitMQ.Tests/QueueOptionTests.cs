using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>Arguments of queues and properties of messages that an address chooses.</summary>
public sealed class QueueOptionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [BrokerTheory]
    [InlineData("&single=true", "x-single-active-consumer", true)]
    [InlineData("&priorities=10", "x-max-priority", 10)]
    [InlineData("&lifetime=90s", "x-message-ttl", 90_000L)]
    public async Task An_option_is_an_argument_of_the_queue(string option, string name, object value)
    {
        Address address = Broker.NewAddress(option);
        await using Sender sender = await Sender.ConnectAsync(address);
        await using IConnection administrator = await ConnectAsync();
        await using IChannel channel = await administrator.CreateChannelAsync();

        // The broker refuses a declaration that differs.
        Dictionary<string, object?> arguments = new() { ["x-expires"] = 60 * 60 * 1000, [name] = value };
        _ = await channel.QueueDeclareAsync(address.Option("name")!, durable: true, exclusive: false, autoDelete: false, arguments);
        FairleadException other = await Assert.ThrowsAsync<FairleadException>(
            () => Receiver.BindAsync(Broker.NewAddress().With("name", address.Option("name")!)).AsTask());
        Assert.Equal(ErrorCode.Incompatible, other.Code);
        _ = await channel.QueueDeleteAsync(address.Option("name")!);
    }

    [BrokerFact]
    public async Task A_queue_refuses_messages_beyond_its_length()
    {
        Address address = Broker.NewAddress("&length=1");
        await using Sender sender = await Sender.ConnectAsync(address);
        await sender.SendAsync("first");
        Delivery refused = await sender.DeliverAsync("second", Patience);
        Assert.Equal(DeliveryStatus.NotDelivered, refused.Status);
        await using Receiver receiver = await Receiver.BindAsync(address);
        using Message message = await receiver.ReceiveAsync(Patience);
        Assert.Equal("first", message.Text);
        message.Accept();
    }

    [BrokerFact]
    public async Task Urgent_messages_overtake_others()
    {
        Address address = Broker.NewAddress("&priorities=5");
        await using Sender usual = await Sender.ConnectAsync(address);
        await using Sender urgent = await Sender.ConnectAsync(address.With("priority", "5"));
        await usual.SendAsync("usual");
        Assert.True((await usual.CloseAsync(Patience)).IsComplete);
        await urgent.SendAsync("urgent");
        Assert.True((await urgent.CloseAsync(Patience)).IsComplete);
        await using Receiver receiver = await Receiver.BindAsync(address.With("prefetch", "1"));
        foreach (string text in new[] { "urgent", "usual" })
        {
            using Message message = await receiver.ReceiveAsync(Patience);
            Assert.Equal(text, message.Text);
            message.Accept();
        }
    }

    [BrokerFact]
    public async Task Other_programs_see_the_type_of_the_content_and_the_priority()
    {
        Address address = Broker.NewAddress("&content=application/json&priority=3");
        await using Sender sender = await Sender.ConnectAsync(address);
        await sender.SendAsync("{}");
        Assert.True((await sender.CloseAsync(Patience)).IsComplete);
        await using IConnection other = await ConnectAsync();
        await using IChannel channel = await other.CreateChannelAsync();
        BasicGetResult got = (await channel.BasicGetAsync(address.Option("name")!, autoAck: true))!;
        Assert.Equal(("application/json", 3), (got.BasicProperties.ContentType, got.BasicProperties.Priority));
    }

    [BrokerFact]
    public async Task Queue_options_are_refused_for_endpoints_without_such_a_queue()
    {
        foreach (string option in new[] { "&single=true", "&priorities=2", "&lifetime=1s", "&length=5" })
        {
            Address address = Broker.NewAddress(option);
            foreach (Func<Task> open in new Func<Task>[]
            {
                () => Publisher.BindAsync(address).AsTask(),
                () => Subscriber.ConnectAsync(address).AsTask(),
                () => Hub.BindAsync(address).AsTask(),
                () => Receiver.BindAsync(address.With("declare", "passive")).AsTask(),
            })
            {
                Assert.Equal(ErrorCode.NotSupported, (await Assert.ThrowsAsync<FairleadException>(open)).Code);
            }
        }

        FairleadException durable = await Assert.ThrowsAsync<FairleadException>(
            () => Receiver.BindAsync(Broker.NewAddress("&priorities=2&durable=true")).AsTask());
        Assert.Equal(ErrorCode.NotSupported, durable.Code);
    }

    [BrokerTheory]
    [InlineData("&lifetime=0s")]
    [InlineData("&lifetime=25d")]
    [InlineData("&priorities=256")]
    [InlineData("&length=0")]
    [InlineData("&content=")]
    [InlineData("&ttl=0s")]
    [InlineData("&ttl=25d")]
    [InlineData("&single=yes")]
    [InlineData("&login=certificate")]
    public void A_value_out_of_the_range_of_the_broker_is_refused_without_a_connection(string option) =>
        Assert.Throws<AddressFormatException>(() => Sender.Connect(Broker.NewAddress(option)));

    private static Task<IConnection> ConnectAsync() =>
        new ConnectionFactory { Uri = new Uri($"amqp://{Broker.Node}/"), AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
}
