namespace Fairlead.RabbitMQ;

/// <summary>How the names of queues begin that the broker chose.</summary>
internal static class BrokerQueues
{
    /// <summary>The direct reply queue of a channel.</summary>
    public const string DirectReply = "amq.rabbitmq.reply-to";

    /// <summary>A queue that was declared without a name.</summary>
    public const string Generated = "amq.gen-";

    /// <summary>Whether the broker chose the name. An end that writes to another one may write on behalf of a stranger.</summary>
    public static bool AreNamedByBroker(string name) =>
        name.StartsWith(DirectReply, StringComparison.Ordinal) || name.StartsWith(Generated, StringComparison.Ordinal);
}
