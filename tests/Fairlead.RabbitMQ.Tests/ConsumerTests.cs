using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>Deleted queues, and messages that lie in a queue twice.</summary>
public sealed class ConsumerTests
{
    /// <summary>Ends a hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [BrokerFact]
    public async Task A_receiver_whose_queue_was_deleted_declares_it_again_and_goes_on()
    {
        Address address = Broker.NewAddress();
        string queue = address.Option("name")!;
        await using Receiver receiver = await Receiver.BindAsync(address);
        await using IConnection connection = await ConnectAsync();
        await DeleteAsync(connection, queue);
        await using IChannel channel = await AwaitQueueAsync(connection, queue);
        await channel.BasicPublishAsync("", queue, "after"u8.ToArray());
        using Message message = await receiver.ReceiveAsync(Patience);
        Assert.Equal("after", message.Text);
    }

    [BrokerFact]
    public async Task A_responder_whose_queue_was_deleted_declares_it_again_and_goes_on()
    {
        Address address = Broker.NewAddress();
        string queue = address.Option("name")!;
        await using Responder responder = await Responder.BindAsync(address);
        await using IConnection connection = await ConnectAsync();
        await DeleteAsync(connection, queue);
        await using IChannel channel = await AwaitQueueAsync(connection, queue);
        await channel.BasicPublishAsync("", queue, "after"u8.ToArray());
        using Request request = await responder.ReceiveAsync(Patience);
        Assert.Equal("after", request.Text);
    }

    private static Task<IConnection> ConnectAsync() =>
        new ConnectionFactory { Uri = new Uri($"amqp://{Broker.Node}/"), AutomaticRecoveryEnabled = false }.CreateConnectionAsync();

    private static async Task DeleteAsync(IConnection connection, string queue)
    {
        await using IChannel channel = await connection.CreateChannelAsync();
        await channel.QueueDeleteAsync(queue);
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
}
