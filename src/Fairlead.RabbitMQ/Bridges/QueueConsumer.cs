using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>A consumer whose session ends when the broker cancels it, because its queue was deleted or lost its node.</summary>
/// <remarks>Otherwise the endpoint would wait without end. The bridge opens another session, which declares the queue again.</remarks>
internal abstract class QueueConsumer(BrokerSession session, string queue) : AsyncDefaultBasicConsumer(session.Channel)
{
    protected BrokerSession Session { get; } = session;

    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        Session.Fail(new FairleadException(ErrorCode.Unavailable, $"the broker has deleted the queue '{queue}'"));
        return base.HandleBasicCancelAsync(consumerTag, cancellationToken);
    }
}
