using System.Diagnostics.CodeAnalysis;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead;

/// <summary>Sends unmanaged values as messages on every pattern, without a serializer.</summary>
/// <remarks>
/// A message holds the bytes of the value in memory and a mark of its layout. Read the value with <see cref="Message.Value{T}"/>, which
/// checks the mark. Both ends must have the same byte order.
/// </remarks>
public static class StructMessageExtensions
{
    /// <summary>Sends an unmanaged value as a type 1 message, without waiting.</summary>
    /// <inheritdoc cref="Sender.TrySend(ReadOnlySpan{byte})" path="/returns|/exception"/>
    public static SendResult TrySend<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(this Sender sender, in T value)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(sender);
        using StructBytes bytes = StructBytes.Of(in value);
        return sender.TrySend(bytes.Span);
    }

    /// <summary>Sends an unmanaged value as a type 1 message. Blocks until it is buffered.</summary>
    /// <inheritdoc cref="Sender.Send(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    public static void Send<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Sender sender, in T value, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(sender);
        using StructBytes bytes = StructBytes.Of(in value);
        sender.Send(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends an unmanaged value as a type 1 message. Completes when it is buffered.</summary>
    /// <inheritdoc cref="Sender.SendAsync(ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    public static ValueTask SendAsync<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Sender sender, in T value, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(sender);
        using StructBytes bytes = StructBytes.Of(in value);
        return sender.SendAsync(bytes.Span, cancellationToken);
    }

    /// <summary>Sends an unmanaged value as a type 2 message. Blocks until the receipt arrives.</summary>
    /// <inheritdoc cref="Sender.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static Delivery Deliver<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Sender sender, in T value, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(sender);
        using StructBytes bytes = StructBytes.Of(in value);
        return sender.Deliver(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends an unmanaged value as a type 2 message. Completes when the receipt arrives.</summary>
    /// <inheritdoc cref="Sender.DeliverAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<Delivery> DeliverAsync<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Sender sender, in T value, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(sender);
        using StructBytes bytes = StructBytes.Of(in value);
        return sender.DeliverAsync(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends an unmanaged value as a type 1 message, without waiting.</summary>
    /// <inheritdoc cref="Pair.TrySend(ReadOnlySpan{byte})" path="/returns|/exception"/>
    public static SendResult TrySend<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(this Pair pair, in T value)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(pair);
        using StructBytes bytes = StructBytes.Of(in value);
        return pair.TrySend(bytes.Span);
    }

    /// <summary>Sends an unmanaged value as a type 1 message. Blocks until it is buffered.</summary>
    /// <inheritdoc cref="Pair.Send(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    public static void Send<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Pair pair, in T value, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(pair);
        using StructBytes bytes = StructBytes.Of(in value);
        pair.Send(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends an unmanaged value as a type 1 message. Completes when it is buffered.</summary>
    /// <inheritdoc cref="Pair.SendAsync(ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    public static ValueTask SendAsync<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Pair pair, in T value, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(pair);
        using StructBytes bytes = StructBytes.Of(in value);
        return pair.SendAsync(bytes.Span, cancellationToken);
    }

    /// <summary>Sends an unmanaged value as a type 2 message. Blocks until the receipt arrives.</summary>
    /// <inheritdoc cref="Pair.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static Delivery Deliver<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Pair pair, in T value, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(pair);
        using StructBytes bytes = StructBytes.Of(in value);
        return pair.Deliver(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends an unmanaged value as a type 2 message. Completes when the receipt arrives.</summary>
    /// <inheritdoc cref="Pair.DeliverAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<Delivery> DeliverAsync<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Pair pair, in T value, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(pair);
        using StructBytes bytes = StructBytes.Of(in value);
        return pair.DeliverAsync(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends an unmanaged value as a type 1 message to one client, without waiting.</summary>
    /// <inheritdoc cref="Hub.TrySend(HubClient, ReadOnlySpan{byte})" path="/returns|/exception"/>
    public static SendResult TrySend<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(this Hub hub, HubClient client, in T value)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(hub);
        using StructBytes bytes = StructBytes.Of(in value);
        return hub.TrySend(client, bytes.Span);
    }

    /// <summary>Sends an unmanaged value as a type 1 message to one client. Blocks until it is buffered.</summary>
    /// <inheritdoc cref="Hub.Send(HubClient, ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    public static void Send<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Hub hub, HubClient client, in T value, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(hub);
        using StructBytes bytes = StructBytes.Of(in value);
        hub.Send(client, bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends an unmanaged value as a type 1 message to one client. Completes when it is buffered.</summary>
    /// <inheritdoc cref="Hub.SendAsync(HubClient, ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    public static ValueTask SendAsync<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Hub hub, HubClient client, in T value, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(hub);
        using StructBytes bytes = StructBytes.Of(in value);
        return hub.SendAsync(client, bytes.Span, cancellationToken);
    }

    /// <summary>Sends an unmanaged value as a type 2 message to one client. Blocks until the receipt arrives.</summary>
    /// <inheritdoc cref="Hub.Deliver(HubClient, ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static Delivery Deliver<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Hub hub, HubClient client, in T value, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(hub);
        using StructBytes bytes = StructBytes.Of(in value);
        return hub.Deliver(client, bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends an unmanaged value as a type 2 message to one client. Completes when the receipt arrives.</summary>
    /// <inheritdoc cref="Hub.DeliverAsync(HubClient, ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<Delivery> DeliverAsync<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Hub hub, HubClient client, in T value, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(hub);
        using StructBytes bytes = StructBytes.Of(in value);
        return hub.DeliverAsync(client, bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends an unmanaged value to all clients, or to all but one.</summary>
    /// <inheritdoc cref="Hub.Broadcast(ReadOnlySpan{byte}, HubClient?, CancellationToken)" path="/returns|/exception"/>
    public static int Broadcast<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Hub hub, in T value, HubClient? except = null, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(hub);
        using StructBytes bytes = StructBytes.Of(in value);
        return hub.Broadcast(bytes.Span, except, cancellationToken);
    }

    /// <summary>Sends an unmanaged value to all clients, or to all but one.</summary>
    /// <inheritdoc cref="Hub.BroadcastAsync(ReadOnlySpan{byte}, HubClient?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<int> BroadcastAsync<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Hub hub, in T value, HubClient? except = null, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(hub);
        using StructBytes bytes = StructBytes.Of(in value);
        return hub.BroadcastAsync(bytes.Span, except, cancellationToken);
    }

    /// <summary>Publishes an unmanaged value.</summary>
    /// <inheritdoc cref="Publisher.Publish(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    public static int Publish<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Publisher publisher, string topic, in T value, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(publisher);
        return publisher.PublishValue(topic, in value, cancellationToken);
    }

    /// <summary>Publishes an unmanaged value.</summary>
    /// <inheritdoc cref="Publisher.PublishAsync(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<int> PublishAsync<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Publisher publisher, string topic, in T value, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(publisher);
        using StructBytes bytes = StructBytes.Of(in value);
        return publisher.PublishAsync(topic, bytes.Span, cancellationToken);
    }

    /// <summary>Sends an unmanaged value as a type 4 request. Blocks until the reply arrives.</summary>
    /// <inheritdoc cref="Requester.Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static Message Request<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Requester requester, in T value, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(requester);
        using StructBytes bytes = StructBytes.Of(in value);
        return requester.Request(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends an unmanaged value as a type 3 request. Completes when the reply arrives.</summary>
    /// <inheritdoc cref="Requester.RequestAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<Message> RequestAsync<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Requester requester, in T value, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(requester);
        using StructBytes bytes = StructBytes.Of(in value);
        return requester.RequestAsync(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Asks every connected responder with an unmanaged value. Blocks until all have replied or the deadline has passed.</summary>
    /// <inheritdoc cref="Requester.Survey(ReadOnlySpan{byte}, TimeSpan, SurveyOptions, CancellationToken)" path="/returns|/exception"/>
    public static IReadOnlyList<SurveyReply> Survey<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Requester requester,
        in T question,
        TimeSpan timeout,
        SurveyOptions options = default,
        CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(requester);
        using StructBytes bytes = StructBytes.Of(in question);
        return requester.Survey(bytes.Span, timeout, options, cancellationToken);
    }

    /// <summary>Asks every connected responder with an unmanaged value, and returns one result for each until a deadline.</summary>
    /// <inheritdoc
    /// cref="Requester.SurveyAsync(ReadOnlySpan{byte}, TimeSpan, SurveyOptions, CancellationToken)" path="/returns|/exception"/>
    public static IAsyncEnumerable<SurveyReply> SurveyAsync<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Requester requester,
        in T question,
        TimeSpan timeout,
        SurveyOptions options = default,
        CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(requester);
        using StructBytes bytes = StructBytes.Of(in question);
        return requester.SurveyAsync(bytes.Span, timeout, options, cancellationToken);
    }

    /// <summary>Sends an unmanaged value as the reply. Does not wait.</summary>
    /// <inheritdoc cref="Fairlead.Request.Reply(ReadOnlySpan{byte})" path="/returns|/exception"/>
    public static bool Reply<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(this Request request, in T value)
        where T : unmanaged
    {
        using StructBytes bytes = StructBytes.Of(in value);
        return request.Reply(bytes.Span);
    }

    /// <summary>Sends an unmanaged value as the reply, and waits while the requester has too many unread replies.</summary>
    /// <inheritdoc cref="Fairlead.Request.ReplyAsync(ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<bool> ReplyAsync<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        this Request request, in T value, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        using StructBytes bytes = StructBytes.Of(in value);
        return request.ReplyAsync(bytes.Span, cancellationToken);
    }

    /// <summary>Sends an unmanaged value as a type 4 request and returns the value of the reply. Blocks until it arrives.</summary>
    /// <param name="requester">The requester that sends the request.</param>
    /// <param name="request">The value. Copied before this returns.</param>
    /// <param name="timeout">How long to wait at most; null waits without limit. The responder learns it.</param>
    /// <param name="cancellationToken">Ends the wait, and notifies the responder.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: the reply holds another layout, which the error names. Otherwise as for a request of bytes.
    /// </exception>
    public static TReply Request<
        [DynamicallyAccessedMembers(LayoutFingerprint.Fields)] TRequest,
        [DynamicallyAccessedMembers(LayoutFingerprint.Fields)] TReply>(
        this Requester requester, in TRequest request, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where TRequest : unmanaged
        where TReply : unmanaged
    {
        ArgumentNullException.ThrowIfNull(requester);
        using StructBytes bytes = StructBytes.Of(in request);
        using Message reply = requester.Request(bytes.Span, timeout, cancellationToken);
        return reply.Value<TReply>();
    }

    /// <summary>Sends an unmanaged value as a type 3 request and returns the value of the reply.</summary>
    /// <inheritdoc cref="Request{TRequest, TReply}(Requester, in TRequest, TimeSpan?, CancellationToken)" path="/param|/exception"/>
    public static ValueTask<TReply> RequestAsync<
        [DynamicallyAccessedMembers(LayoutFingerprint.Fields)] TRequest,
        [DynamicallyAccessedMembers(LayoutFingerprint.Fields)] TReply>(
        this Requester requester, in TRequest request, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where TRequest : unmanaged
        where TReply : unmanaged
    {
        ArgumentNullException.ThrowIfNull(requester);
        using StructBytes bytes = StructBytes.Of(in request);
        return ValueAsync<TReply>(requester.RequestAsync(bytes.Span, timeout, cancellationToken));
    }

    private static async ValueTask<T> ValueAsync<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(ValueTask<Message> call)
        where T : unmanaged
    {
        using Message reply = await call.ConfigureAwait(false);
        return reply.Value<T>();
    }
}
