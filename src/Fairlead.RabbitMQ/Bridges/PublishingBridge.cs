using Fairlead.Framing;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;
using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>Carries the messages of a <see cref="Publisher"/> to a topic exchange: to the publisher it is one subscriber of
/// everything.</summary>
/// <remarks>
/// A message leaves the publisher's window when the broker has confirmed it; unconfirmed ones are published again after a lost connection.
/// A message without a subscriber is dropped by the broker.
/// </remarks>
internal sealed class PublishingBridge(BrokerAddress broker, EndpointSettings settings) : Bridge(broker, settings)
{
    private static readonly PatternProfile Inner = new()
    {
        Kind = PatternKind.Subscriber,
        Name = "bridge",
        Peers = [PatternKind.Publisher],
        Takes = [MessageKind.Publish],
        Needs = TransportCapabilities.None,
    };

    private readonly BasicProperties _plain = broker.NewProperties();

    // Of a message that was published before.
    private readonly BasicProperties _again = new(broker.NewProperties())
    {
        Headers = new Dictionary<string, object?> { [Headers.Again] = true },
    };

    private PublishWindow<Message> _unconfirmed = new();

    protected override PatternProfile Profile => Inner;

    protected override bool Confirms => true;

    protected override Task DeclareAsync(IChannel channel, CancellationToken cancellationToken) =>
        Topology.DeclareExchangeAsync(channel, Address, cancellationToken);

    protected override void OnUp(Link link)
    {
        _ = ForgetAsync(BeginCall(link, MessageKind.Subscribe, ">"u8));

        static async Task ForgetAsync(ValueTask<LinkResult> task) => (await task.ConfigureAwait(false)).Answer.Release();
    }

    protected override async Task ServeAsync(BrokerSession session, Link link, CancellationToken ended)
    {
        IChannel channel = session.Channel;
        PublishWindow<Message> window = _unconfirmed = _unconfirmed.Leave();
        channel.BasicAcksAsync += (_, args) => OnConfirmed(window, link, args.DeliveryTag, args.Multiple);
        channel.BasicNacksAsync += (_, args) => OnRefused(window, link, args.DeliveryTag, args.Multiple);

        // The end of the endpoint does not stop what it has sent before.
        while (window.TryPeekAgain(out Message before))
        {
            await PublishAsync(channel, link, before, isAgain: true, session.Ended).ConfigureAwait(false);
        }

        while (await NextAsync(ended).ConfigureAwait(false) is { } received)
        {
            await PublishAsync(channel, link, new Message(received), isAgain: false, session.Ended).ConfigureAwait(false);
        }
    }

    private async ValueTask PublishAsync(IChannel channel, Link link, Message message, bool isAgain, CancellationToken ended)
    {
        string topic = message.Topic;
        BasicProperties properties = isAgain ? _again : _plain;
        if (AmqpProperties.GivenTo(message.Core.Head) is { } given)
        {
            properties = new BasicProperties(properties);
            AmqpProperties.AddTo(properties, given);
            if (isAgain)
            {
                AmqpProperties.SetHeader(properties, Headers.Again, true);
            }
        }

        ReadOnlyMemory<byte> body = message.Memory;
        _unconfirmed.Add(message);
        if (isAgain)
        {
            _unconfirmed.RemoveAgain();
        }

        await channel.BasicPublishAsync(Address.Name, topic, mandatory: false, properties, body, ended).ConfigureAwait(false);
    }

    /// <summary>Counts messages that a queue at the exchange did not take, such as a full one. The other queues have them.</summary>
    private static Task OnRefused(PublishWindow<Message> window, Link link, ulong number, bool isMultiple)
    {
        foreach (Message _ in window.Peek(number, isMultiple))
        {
            link.Inner?.CountDropped();
        }

        return OnConfirmed(window, link, number, isMultiple);
    }

    private static Task OnConfirmed(PublishWindow<Message> window, Link link, ulong number, bool isMultiple)
    {
        List<Message> taken = window.Take(number, isMultiple, out int done);
        foreach (Message message in taken)
        {
            message.Dispose();
        }

        link.LinkReceiver.Release(done);

        return Task.CompletedTask;
    }
}
