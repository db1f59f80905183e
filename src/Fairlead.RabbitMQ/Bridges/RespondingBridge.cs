using System.Globalization;
using System.Text;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;
using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>Carries the requests of a queue to a <see cref="Responder"/>, and its replies back. Responders of one queue share its
/// requests.</summary>
/// <remarks>
/// A request is acknowledged when it has been answered. One that a lost responder had is delivered to another, which executes it only if
/// it is idempotent; otherwise the requester learns immediately that the outcome is unknown.
/// </remarks>
internal sealed class RespondingBridge(BrokerAddress broker, EndpointSettings settings) : Bridge(broker, settings)
{
    private static readonly PatternProfile Inner = new()
    {
        Kind = PatternKind.Requester,
        Name = "bridge",
        Peers = [PatternKind.Responder],
        Needs = TransportCapabilities.None,
        Policies = [OverflowPolicy.Wait],
    };

    private readonly RunningRequests _running = new();

    protected override PatternProfile Profile => Inner;

    protected override async Task DeclareAsync(IChannel channel, CancellationToken cancellationToken)
    {
        await Topology.DeclareRequestsAsync(channel, Address, cancellationToken).ConfigureAwait(false);
        await Topology.DeclareCancellationsAsync(channel, Address, cancellationToken).ConfigureAwait(false);
    }

    protected override async Task ServeAsync(BrokerSession session, Link link, CancellationToken ended)
    {
        IChannel channel = session.Channel;
        QueueDeclareOk cancellations = await channel.QueueDeclareAsync(
            "", durable: false, exclusive: true, autoDelete: true, Topology.OfOneEnd(), cancellationToken: ended).ConfigureAwait(false);
        await channel.QueueBindAsync(
            cancellations.QueueName, Topology.CancellationsOf(Address.Name), "", cancellationToken: ended).ConfigureAwait(false);
        await channel.BasicConsumeAsync(
            cancellations.QueueName, autoAck: true, new CancellationConsumer(session, cancellations.QueueName, this), ended)
            .ConfigureAwait(false);
        await channel.BasicQosAsync(0, Address.Prefetch, global: false, ended).ConfigureAwait(false);
        using AckWindow acks = new(session, Address.Prefetch, areAnswered: true);
        AnswerChannel answers = new(session, Address, Settings);
        await using (answers.ConfigureAwait(false))
        {
            await channel.BasicConsumeAsync(
                Address.Name, autoAck: false, new RequestConsumer(session, acks, answers, this, link), ended).ConfigureAwait(false);
            await WatchRequestersAsync(session, ended).ConfigureAwait(false);
            await acks.AwaitIdleAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Calls off what lost requesters have asked for. Completes when the token is cancelled.</summary>
    /// <remarks>A request that has run for a whole period is looked after: most are answered long before.</remarks>
    private async Task WatchRequestersAsync(BrokerSession session, CancellationToken ended)
    {
        TimeSpan period = Settings.Heartbeat > TimeSpan.Zero ? Settings.Heartbeat : BrokerConnection.DefaultHeartbeat;
        ReplyProbe probe = new(session);
        await using (probe.ConfigureAwait(false))
        {
            while (!ended.IsCancellationRequested)
            {
                try
                {
                    await Task.Delay(period, Settings.Time, ended).ConfigureAwait(false);
                    foreach (IGrouping<string?, RunningRequests.Entry> asked in _running.Aged())
                    {
                        if (asked.Key is { } replyTo && !await probe.IsThereAsync(replyTo, ended).ConfigureAwait(false))
                        {
                            foreach (RunningRequests.Entry request in asked)
                            {
                                request.CallOff();
                            }
                        }
                    }
                }
                catch (OperationCanceledException) when (ended.IsCancellationRequested)
                {
                    return;
                }
                catch (Exception problem)
                {
                    // A lost session ends by itself. With another problem, the next round may succeed.
                    FairleadEventSource.Log.Contained("the search for lost requesters", problem.ToString());
                }
            }
        }
    }

    private static MessageHeader HeaderOf(IReadOnlyBasicProperties properties, bool redelivered)
    {
        MessageFlags flags = redelivered ? MessageFlags.Redelivered : MessageFlags.None;
        flags |= Headers.Flag(properties, Headers.Idempotent) ? MessageFlags.Idempotent : MessageFlags.None;
        return MessageHeader.Of(MessageKind.Request, flags: flags);
    }

    private static TimeSpan? TimeoutOf(IReadOnlyBasicProperties properties) =>
        long.TryParse(properties.Expiration, NumberStyles.None, CultureInfo.InvariantCulture, out long milliseconds)
        && milliseconds < (long)TimeSpan.FromDays(20).TotalMilliseconds
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;

    private sealed class RequestConsumer(
        BrokerSession session, AckWindow acks, AnswerChannel answers, RespondingBridge bridge, Link link)
        : QueueConsumer(session, bridge.Address.Name)
    {
        private const string InDoubt = "the responder that had the request was lost; it may have executed the request";

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
            acks.Begin(deliveryTag);
            Asked asked = new(deliveryTag, properties.ReplyTo, properties.CorrelationId);
            if (redelivered && !Headers.Flag(properties, Headers.Idempotent))
            {
                return RefuseAsync(asked, ErrorCode.PeerGone, InDoubt);
            }

            // The next request need not wait for this one. The prefetch limits them.
            _ = ExecuteAsync(asked, properties, redelivered, body);
            return Task.CompletedTask;
        }

        /// <summary>Hands the request to the inner end, which copies it before the first wait, and answers it.</summary>
        private async Task ExecuteAsync(Asked asked, IReadOnlyBasicProperties properties, bool redelivered, ReadOnlyMemory<byte> body)
        {
            using RunningRequests.Entry running = bridge._running.Begin(asked.ReplyTo, asked.Id);
            try
            {
                LinkResult result = await Call(properties, redelivered, body.Span, running.CancellationToken).ConfigureAwait(false);
                if (result.Outcome == LinkOutcome.Answered)
                {
                    await AnswerAsync(asked, result.Answer).ConfigureAwait(false);
                }
                else if (result.Outcome != LinkOutcome.TimedOut)
                {
                    // The responder has gone: closing the channel gives back what it had.
                    acks.Abandon();
                    return;
                }

                acks.Accept(asked.Tag);
            }
            catch (OperationCanceledException)
            {
                // Called off: the requester waits no more.
                acks.Accept(asked.Tag);
            }
            catch (ObjectDisposedException)
            {
                // The endpoint closes: the broker delivers the request to another responder.
                acks.Abandon();
            }
            catch (Exception problem)
            {
                // Longer than the responder accepts.
                await RefuseAsync(asked, (problem as FairleadException)?.Code ?? ErrorCode.Failed, problem.Message).ConfigureAwait(false);
            }
        }

        private ValueTask<LinkResult> Call(
            IReadOnlyBasicProperties properties, bool redelivered, ReadOnlySpan<byte> body, CancellationToken cancellationToken)
        {
            byte[] field = AmqpProperties.FieldOf(properties);
            Span<byte> space = field.Length == 0 ? stackalloc byte[16] : new byte[16 + field.Length];
            HeadWriter head = new(space);
            if (field.Length > 0)
            {
                head.Add(HeadField.Properties, field);
            }

            TimeSpan? timeout = TimeoutOf(properties);
            if (timeout is { } span)
            {
                head.Add(HeadField.Deadline, (ulong)Math.Max(0, span.TotalMicroseconds));
            }

            return new Outbox(bridge.Core).CallAsync(
                link, new OutgoingMessage(HeaderOf(properties, redelivered), head.Written, body), timeout, cancellationToken);
        }

        private async Task RefuseAsync(Asked asked, ErrorCode code, string text)
        {
            await AnswerAsync(asked, code, Encoding.UTF8.GetBytes(text)).ConfigureAwait(false);
            acks.Accept(asked.Tag);
        }

        private async Task AnswerAsync(Asked asked, Incoming answer)
        {
            ReadOnlyMemory<byte> payload = answer.Payload;
            await (answer.Header.Kind == MessageKind.Reply
                ? AnswerAsync(asked, null, payload)
                : AnswerAsync(asked, Outbox.CodeOf(payload.Span), payload.IsEmpty ? payload : payload[1..])).ConfigureAwait(false);
            answer.Release();
        }

        private async Task AnswerAsync(Asked asked, ErrorCode? error, ReadOnlyMemory<byte> body)
        {
            if (asked.ReplyTo is not { } replyTo)
            {
                // A plain message in a queue of requests: its sender waits for nothing.
                return;
            }

            BasicProperties properties = new() { CorrelationId = asked.Id };
            if (error is { } code)
            {
                properties.Headers = new Dictionary<string, object?> { [Headers.Error] = (int)code };
            }

            await answers.PublishAsync(replyTo, properties, body).ConfigureAwait(false);
        }
    }

    private sealed class CancellationConsumer(BrokerSession session, string queue, RespondingBridge bridge)
        : QueueConsumer(session, queue)
    {
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
            if (properties.CorrelationId is { } id)
            {
                bridge._running.CallOff(id);
            }

            return Task.CompletedTask;
        }
    }

    private sealed record Asked(ulong Tag, string? ReplyTo, string? Id);
}
