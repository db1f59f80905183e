using Fairlead.Patterns.Links.Values;

namespace Fairlead;

/// <summary>Sends values as messages with a serializer of your choice on every pattern.</summary>
/// <remarks>Read the values with <see cref="Message.Read{T}(IMessageSerializer{T})"/>.</remarks>
public static class SerializedMessageExtensions
{
    /// <summary>Sends a value in the serializer's format as a type 1 message, without waiting.</summary>
    /// <inheritdoc cref="Sender.TrySend(ReadOnlySpan{byte})" path="/returns|/exception"/>
    public static SendResult TrySend<T>(this Sender sender, T value, IMessageSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(sender);
        using Serialized bytes = Serialized.Of(value, serializer);
        return sender.TrySend(bytes.Span);
    }

    /// <summary>Sends a value in the serializer's format as a type 1 message. Blocks until it is buffered.</summary>
    /// <inheritdoc cref="Sender.Send(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    public static void Send<T>(
        this Sender sender,
        T value,
        IMessageSerializer<T> serializer,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sender);
        using Serialized bytes = Serialized.Of(value, serializer);
        sender.Send(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value in the serializer's format as a type 1 message. Completes when it is buffered.</summary>
    /// <inheritdoc cref="Sender.SendAsync(ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    public static ValueTask SendAsync<T>(
        this Sender sender, T value, IMessageSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sender);
        using Serialized bytes = Serialized.Of(value, serializer);
        return sender.SendAsync(bytes.Span, cancellationToken);
    }

    /// <summary>Sends a value in the serializer's format as a type 2 message. Blocks until the receipt arrives.</summary>
    /// <inheritdoc cref="Sender.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static Delivery Deliver<T>(
        this Sender sender,
        T value,
        IMessageSerializer<T> serializer,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sender);
        using Serialized bytes = Serialized.Of(value, serializer);
        return sender.Deliver(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value in the serializer's format as a type 2 message. Completes when the receipt arrives.</summary>
    /// <inheritdoc cref="Sender.DeliverAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<Delivery> DeliverAsync<T>(
        this Sender sender,
        T value,
        IMessageSerializer<T> serializer,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sender);
        using Serialized bytes = Serialized.Of(value, serializer);
        return sender.DeliverAsync(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value in the serializer's format as a type 1 message, without waiting.</summary>
    /// <inheritdoc cref="Pair.TrySend(ReadOnlySpan{byte})" path="/returns|/exception"/>
    public static SendResult TrySend<T>(this Pair pair, T value, IMessageSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(pair);
        using Serialized bytes = Serialized.Of(value, serializer);
        return pair.TrySend(bytes.Span);
    }

    /// <summary>Sends a value in the serializer's format as a type 1 message. Blocks until it is buffered.</summary>
    /// <inheritdoc cref="Pair.Send(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    public static void Send<T>(
        this Pair pair, T value, IMessageSerializer<T> serializer, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pair);
        using Serialized bytes = Serialized.Of(value, serializer);
        pair.Send(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value in the serializer's format as a type 1 message. Completes when it is buffered.</summary>
    /// <inheritdoc cref="Pair.SendAsync(ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    public static ValueTask SendAsync<T>(
        this Pair pair, T value, IMessageSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pair);
        using Serialized bytes = Serialized.Of(value, serializer);
        return pair.SendAsync(bytes.Span, cancellationToken);
    }

    /// <summary>Sends a value in the serializer's format as a type 2 message. Blocks until the receipt arrives.</summary>
    /// <inheritdoc cref="Pair.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static Delivery Deliver<T>(
        this Pair pair, T value, IMessageSerializer<T> serializer, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pair);
        using Serialized bytes = Serialized.Of(value, serializer);
        return pair.Deliver(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value in the serializer's format as a type 2 message. Completes when the receipt arrives.</summary>
    /// <inheritdoc cref="Pair.DeliverAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<Delivery> DeliverAsync<T>(
        this Pair pair, T value, IMessageSerializer<T> serializer, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pair);
        using Serialized bytes = Serialized.Of(value, serializer);
        return pair.DeliverAsync(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value in the serializer's format as a type 1 message to one client, without waiting.</summary>
    /// <inheritdoc cref="Hub.TrySend(HubClient, ReadOnlySpan{byte})" path="/returns|/exception"/>
    public static SendResult TrySend<T>(this Hub hub, HubClient client, T value, IMessageSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(value, serializer);
        return hub.TrySend(client, bytes.Span);
    }

    /// <summary>Sends a value in the serializer's format as a type 1 message to one client. Blocks until it is buffered.</summary>
    /// <inheritdoc cref="Hub.Send(HubClient, ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    public static void Send<T>(
        this Hub hub,
        HubClient client,
        T value,
        IMessageSerializer<T> serializer,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(value, serializer);
        hub.Send(client, bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value in the serializer's format as a type 1 message to one client. Completes when it is buffered.</summary>
    /// <inheritdoc cref="Hub.SendAsync(HubClient, ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    public static ValueTask SendAsync<T>(
        this Hub hub, HubClient client, T value, IMessageSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(value, serializer);
        return hub.SendAsync(client, bytes.Span, cancellationToken);
    }

    /// <summary>Sends a value in the serializer's format as a type 2 message to one client. Blocks until the receipt arrives.</summary>
    /// <inheritdoc cref="Hub.Deliver(HubClient, ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static Delivery Deliver<T>(
        this Hub hub,
        HubClient client,
        T value,
        IMessageSerializer<T> serializer,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(value, serializer);
        return hub.Deliver(client, bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value in the serializer's format as a type 2 message to one client. Completes when the receipt arrives.</summary>
    /// <inheritdoc cref="Hub.DeliverAsync(HubClient, ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<Delivery> DeliverAsync<T>(
        this Hub hub,
        HubClient client,
        T value,
        IMessageSerializer<T> serializer,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(value, serializer);
        return hub.DeliverAsync(client, bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value in the serializer's format to all clients, or to all but one.</summary>
    /// <inheritdoc cref="Hub.Broadcast(ReadOnlySpan{byte}, HubClient?, CancellationToken)" path="/returns|/exception"/>
    public static int Broadcast<T>(
        this Hub hub, T value, IMessageSerializer<T> serializer, HubClient? except = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(value, serializer);
        return hub.Broadcast(bytes.Span, except, cancellationToken);
    }

    /// <summary>Sends a value in the serializer's format to all clients, or to all but one.</summary>
    /// <inheritdoc cref="Hub.BroadcastAsync(ReadOnlySpan{byte}, HubClient?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<int> BroadcastAsync<T>(
        this Hub hub, T value, IMessageSerializer<T> serializer, HubClient? except = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(value, serializer);
        return hub.BroadcastAsync(bytes.Span, except, cancellationToken);
    }

    /// <summary>Publishes a value in the serializer's format.</summary>
    /// <inheritdoc cref="Publisher.Publish(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    public static int Publish<T>(
        this Publisher publisher, string topic, T value, IMessageSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(publisher);
        using Serialized bytes = Serialized.Of(value, serializer);
        return publisher.Publish(topic, bytes.Span, cancellationToken);
    }

    /// <summary>Publishes a value in the serializer's format.</summary>
    /// <inheritdoc cref="Publisher.PublishAsync(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<int> PublishAsync<T>(
        this Publisher publisher, string topic, T value, IMessageSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(publisher);
        using Serialized bytes = Serialized.Of(value, serializer);
        return publisher.PublishAsync(topic, bytes.Span, cancellationToken);
    }

    /// <summary>Sends a value in the serializer's format as a type 4 request. Blocks until the reply arrives.</summary>
    /// <inheritdoc cref="Requester.Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static Message Request<T>(
        this Requester requester,
        T value,
        IMessageSerializer<T> serializer,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requester);
        using Serialized bytes = Serialized.Of(value, serializer);
        return requester.Request(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value in the serializer's format as a type 3 request. Completes when the reply arrives.</summary>
    /// <inheritdoc cref="Requester.RequestAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<Message> RequestAsync<T>(
        this Requester requester,
        T value,
        IMessageSerializer<T> serializer,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requester);
        using Serialized bytes = Serialized.Of(value, serializer);
        return requester.RequestAsync(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>
    /// Asks every connected responder with a value in the serializer's format. Blocks until all have replied or the deadline has passed.
    /// </summary>
    /// <inheritdoc cref="Requester.Survey(ReadOnlySpan{byte}, TimeSpan, SurveyOptions, CancellationToken)" path="/returns|/exception"/>
    public static IReadOnlyList<SurveyReply> Survey<T>(
        this Requester requester,
        T question,
        IMessageSerializer<T> serializer,
        TimeSpan timeout,
        SurveyOptions options = default,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requester);
        using Serialized bytes = Serialized.Of(question, serializer);
        return requester.Survey(bytes.Span, timeout, options, cancellationToken);
    }

    /// <summary>
    /// Asks every connected responder with a value in the serializer's format, and returns one result for each until a deadline.
    /// </summary>
    /// <inheritdoc
    /// cref="Requester.SurveyAsync(ReadOnlySpan{byte}, TimeSpan, SurveyOptions, CancellationToken)" path="/returns|/exception"/>
    public static IAsyncEnumerable<SurveyReply> SurveyAsync<T>(
        this Requester requester,
        T question,
        IMessageSerializer<T> serializer,
        TimeSpan timeout,
        SurveyOptions options = default,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requester);
        using Serialized bytes = Serialized.Of(question, serializer);
        return requester.SurveyAsync(bytes.Span, timeout, options, cancellationToken);
    }

    /// <summary>Sends a value in the serializer's format as the reply. Does not wait.</summary>
    /// <inheritdoc cref="Fairlead.Request.Reply(ReadOnlySpan{byte})" path="/returns|/exception"/>
    public static bool Reply<T>(this Request request, T value, IMessageSerializer<T> serializer)
    {
        using Serialized bytes = Serialized.Of(value, serializer);
        return request.Reply(bytes.Span);
    }

    /// <summary>Sends a value in the serializer's format as the reply, and waits while the requester has too many unread replies.</summary>
    /// <inheritdoc cref="Fairlead.Request.ReplyAsync(ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<bool> ReplyAsync<T>(
        this Request request, T value, IMessageSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        using Serialized bytes = Serialized.Of(value, serializer);
        return request.ReplyAsync(bytes.Span, cancellationToken);
    }
}
