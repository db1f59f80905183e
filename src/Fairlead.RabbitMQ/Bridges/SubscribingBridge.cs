using System.Text;
using System.Threading.Channels;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;
using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>Carries the messages of a topic exchange to a <see cref="Subscriber"/>, through a queue that lives as long as the
/// connection.</summary>
/// <remarks>
/// Subscribing completes when the broker has bound the queue. While the connection to the broker is lost, messages pass the subscriber by.
/// A subscriber that does not read fills its queue at the broker up to <c>?messages=</c>; then the oldest give way.
/// </remarks>
internal sealed class SubscribingBridge(BrokerAddress broker, EndpointSettings settings) : Bridge(broker, settings)
{
    private static readonly PatternProfile Inner = new()
    {
        Kind = PatternKind.Publisher,
        Name = "bridge",
        Peers = [PatternKind.Subscriber],
        Needs = TransportCapabilities.None,
        Policies = [OverflowPolicy.Wait, OverflowPolicy.DropOldest, OverflowPolicy.DropNewest, OverflowPolicy.Latest],
        HearsAlways = true,
    };

    private readonly Channel<Change> _changes = System.Threading.Channels.Channel.CreateUnbounded<Change>(
        new UnboundedChannelOptions { SingleReader = true });

    private readonly HashSet<string> _patterns = [];

    // The change at which the last session was lost: the first of the next one.
    private Change? _unfinished;

    protected override PatternProfile Profile => Inner;

    protected override Task DeclareAsync(IChannel channel, CancellationToken cancellationToken) =>
        Topology.DeclareExchangeAsync(channel, Address, cancellationToken);

    protected override bool DefersSubscription(Link link, uint id, string topic, bool subscribes) =>
        _changes.Writer.TryWrite(new Change(link, id, topic, subscribes));

    protected override async Task ServeAsync(BrokerSession session, Link link, CancellationToken ended)
    {
        IChannel channel = session.Channel;
        Dictionary<string, object?> arguments = Topology.OfOneEnd();
        arguments["x-max-length"] = Settings.Messages;
        arguments["x-overflow"] = "drop-head";
        QueueDeclareOk queue = await channel.QueueDeclareAsync(
            "", durable: false, exclusive: true, autoDelete: true, arguments, cancellationToken: ended).ConfigureAwait(false);
        foreach (string pattern in _patterns)
        {
            await channel.QueueBindAsync(
                queue.QueueName, Address.Name, BrokerTopics.KeyOf(pattern), cancellationToken: ended).ConfigureAwait(false);
        }

        using AckWindow acks = new(session, Address.Prefetch);
        await channel.BasicQosAsync(0, Address.Prefetch, global: false, ended).ConfigureAwait(false);
        await channel.BasicConsumeAsync(
            queue.QueueName, autoAck: false, new Consumer(session, queue.QueueName, acks, this, link), ended).ConfigureAwait(false);
        while (true)
        {
            _unfinished ??= await _changes.Reader.ReadAsync(ended).ConfigureAwait(false);
            await MakeAsync(channel, queue.QueueName, _unfinished, ended).ConfigureAwait(false);
            _unfinished = null;
        }
    }

    private async Task MakeAsync(IChannel channel, string queue, Change change, CancellationToken ended)
    {
        string? refusal = TopicFilter.Problem(change.Topic, isPattern: true) ?? BrokerTopics.Problem(change.Topic);
        if (refusal is null && change.Subscribes && _patterns.Add(change.Topic))
        {
            await channel.QueueBindAsync(
                queue, Address.Name, BrokerTopics.KeyOf(change.Topic), cancellationToken: ended).ConfigureAwait(false);
        }
        else if (refusal is null && !change.Subscribes && _patterns.Remove(change.Topic))
        {
            await channel.QueueUnbindAsync(
                queue, Address.Name, BrokerTopics.KeyOf(change.Topic), cancellationToken: ended).ConfigureAwait(false);
        }

        change.Link.Answers.SendReceipt(change.Id, refusal is null ? ReceiptStatus.Accepted : ReceiptStatus.NotDelivered, refusal);
    }

    private sealed class Consumer(BrokerSession session, string queue, AckWindow acks, SubscribingBridge bridge, Link link)
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
            acks.Begin(deliveryTag);
            byte[] topic = Encoding.UTF8.GetBytes(routingKey);
            if (TopicFilter.Problem(routingKey, isPattern: false) is not null)
            {
                // Another program has published on something that is not a topic.
                link.Inner?.CountDropped();
                acks.Accept(deliveryTag);
                return Task.CompletedTask;
            }

            byte[] field = AmqpProperties.FieldOf(properties);
            Span<byte> space = field.Length == 0 ? stackalloc byte[3 + topic.Length] : new byte[6 + topic.Length + field.Length];
            HeadWriter head = new(space);
            head.Add(HeadField.Topic, topic);
            if (field.Length > 0)
            {
                head.Add(HeadField.Properties, field);
            }

            try
            {
                _ = FollowAsync(
                    new Outbox(bridge.Core).CallAsync(
                        link,
                        new OutgoingMessage(MessageHeader.Of(MessageKind.Publish), head.Written, body.Span),
                        null,
                        CancellationToken.None),
                    deliveryTag);
            }
            catch (ObjectDisposedException)
            {
                // The endpoint closes.
                acks.Abandon();
            }
            catch (Exception problem)
            {
                // Longer than the subscriber accepts.
                FairleadEventSource.Log.Contained("a message from a broker", problem.ToString());
                link.Inner?.CountDropped();
                acks.Accept(deliveryTag);
            }

            return Task.CompletedTask;
        }

        private async Task FollowAsync(ValueTask<LinkResult> task, ulong tag)
        {
            try
            {
                await task.ConfigureAwait(false);
                acks.Accept(tag);
            }
            catch (Exception problem)
            {
                Session.Fail(BrokerErrors.Of(problem, bridge.Address));
            }
        }
    }

    private sealed record Change(Link Link, uint Id, string Topic, bool Subscribes);
}
