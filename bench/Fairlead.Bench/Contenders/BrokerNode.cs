using RabbitMQ.Client;

namespace Fairlead.Bench.Contenders;

/// <summary>The broker of the rows over amqp: FAIRLEAD_BROKER names it, as host:port. <c>eng/broker start DIR</c> starts one.</summary>
internal static class BrokerNode
{
    public static string? Name { get; } = Environment.GetEnvironmentVariable("FAIRLEAD_BROKER") is { Length: > 0 } name ? name : null;

    /// <summary>Why the rows cannot be measured; null if they can.</summary>
    public static string? Missing => Name is null ? "no broker: FAIRLEAD_BROKER=host:port" : null;

    /// <summary>The queue of a pair: the broker outlives this run, and another run has the same names.</summary>
    public static string QueueOf(Session session) => $"{Path.GetFileName(session.Directory)}-{session.Name}";

    /// <summary>Opens a connection and a channel of the bare client, and declares the queue as Fairlead does.</summary>
    public static (IConnection Connection, IChannel Channel) Open(Session session, bool isDurable, bool confirms)
    {
        ConnectionFactory factory = new() { Uri = new Uri($"amqp://{Name}/"), AutomaticRecoveryEnabled = false };
        var connection = factory.CreateConnectionAsync().GetAwaiter().GetResult();
        var channel = connection
            .CreateChannelAsync(new CreateChannelOptions(confirms, publisherConfirmationTrackingEnabled: false))
            .GetAwaiter()
            .GetResult();
        Dictionary<string, object?> arguments = isDurable ? new() { ["x-queue-type"] = "quorum" } : new() { ["x-expires"] = 3_600_000 };
        channel.QueueDeclareAsync(QueueOf(session), durable: true, exclusive: false, autoDelete: false, arguments).GetAwaiter().GetResult();
        return (connection, channel);
    }
}
