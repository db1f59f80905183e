using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>The queues and exchanges of an address at the broker. Both ends declare them alike, so either may come first.</summary>
/// <remarks>
/// <code>
/// ?name=orders                  classic queue "orders", transient messages, deleted after an hour without a receiver
/// ?name=orders&amp;durable=true     quorum queue "orders", persistent messages, and "orders.dead" for what was delivered 20 times in vain
/// ?name=orders&amp;deliveries=5     the same queues with another limit; also a queue that is not durable has dead letters then
/// ?name=orders&amp;declare=passive  whatever queue or exchange an administrator made: it must be there, and keeps its options
/// publish and subscribe         topic exchange "orders"; a queue for each subscriber, which goes with it
/// </code>
/// </remarks>
internal static class Topology
{
    /// <summary>How long a transient queue without receivers keeps its messages.</summary>
    private const int IdleMilliseconds = 60 * 60 * 1000;

    /// <summary>How long the queue of one end lasts without a consumer.</summary>
    private const int UnusedMilliseconds = 60 * 1000;

    /// <summary>
    /// A limit that no message reaches. Without one, RabbitMQ 4 drops a message of a quorum queue after 20 deliveries. It also takes -1,
    /// which RabbitMQ 3 refuses.
    /// </summary>
    private const int Unlimited = int.MaxValue;

    private const string DeadLetters = ".dead";

    /// <summary>Returns the arguments of a queue that ends with its consumer.</summary>
    /// <remarks>The connection outlasts the consumer. A queue whose channel was lost before it had a consumer expires.</remarks>
    public static Dictionary<string, object?> OfOneEnd() => new() { ["x-expires"] = UnusedMilliseconds };

    /// <summary>Declares the queue of an address.</summary>
    public static async Task DeclareQueueAsync(IChannel channel, BrokerAddress broker, CancellationToken cancellationToken)
    {
        RequireFitting(broker);
        if (broker.IsPassive)
        {
            await channel.QueueDeclarePassiveAsync(broker.Name, cancellationToken).ConfigureAwait(false);
            return;
        }

        Dictionary<string, object?> arguments = Kind(broker);
        broker.Limits.AddTo(arguments);
        if (broker.HasDeadLetters)
        {
            string dead = DeadLettersOf(broker.Name);
            arguments["x-dead-letter-exchange"] = "";
            arguments["x-dead-letter-routing-key"] = dead;
            if (broker.IsDurable)
            {
                // The broker counts how often a message came back and is delivered again. On the way to the dead letters it keeps the
                // message until the other queue has it, which it does only for a queue that never drops its oldest.
                arguments["x-delivery-limit"] = broker.Deliveries!.Value - 1;
                arguments["x-dead-letter-strategy"] = "at-least-once";
                arguments["x-overflow"] = "reject-publish";
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
    public static Task DeclareRequestsAsync(IChannel channel, BrokerAddress broker, CancellationToken cancellationToken)
    {
        if (broker.IsDurable || broker.GivesDeliveries)
        {
            throw new FairleadException(
                ErrorCode.NotSupported, "requests are neither durable nor delivered again", "Remove ?durable= and ?deliveries=.")
            {
                Address = broker.Address,
            };
        }

        // The responder would take it for the timeout of a requester that waits for an answer without limit.
        return broker.TimeToLive is null
            ? DeclareQueueAsync(channel, broker, cancellationToken)
            : throw new FairleadException(
                ErrorCode.NotSupported, "a request lives as long as its requester waits", "Remove ?ttl=, and give requests a timeout.")
            {
                Address = broker.Address,
            };
    }

    /// <summary>Declares the exchange of an address.</summary>
    public static Task DeclareExchangeAsync(IChannel channel, BrokerAddress broker, CancellationToken cancellationToken)
    {
        if (broker.Limits.Any)
        {
            throw NoSharedQueue(broker);
        }

        return broker.IsPassive
            ? channel.ExchangeDeclarePassiveAsync(broker.Name, cancellationToken)
            : channel.ExchangeDeclareAsync(
                broker.Name, ExchangeType.Topic, durable: true, autoDelete: false, cancellationToken: cancellationToken);
    }

    /// <summary>Declares the exchange by which requesters call requests off. Every responder has a queue at it.</summary>
    public static Task DeclareCancellationsAsync(IChannel channel, BrokerAddress broker, CancellationToken cancellationToken) =>
        broker.IsPassive
            ? channel.ExchangeDeclarePassiveAsync(CancellationsOf(broker.Name), cancellationToken)
            : channel.ExchangeDeclareAsync(
                CancellationsOf(broker.Name), ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancellationToken);

    public static string CancellationsOf(string name) => $"{name}.cancellations";

    private static Dictionary<string, object?> Kind(BrokerAddress broker) =>
        broker.IsDurable
            ? new() { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = Unlimited }
            : new() { ["x-expires"] = IdleMilliseconds };

    /// <summary>Returns the error of an end that shares no queue with others, and has options for one.</summary>
    public static FairleadException NoSharedQueue(BrokerAddress broker) =>
        new(
            ErrorCode.NotSupported,
            "publishers, subscribers, hubs and pairs share no queue whose options they could choose",
            "Remove ?single=, ?priorities=, ?lifetime= and ?length=.")
        {
            Address = broker.Address,
        };

    private static void RequireFitting(BrokerAddress broker)
    {
        if (broker.IsPassive && broker.Limits.Any)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "a queue that an administrator made keeps its options",
                "Remove ?declare=passive, or ?single=, ?priorities=, ?lifetime= and ?length=.")
            {
                Address = broker.Address,
            };
        }

        if (broker.IsDurable && broker.Limits.Priorities is not null)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "a durable queue is a quorum queue, which knows no priorities",
                "Remove ?priorities= or ?durable=.")
            {
                Address = broker.Address,
            };
        }
    }

    public static string DeadLettersOf(string name) => $"{name}{DeadLetters}";

    /// <summary>Whether this is the queue of dead letters of another queue, which limits no deliveries itself.</summary>
    public static bool IsOfDeadLetters(string name) => name.EndsWith(DeadLetters, StringComparison.Ordinal);
}
