using System.Text;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;
using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>Carries the messages of a queue to a <see cref="Receiver"/>. Several receivers of one queue share its messages.</summary>
/// <remarks>
/// Each message is offered to the user as a work item: accepting it acknowledges it to the broker; rejecting it, or losing the receiver,
/// gives it back, and the broker delivers it again. Where a sender waits for a receipt, a rejection is its answer instead, and the message
/// is done.
/// </remarks>
internal sealed class ReceivingBridge(BrokerAddress broker, EndpointSettings settings) : Bridge(broker, settings)
{
    private static readonly PatternProfile Inner = new()
    {
        Kind = PatternKind.WorkQueue,
        Name = "bridge",
        Peers = [PatternKind.Receiver],
        Needs = TransportCapabilities.None,
        Policies = [OverflowPolicy.Wait],
    };

    private readonly Redeliveries _redeliveries = new();
    private readonly KnownMessages? _known = broker.IsUnique ? new KnownMessages() : null;
    private readonly HandedOut _handedOut = new();

    // Completes when the user's end has returned what it had not read of the last session, and each outcome is noted.
    private Task _recalled = Task.CompletedTask;

    protected override PatternProfile Profile => Inner;

    protected override Task DeclareAsync(IChannel channel, CancellationToken cancellationToken) =>
        Topology.DeclareQueueAsync(channel, Address, cancellationToken);

    protected override async Task ServeAsync(BrokerSession session, Link link, CancellationToken ended)
    {
        await session.Channel.BasicQosAsync(0, Address.Prefetch, global: false, ended).ConfigureAwait(false);

        // The broker delivers again what the user's end has returned. It may be handed out only then: a message that comes again while its
        // first copy is on its way back would go back with that, and all later ones would overtake it.
        await _recalled.WaitAsync(ended).ConfigureAwait(false);
        using AckWindow acks = new(session, Address.Prefetch);
        AnswerChannel answers = new(session, Address, Settings);
        await using (answers.ConfigureAwait(false))
        {
            Consumer consumer = new(session, acks, answers, this, link, ended);
            await session.Channel.BasicConsumeAsync(Address.Name, autoAck: false, consumer, ended).ConfigureAwait(false);
            await UntilAsync(ended).ConfigureAwait(false);
            if (session.End is not null)
            {
                _recalled = consumer.RecallAsync();
            }

            await acks.AwaitIdleAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Completes when the user's end has handled everything that was sent to it before, and each outcome is noted.</summary>
    private async Task AwaitHandledAsync(ValueTask<LinkResult> roundTrip, Link link)
    {
        (await roundTrip.ConfigureAwait(false)).Answer.Release();
        await _handedOut.AwaitNotedAsync(() => link.Calls.Count, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task FollowAsync(ValueTask<LinkResult> task, Link link, Delivered delivered, string? id)
    {
        LinkResult result;
        try
        {
            result = await task.ConfigureAwait(false);
        }
        catch (Exception problem)
        {
            // As if the receiver had gone.
            FairleadEventSource.Log.Contained("a message of a broker", problem.ToString());
            result = new LinkResult { Outcome = LinkOutcome.PeerGone };
        }

        Delivery outcome = Outbox.ToDelivery(result, null);
        if (id is not null)
        {
            // If the connection was lost meanwhile, the broker waits for the answer to a later delivery of the same message.
            delivered = _known?.End(id, outcome.IsDelivered) ?? delivered;
        }

        _handedOut.Remove();
        if (!outcome.IsDelivered && delivered.Acks.IsOver)
        {
            // The broker delivers it again: it was neither rejected nor given up.
            delivered.Acks.Abandon();
            return;
        }

        if (outcome.IsDelivered)
        {
            EndCount(delivered);
            await AnswerAsync(delivered, ReceiptStatus.Accepted, null).ConfigureAwait(false);
            delivered.Acks.Accept(delivered.Tag);
        }
        else if (result.Outcome != LinkOutcome.Answered)
        {
            // The receiver has gone. Closing the channel gives everything back that it had.
            delivered.Acks.Abandon();
        }
        else if (delivered.ReplyTo is not null)
        {
            await AnswerAsync(delivered, ReceiptStatus.NotDelivered, outcome.Reason).ConfigureAwait(false);
            delivered.Acks.Accept(delivered.Tag);
        }
        else
        {
            await GiveBackAsync(link, delivered).ConfigureAwait(false);
        }
    }

    /// <summary>Gives a message back that the user did not accept, after a pause; or gives it up after its last delivery.</summary>
    private async ValueTask GiveBackAsync(Link link, Delivered delivered)
    {
        bool isLast = Address.Deliveries is { } limit && delivered.Earlier + 1 >= limit;
        if (!isLast)
        {
            await delivered.PauseAsync(Settings.Time).ConfigureAwait(false);
            delivered.Acks.Refuse(delivered.Tag, again: true);
            return;
        }

        EndCount(delivered);
        FairleadEventSource.Log.GivenUp(
            Address.Address.Display,
            delivered.Earlier + 1,
            Address.HasDeadLetters ? $"the broker moves it to the queue '{Topology.DeadLettersOf(Address.Name)}'" : "it is dropped");
        if (!Address.HasDeadLetters)
        {
            link.Inner?.CountDropped();
        }

        // A quorum queue counts itself, and notes the limit as the reason.
        delivered.Acks.Refuse(delivered.Tag, again: Address.IsDurable);
    }

    private void EndCount(Delivered delivered)
    {
        if (delivered.CountedBy is { } key)
        {
            _redeliveries.End(key);
        }
    }

    private static Task AnswerAsync(Delivered delivered, ReceiptStatus status, string? reason)
    {
        if (delivered.ReplyTo is not { } replyTo)
        {
            return Task.CompletedTask;
        }

        byte[] receipt = [(byte)status, .. Encoding.UTF8.GetBytes(reason ?? "")];
        return delivered.Answers.PublishAsync(replyTo, new BasicProperties { CorrelationId = delivered.CorrelationId }, receipt);
    }

    private sealed class Consumer(
        BrokerSession session, AckWindow acks, AnswerChannel answers, ReceivingBridge bridge, Link link, CancellationToken ended)
        : QueueConsumer(session, bridge.Address.Name)
    {
        private readonly Lock _gate = new();

        // Under the gate. The client may still hand over what has arrived on a lost connection.
        private bool _isLost;

        /// <summary>Takes back what no user has read, because the broker delivers it again. Completes when that is done.</summary>
        /// <remarks>
        /// An unread copy of the lost session would be a second one, or come before older ones. This thread takes the messages out of the
        /// user's end itself, because perhaps no thread waits there.
        /// </remarks>
        public Task RecallAsync()
        {
            lock (_gate)
            {
                _isLost = true;
            }

            bool serves = link.Inner?.TryBeginSend() == true;
            try
            {
                link.Calls.RecallAll();
                return bridge.AwaitHandledAsync(bridge.BeginRoundTrip(link), link);
            }
            finally
            {
                if (serves)
                {
                    link.Inner!.EndSend();
                }
            }
        }

        /// <summary>Hands the message to the inner end, which copies it. One at a time, in the order of the queue.</summary>
        public override Task HandleBasicDeliverAsync(
            string consumerTag,
            ulong deliveryTag,
            bool redelivered,
            string exchange,
            string routingKey,
            IReadOnlyBasicProperties properties,
            ReadOnlyMemory<byte> body,
            CancellationToken cancellationToken = default)
        {
            lock (_gate)
            {
                if (!_isLost)
                {
                    HandOver(deliveryTag, redelivered, properties, body);
                }
            }

            return Task.CompletedTask;
        }

        private void HandOver(ulong deliveryTag, bool redelivered, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body)
        {
            acks.Begin(deliveryTag);
            string? id = properties.MessageId;
            long? counted = Headers.Number(properties, Headers.DeliveryCount);
            string? key = redelivered && counted is null ? Redeliveries.KeyOf(id, body.Span) : null;
            Delivered delivered = new(acks, answers, deliveryTag, properties.ReplyTo, properties.CorrelationId, ended)
            {
                Earlier = counted ?? (key is null ? 0 : bridge._redeliveries.Add(key)),
                CountedBy = key,
            };
            Delivered? earlier = null;
            switch (id is null ? Knowledge.New : bridge._known?.Begin(id, delivered, out earlier) ?? Knowledge.New)
            {
                case Knowledge.Accepted:
                    acks.Accept(deliveryTag);
                    return;
                case Knowledge.InHand:
                    if (earlier?.Acks == acks)
                    {
                        // A second copy in the queue: it stands for both, and the broker need not keep the first.
                        acks.Accept(earlier.Tag);
                    }

                    return;
            }

            bridge._handedOut.Add();
            try
            {
                _ = bridge.FollowAsync(HandOut(properties, redelivered, delivered.Earlier, body.Span), link, delivered, id);
            }
            catch (ObjectDisposedException)
            {
                // The endpoint closes: the broker delivers the message to another.
                bridge._handedOut.Remove();
                acks.Abandon();
            }
            catch (Exception problem)
            {
                // Longer than the receiver accepts, and not in hand: another delivery of it has its own outcome.
                bridge._handedOut.Remove();
                _ = id is null ? null : bridge._known?.End(id, isAccepted: false);
                if (properties.ReplyTo is null && !bridge.Address.HasDeadLetters)
                {
                    link.Inner?.CountDropped();
                }

                acks.Refuse(deliveryTag, again: false);
                _ = AnswerAsync(delivered, ReceiptStatus.NotDelivered, problem.Message);
            }
        }

        private ValueTask<LinkResult> HandOut(
            IReadOnlyBasicProperties properties, bool redelivered, long count, ReadOnlySpan<byte> body)
        {
            bool mayBeKnown = redelivered || Headers.Flag(properties, Headers.Again);
            byte[] field = AmqpProperties.FieldOf(properties);
            Span<byte> space = field.Length == 0 ? stackalloc byte[16] : new byte[16 + field.Length];
            HeadWriter head = new(space);
            if (count > 0)
            {
                head.Add(HeadField.Deliveries, (ulong)count);
            }

            if (field.Length > 0)
            {
                head.Add(HeadField.Properties, field);
            }

            MessageHeader header = MessageHeader.Of(
                MessageKind.Deliver, flags: mayBeKnown ? MessageFlags.Redelivered : MessageFlags.None);
            return new Outbox(bridge.Core).CallAsync(link, new OutgoingMessage(header, head.Written, body), null, CancellationToken.None);
        }
    }
}
