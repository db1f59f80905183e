using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Transports;

namespace Fairlead.RabbitMQ;

/// <summary>Sending messages with properties at a broker, and reading these of received messages.</summary>
public static class BrokerMessageExtensions
{
    /// <summary>Returns the properties that the message had at the broker; none if it did not come from a broker.</summary>
    /// <remarks>Decodes them at each call. They outlive the message.</remarks>
    public static BrokerProperties BrokerProperties(this Message message) => Of(message.Core);

    /// <summary>Returns the properties that the request had at the broker; none if it did not come from a broker.</summary>
    /// <remarks>Decodes them at each call. They outlive the request.</remarks>
    public static BrokerProperties BrokerProperties(this Request request) => Of(request.Message.Core);

    /// <summary>Sends a message with properties (type 1). Blocks like a send without them.</summary>
    /// <param name="sender">The sender, at a broker.</param>
    /// <param name="message">The payload. The caller may change it when this returns.</param>
    /// <param name="properties">The properties of this message.</param>
    /// <param name="timeout">How long to wait at most; null waits without limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">A property has a value that no message at a broker can have.</exception>
    /// <exception cref="FairleadException">
    /// NotSupported: the sender is not at a broker. TooLarge: the properties are too long, or the message is. Others as without properties.
    /// </exception>
    public static void Send(
        this Sender sender,
        ReadOnlySpan<byte> message,
        BrokerProperties properties,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) =>
        OutboxOf(sender).SendTo(null, message, timeout, cancellationToken, PropertiesField.HeadOf(properties));

    /// <summary>Sends a message with properties (type 1). Completes like a send without them.</summary>
    /// <param name="sender">The sender, at a broker.</param>
    /// <param name="message">The payload. Copied before this returns if the message has to wait.</param>
    /// <param name="properties">The properties of this message.</param>
    /// <param name="cancellationToken">Ends the wait. The message is then not sent.</param>
    /// <inheritdoc cref="Send" path="/exception"/>
    public static ValueTask SendAsync(
        this Sender sender,
        ReadOnlySpan<byte> message,
        BrokerProperties properties,
        CancellationToken cancellationToken = default) =>
        OutboxOf(sender).SendToAsync(null, message, cancellationToken, PropertiesField.HeadOf(properties));

    /// <summary>Sends a message with properties (type 2). Blocks until the receiver's receipt arrives.</summary>
    /// <param name="sender">The sender, at a broker.</param>
    /// <param name="message">The payload. The caller may change it when this returns.</param>
    /// <param name="properties">The properties of this message.</param>
    /// <param name="timeout">How long to wait at most for sending and receipt together; null waits without limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Delivered, or a negative receipt with the reason.</returns>
    /// <inheritdoc cref="Send" path="/exception"/>
    public static Delivery Deliver(
        this Sender sender,
        ReadOnlySpan<byte> message,
        BrokerProperties properties,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) =>
        OutboxOf(sender).Deliver(null, message, timeout, cancellationToken, PropertiesField.HeadOf(properties));

    /// <summary>Sends a message with properties (type 2). Completes with its receipt, or when none can arrive.</summary>
    /// <inheritdoc cref="Deliver" path="/param|/returns|/exception"/>
    public static ValueTask<Delivery> DeliverAsync(
        this Sender sender,
        ReadOnlySpan<byte> message,
        BrokerProperties properties,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) =>
        OutboxOf(sender).DeliverAsync(null, message, timeout, cancellationToken, PropertiesField.HeadOf(properties));

    /// <summary>Publishes a message with properties. Blocks like publishing without them.</summary>
    /// <param name="publisher">The publisher, at a broker.</param>
    /// <param name="topic">Words separated by dots.</param>
    /// <param name="message">The payload. Copied before this returns.</param>
    /// <param name="properties">The properties of this message.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>1 if the message was buffered for the broker.</returns>
    /// <inheritdoc cref="Send" path="/exception"/>
    public static int Publish(
        this Publisher publisher,
        string topic,
        ReadOnlySpan<byte> message,
        BrokerProperties properties,
        CancellationToken cancellationToken = default)
    {
        RequireBroker(publisher);
        return publisher.Publish(topic, message, PropertiesField.HeadOf(properties), cancellationToken);
    }

    /// <summary>Publishes a message with properties. Completes like publishing without them.</summary>
    /// <inheritdoc cref="Publish" path="/param|/returns|/exception"/>
    public static ValueTask<int> PublishAsync(
        this Publisher publisher,
        string topic,
        ReadOnlySpan<byte> message,
        BrokerProperties properties,
        CancellationToken cancellationToken = default)
    {
        RequireBroker(publisher);
        return publisher.PublishAsync(topic, message, PropertiesField.HeadOf(properties), cancellationToken);
    }

    /// <summary>Sends a request with properties (type 3). The task completes when the reply arrives.</summary>
    /// <param name="requester">The requester, at a broker.</param>
    /// <param name="request">The payload. Copied before this returns.</param>
    /// <param name="properties">
    /// The properties of this request, without <see cref="RabbitMQ.BrokerProperties.TimeToLive"/>: a request lives as long as its timeout.
    /// </param>
    /// <param name="options">How long to wait, and whether the request may be repeated.</param>
    /// <param name="cancellationToken">Ends the wait, and notifies the responder.</param>
    /// <returns>The reply: a lease, which the caller disposes.</returns>
    /// <inheritdoc cref="Send" path="/exception"/>
    public static ValueTask<Message> RequestAsync(
        this Requester requester,
        ReadOnlySpan<byte> request,
        BrokerProperties properties,
        RequestOptions options = default,
        CancellationToken cancellationToken = default)
    {
        RequireBroker(requester);
        ArgumentNullException.ThrowIfNull(properties);
        return properties.TimeToLive is null
            ? requester.AskAsync(request, PropertiesField.HeadOf(properties), options, cancellationToken)
            : throw new ArgumentException("A request lives as long as its timeout. Give RequestOptions.Timeout.", nameof(properties));
    }

    private static BrokerProperties Of(MessageCore core) =>
        core.PeerLink?.Connection is IBridged { IsToBridge: true }
        && HeadReader.TryGet(core.Head, HeadField.Properties, out ReadOnlySpan<byte> field)
            ? PropertiesField.Read(field)
            : RabbitMQ.BrokerProperties.None;

    private static Outbox OutboxOf(Sender sender)
    {
        RequireBroker(sender);
        return new Outbox(sender.Core);
    }

    private static void RequireBroker(MessagingEndpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        if (!endpoint.Core.IsToBridge)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "only messages at a broker have properties",
                "Send without properties, or at an amqp:// address.")
            {
                Address = endpoint.Address,
            };
        }
    }
}
