using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>Deleted queues, and messages that lie in a queue twice.</summary>
public sealed class ConsumerTests
{
    /// <summary>Ends a hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [BrokerFact]
    public async Task A_receiver_declares_its_deleted_queue_again_and_continues()
    {
        Address address = Broker.NewAddress();
        await using Receiver receiver = await Receiver.BindAsync(address);
        await DeleteAndSendAsync(address.Option("name")!);
        using Message message = await receiver.ReceiveAsync(Patience);
        Assert.Equal("after", message.Text);
    }

    [BrokerFact]
    public async Task A_responder_declares_its_deleted_queue_again_and_continues()
    {
        Address address = Broker.NewAddress();
        await using Responder responder = await Responder.BindAsync(address);
        await DeleteAndSendAsync(address.Option("name")!);
        using Request request = await responder.ReceiveAsync(Patience);
        Assert.Equal("after", request.Text);
    }

    /// <summary>As after a lost confirmation: the sender publishes again what the queue has already.</summary>
    [BrokerFact]
    public async Task Both_copies_of_a_message_are_acknowledged_if_the_second_arrives_during_handling()
    {
        Address address = Broker.NewAddress("&unique=true");
        string queue = address.Option("name")!;
        await using IConnection connection = await ConnectAsync();
        await using IChannel channel = await connection.CreateChannelAsync();
        Receiver receiver = await Receiver.BindAsync(address);
        await using (receiver)
        {
            await channel.BasicPublishAsync("", queue, false, new BasicProperties { MessageId = "1" }, "one"u8.ToArray());
            using Message first = await receiver.ReceiveAsync(Patience);
            await channel.BasicPublishAsync("", queue, false, new BasicProperties { MessageId = "1" }, "one"u8.ToArray());
            await channel.BasicPublishAsync("", queue, false, new BasicProperties { MessageId = "2" }, "two"u8.ToArray());
            using Message second = await receiver.ReceiveAsync(Patience);
            Assert.Equal(("one", "two"), (first.Text, second.Text));
            second.Accept();
            first.Accept();
        }

        // The end of a receiver gives back what is not acknowledged, and another receiver would handle it a second time.
        await Polling(async () => (await channel.QueueDeclarePassiveAsync(queue)).ConsumerCount == 0);
        Assert.Equal(0u, (await channel.QueueDeclarePassiveAsync(queue)).MessageCount);
    }

    private static Task<IConnection> ConnectAsync() =>
        new ConnectionFactory { Uri = new Uri($"amqp://{Broker.Node}/"), AutomaticRecoveryEnabled = false }.CreateConnectionAsync();

    /// <summary>Deletes a queue, and sends a message to the next one of that name.</summary>
    private static async Task DeleteAndSendAsync(string queue)
    {
        await using IConnection connection = await ConnectAsync();
        await using (IChannel deleting = await connection.CreateChannelAsync())
        {
            await deleting.QueueDeleteAsync(queue);
        }

        await using IChannel channel = await AwaitQueueAsync(connection, queue);
        await channel.BasicPublishAsync("", queue, "after"u8.ToArray());
    }

    /// <summary>Returns a channel when the queue is there.</summary>
    private static async Task<IChannel> AwaitQueueAsync(IConnection connection, string queue)
    {
        using CancellationTokenSource end = new(Patience);
        while (true)
        {
            IChannel channel = await connection.CreateChannelAsync(cancellationToken: end.Token);
            try
            {
                _ = await channel.QueueDeclarePassiveAsync(queue, end.Token);
                return channel;
            }
            catch (OperationInterruptedException)
            {
                // It is not there yet. The broker has closed the channel for asking.
                await channel.DisposeAsync();
            }
        }
    }

    private static async Task Polling(Func<Task<bool>> holds)
    {
        using CancellationTokenSource end = new(Patience);
        while (!await holds())
        {
            end.Token.ThrowIfCancellationRequested();
        }
    }
}
