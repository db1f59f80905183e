using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>A consumer whose session ends when the broker cancels it.</summary>
/// <remarks>
/// The broker gives no reason: the queue was deleted or lost its node, or RabbitMQ 4.4 has waited too long for an acknowledgement.
/// Otherwise the endpoint would wait without end. The bridge opens another session, which declares the queue again.
/// </remarks>
internal abstract class QueueConsumer(BrokerSession session, string queue) : AsyncDefaultBasicConsumer(session.Channel)
{
    protected BrokerSession Session { get; } = session;

    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        Session.Fail(CancelOf(queue));
        return base.HandleBasicCancelAsync(consumerTag, cancellationToken);
    }

    /// <summary>Returns the end of a session whose consumer the broker has cancelled.</summary>
    public static FairleadException CancelOf(string queue) => new(
        ErrorCode.Unavailable,
        $"the broker delivers nothing more of the queue '{queue}': it was deleted, lost its node, or waited too long for an acceptance");
}
