using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>The queues and exchanges of an address at the broker. Both ends declare them alike, so either may come first.</summary>
/// <remarks>
/// <code>
/// ?name=orders                  classic queue "orders", transient messages, deleted after an hour without a receiver
/// ?name=orders&amp;durable=true     quorum queue "orders", persistent messages
/// ?name=orders&amp;deliveries=5     the same queues, and "orders.dead" for what was delivered five times in vain: a queue as any other
/// publish and subscribe         topic exchange "orders"; a queue for each subscriber, which goes with it
/// </code>
/// </remarks>
internal static class Topology
{
    /// <summary>How long a transient queue without receivers keeps its messages.</summary>
    private const int IdleMilliseconds = 60 * 60 * 1000;

    /// <summary>Declares the queue of an address.</summary>
    public static async Task DeclareQueueAsync(IChannel channel, BrokerAddress broker, CancellationToken cancellationToken)
    {
        Dictionary<string, object?> arguments = Kind(broker);
        if (broker.Deliveries is { } deliveries)
        {
            string dead = DeadLettersOf(broker.Name);
            arguments["x-dead-letter-exchange"] = "";
            arguments["x-dead-letter-routing-key"] = dead;
            if (broker.IsDurable)
            {
                // The broker counts how often a message came back and is delivered again.
                arguments["x-delivery-limit"] = deliveries - 1;
            }

            await channel.QueueDeclareAsync(
                dead,
                durable: true,
                exclusive: false,
                autoDelete: false,
                Kind(broker),
                cancellationToken: cancellationToken).ConfigureAwait(false);
        }

        await channel.QueueDeclareAsync(
            broker.Name, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Declares the queue of requests, which is always transient: a request does not outlive its requester.</summary>
    public static Task DeclareRequestsAsync(IChannel channel, BrokerAddress broker, CancellationToken cancellationToken) =>
        broker.IsDurable || broker.Deliveries is not null
            ? throw new FairleadException(
                ErrorCode.NotSupported, "requests are neither durable nor delivered again", "Remove ?durable= and ?deliveries=.")
            {
                Address = broker.Address,
            }
            : DeclareQueueAsync(channel, broker, cancellationToken);

    /// <summary>Declares the exchange of an address.</summary>
    public static Task DeclareExchangeAsync(IChannel channel, BrokerAddress broker, CancellationToken cancellationToken) =>
        channel.ExchangeDeclareAsync(
            broker.Name, ExchangeType.Topic, durable: true, autoDelete: false, cancellationToken: cancellationToken);

    /// <summary>Declares the exchange by which requesters call requests off. Every responder has a queue at it.</summary>
    public static Task DeclareCancellationsAsync(IChannel channel, BrokerAddress broker, CancellationToken cancellationToken) =>
        channel.ExchangeDeclareAsync(
            CancellationsOf(broker.Name), ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancellationToken);

    public static string CancellationsOf(string name) => $"{name}.cancellations";

    private static Dictionary<string, object?> Kind(BrokerAddress broker) =>
        broker.IsDurable ? new() { ["x-queue-type"] = "quorum" } : new() { ["x-expires"] = IdleMilliseconds };

    public static string DeadLettersOf(string name) => $"{name}.dead";
}
