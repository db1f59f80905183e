using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fairlead.Patterns.Links.Values;

namespace Fairlead;

/// <summary>Sends values as messages in JSON on every pattern.</summary>
/// <remarks>
/// Read the values with <see cref="Message.Read{T}(JsonTypeInfo{T})"/>. With source-generated metadata (<see cref="JsonTypeInfo{T}"/>) they
/// also work in programs that are trimmed or compiled ahead of time.
/// </remarks>
public static class JsonMessageExtensions
{
    /// <summary>Sends a value as JSON as a type 1 message, without waiting.</summary>
    /// <inheritdoc cref="Sender.TrySend(ReadOnlySpan{byte})" path="/returns|/exception"/>
    public static SendResult TrySend<T>(this Sender sender, T value, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(sender);
        using Serialized bytes = Serialized.Of(value, type);
        return sender.TrySend(bytes.Span);
    }

    /// <summary>Sends a value as JSON as a type 1 message. Blocks until it is buffered.</summary>
    /// <inheritdoc cref="Sender.Send(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    public static void Send<T>(
        this Sender sender, T value, JsonTypeInfo<T> type, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sender);
        using Serialized bytes = Serialized.Of(value, type);
        sender.Send(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value as JSON as a type 1 message. Completes when it is buffered.</summary>
    /// <inheritdoc cref="Sender.SendAsync(ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    public static ValueTask SendAsync<T>(this Sender sender, T value, JsonTypeInfo<T> type, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sender);
        using Serialized bytes = Serialized.Of(value, type);
        return sender.SendAsync(bytes.Span, cancellationToken);
    }

    /// <summary>Sends a value as JSON as a type 2 message. Blocks until the receipt arrives.</summary>
    /// <inheritdoc cref="Sender.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static Delivery Deliver<T>(
        this Sender sender, T value, JsonTypeInfo<T> type, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sender);
        using Serialized bytes = Serialized.Of(value, type);
        return sender.Deliver(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value as JSON as a type 2 message. Completes when the receipt arrives.</summary>
    /// <inheritdoc cref="Sender.DeliverAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<Delivery> DeliverAsync<T>(
        this Sender sender, T value, JsonTypeInfo<T> type, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sender);
        using Serialized bytes = Serialized.Of(value, type);
        return sender.DeliverAsync(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value as JSON as a type 1 message, without waiting.</summary>
    /// <inheritdoc cref="Pair.TrySend(ReadOnlySpan{byte})" path="/returns|/exception"/>
    public static SendResult TrySend<T>(this Pair pair, T value, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(pair);
        using Serialized bytes = Serialized.Of(value, type);
        return pair.TrySend(bytes.Span);
    }

    /// <summary>Sends a value as JSON as a type 1 message. Blocks until it is buffered.</summary>
    /// <inheritdoc cref="Pair.Send(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    public static void Send<T>(
        this Pair pair, T value, JsonTypeInfo<T> type, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pair);
        using Serialized bytes = Serialized.Of(value, type);
        pair.Send(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value as JSON as a type 1 message. Completes when it is buffered.</summary>
    /// <inheritdoc cref="Pair.SendAsync(ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    public static ValueTask SendAsync<T>(this Pair pair, T value, JsonTypeInfo<T> type, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pair);
        using Serialized bytes = Serialized.Of(value, type);
        return pair.SendAsync(bytes.Span, cancellationToken);
    }

    /// <summary>Sends a value as JSON as a type 2 message. Blocks until the receipt arrives.</summary>
    /// <inheritdoc cref="Pair.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static Delivery Deliver<T>(
        this Pair pair, T value, JsonTypeInfo<T> type, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pair);
        using Serialized bytes = Serialized.Of(value, type);
        return pair.Deliver(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value as JSON as a type 2 message. Completes when the receipt arrives.</summary>
    /// <inheritdoc cref="Pair.DeliverAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<Delivery> DeliverAsync<T>(
        this Pair pair, T value, JsonTypeInfo<T> type, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pair);
        using Serialized bytes = Serialized.Of(value, type);
        return pair.DeliverAsync(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value as JSON as a type 1 message to one client, without waiting.</summary>
    /// <inheritdoc cref="Hub.TrySend(HubClient, ReadOnlySpan{byte})" path="/returns|/exception"/>
    public static SendResult TrySend<T>(this Hub hub, HubClient client, T value, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(value, type);
        return hub.TrySend(client, bytes.Span);
    }

    /// <summary>Sends a value as JSON as a type 1 message to one client. Blocks until it is buffered.</summary>
    /// <inheritdoc cref="Hub.Send(HubClient, ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    public static void Send<T>(
        this Hub hub,
        HubClient client,
        T value,
        JsonTypeInfo<T> type,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(value, type);
        hub.Send(client, bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value as JSON as a type 1 message to one client. Completes when it is buffered.</summary>
    /// <inheritdoc cref="Hub.SendAsync(HubClient, ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    public static ValueTask SendAsync<T>(
        this Hub hub, HubClient client, T value, JsonTypeInfo<T> type, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(value, type);
        return hub.SendAsync(client, bytes.Span, cancellationToken);
    }

    /// <summary>Sends a value as JSON as a type 2 message to one client. Blocks until the receipt arrives.</summary>
    /// <inheritdoc cref="Hub.Deliver(HubClient, ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static Delivery Deliver<T>(
        this Hub hub,
        HubClient client,
        T value,
        JsonTypeInfo<T> type,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(value, type);
        return hub.Deliver(client, bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value as JSON as a type 2 message to one client. Completes when the receipt arrives.</summary>
    /// <inheritdoc cref="Hub.DeliverAsync(HubClient, ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<Delivery> DeliverAsync<T>(
        this Hub hub,
        HubClient client,
        T value,
        JsonTypeInfo<T> type,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(value, type);
        return hub.DeliverAsync(client, bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value as JSON to all clients, or to all but one.</summary>
    /// <inheritdoc cref="Hub.Broadcast(ReadOnlySpan{byte}, HubClient?, CancellationToken)" path="/returns|/exception"/>
    public static int Broadcast<T>(
        this Hub hub, T value, JsonTypeInfo<T> type, HubClient? except = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(value, type);
        return hub.Broadcast(bytes.Span, except, cancellationToken);
    }

    /// <summary>Sends a value as JSON to all clients, or to all but one.</summary>
    /// <inheritdoc cref="Hub.BroadcastAsync(ReadOnlySpan{byte}, HubClient?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<int> BroadcastAsync<T>(
        this Hub hub, T value, JsonTypeInfo<T> type, HubClient? except = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(value, type);
        return hub.BroadcastAsync(bytes.Span, except, cancellationToken);
    }

    /// <summary>Publishes a value as JSON.</summary>
    /// <inheritdoc cref="Publisher.Publish(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    public static int Publish<T>(
        this Publisher publisher, string topic, T value, JsonTypeInfo<T> type, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(publisher);
        using Serialized bytes = Serialized.Of(value, type);
        return publisher.Publish(topic, bytes.Span, cancellationToken);
    }

    /// <summary>Publishes a value as JSON.</summary>
    /// <inheritdoc cref="Publisher.PublishAsync(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<int> PublishAsync<T>(
        this Publisher publisher, string topic, T value, JsonTypeInfo<T> type, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(publisher);
        using Serialized bytes = Serialized.Of(value, type);
        return publisher.PublishAsync(topic, bytes.Span, cancellationToken);
    }

    /// <summary>Sends a value as JSON as a type 4 request. Blocks until the reply arrives.</summary>
    /// <inheritdoc cref="Requester.Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static Message Request<T>(
        this Requester requester, T value, JsonTypeInfo<T> type, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requester);
        using Serialized bytes = Serialized.Of(value, type);
        return requester.Request(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends a value as JSON as a type 3 request. Completes when the reply arrives.</summary>
    /// <inheritdoc cref="Requester.RequestAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<Message> RequestAsync<T>(
        this Requester requester, T value, JsonTypeInfo<T> type, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requester);
        using Serialized bytes = Serialized.Of(value, type);
        return requester.RequestAsync(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Asks every connected responder with a value as JSON. Blocks until all have replied or the deadline has passed.</summary>
    /// <inheritdoc cref="Requester.Survey(ReadOnlySpan{byte}, TimeSpan, SurveyOptions, CancellationToken)" path="/returns|/exception"/>
    public static IReadOnlyList<SurveyReply> Survey<T>(
        this Requester requester,
        T question,
        JsonTypeInfo<T> type,
        TimeSpan timeout,
        SurveyOptions options = default,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requester);
        using Serialized bytes = Serialized.Of(question, type);
        return requester.Survey(bytes.Span, timeout, options, cancellationToken);
    }

    /// <summary>Asks every connected responder with a value as JSON, and returns one result for each until a deadline.</summary>
    /// <inheritdoc
    /// cref="Requester.SurveyAsync(ReadOnlySpan{byte}, TimeSpan, SurveyOptions, CancellationToken)" path="/returns|/exception"/>
    public static IAsyncEnumerable<SurveyReply> SurveyAsync<T>(
        this Requester requester,
        T question,
        JsonTypeInfo<T> type,
        TimeSpan timeout,
        SurveyOptions options = default,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requester);
        using Serialized bytes = Serialized.Of(question, type);
        return requester.SurveyAsync(bytes.Span, timeout, options, cancellationToken);
    }

    /// <summary>Sends a value as JSON as the reply. Does not wait.</summary>
    /// <inheritdoc cref="Fairlead.Request.Reply(ReadOnlySpan{byte})" path="/returns|/exception"/>
    public static bool Reply<T>(this Request request, T value, JsonTypeInfo<T> type)
    {
        using Serialized bytes = Serialized.Of(value, type);
        return request.Reply(bytes.Span);
    }

    /// <summary>Sends a value as JSON as the reply, and waits while the requester has too many unread replies.</summary>
    /// <inheritdoc cref="Fairlead.Request.ReplyAsync(ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<bool> ReplyAsync<T>(
        this Request request, T value, JsonTypeInfo<T> type, CancellationToken cancellationToken = default)
    {
        using Serialized bytes = Serialized.Of(value, type);
        return request.ReplyAsync(bytes.Span, cancellationToken);
    }

    /// <summary>Sends a value as a type 4 request, in JSON, and returns the value of the reply. Blocks until it arrives.</summary>
    /// <param name="requester">The requester that sends the request.</param>
    /// <param name="request">The value. Serialized before the request is sent.</param>
    /// <param name="requestType">The request's metadata, from a source-generated context.</param>
    /// <param name="replyType">The reply's metadata, from a source-generated context.</param>
    /// <param name="timeout">How long to wait at most; null waits without limit. The responder learns it.</param>
    /// <param name="cancellationToken">Ends the wait, and notifies the responder.</param>
    /// <exception cref="JsonException">The reply is not valid JSON for this type.</exception>
    /// <inheritdoc cref="Requester.Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    public static TReply? Request<TRequest, TReply>(
        this Requester requester,
        TRequest request,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TReply> replyType,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requester);
        ArgumentNullException.ThrowIfNull(replyType);
        using Serialized bytes = Serialized.Of(request, requestType);
        using Message reply = requester.Request(bytes.Span, timeout, cancellationToken);
        return reply.Read(replyType);
    }

    /// <summary>Sends a value as a type 3 request and returns the value of the reply. Both as JSON.</summary>
    /// <param name="requester">The requester that sends the request.</param>
    /// <param name="request">The value. Serialized before this returns.</param>
    /// <param name="requestType">The request's metadata, from a source-generated context.</param>
    /// <param name="replyType">The reply's metadata, from a source-generated context.</param>
    /// <param name="timeout">How long to wait at most; null waits without limit. The responder learns it.</param>
    /// <param name="cancellationToken">Ends the wait, and notifies the responder.</param>
    /// <exception cref="JsonException">The reply is not valid JSON for this type.</exception>
    /// <inheritdoc cref="Requester.Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    public static ValueTask<TReply?> RequestAsync<TRequest, TReply>(
        this Requester requester,
        TRequest request,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TReply> replyType,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requester);
        ArgumentNullException.ThrowIfNull(replyType);
        using Serialized bytes = Serialized.Of(request, requestType);
        return ReadAsync(requester.RequestAsync(bytes.Span, timeout, cancellationToken), replyType);
    }

    private static async ValueTask<T?> ReadAsync<T>(ValueTask<Message> call, JsonTypeInfo<T> type)
    {
        using Message reply = await call.ConfigureAwait(false);
        return reply.Read(type);
    }
}
