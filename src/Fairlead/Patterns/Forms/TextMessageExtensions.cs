using Fairlead.Patterns.Links.Values;

namespace Fairlead;

/// <summary>Sends text as messages in UTF-8 on every pattern. Read it with <see cref="Message.Text"/>.</summary>
public static class TextMessageExtensions
{
    /// <summary>Sends text as UTF-8 as a type 1 message, without waiting.</summary>
    /// <inheritdoc cref="Sender.TrySend(ReadOnlySpan{byte})" path="/returns|/exception"/>
    public static SendResult TrySend(this Sender sender, string message)
    {
        ArgumentNullException.ThrowIfNull(sender);
        using Serialized bytes = Serialized.Of(message);
        return sender.TrySend(bytes.Span);
    }

    /// <summary>Sends text as UTF-8 as a type 1 message. Blocks until it is buffered.</summary>
    /// <inheritdoc cref="Sender.Send(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    public static void Send(this Sender sender, string message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sender);
        using Serialized bytes = Serialized.Of(message);
        sender.Send(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends text as UTF-8 as a type 1 message. Completes when it is buffered.</summary>
    /// <inheritdoc cref="Sender.SendAsync(ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    public static ValueTask SendAsync(this Sender sender, string message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sender);
        using Serialized bytes = Serialized.Of(message);
        return sender.SendAsync(bytes.Span, cancellationToken);
    }

    /// <summary>Sends text as UTF-8 as a type 2 message. Blocks until the receipt arrives.</summary>
    /// <inheritdoc cref="Sender.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static Delivery Deliver(
        this Sender sender, string message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sender);
        using Serialized bytes = Serialized.Of(message);
        return sender.Deliver(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends text as UTF-8 as a type 2 message. Completes when the receipt arrives.</summary>
    /// <inheritdoc cref="Sender.DeliverAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<Delivery> DeliverAsync(
        this Sender sender, string message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sender);
        using Serialized bytes = Serialized.Of(message);
        return sender.DeliverAsync(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends text as UTF-8 as a type 1 message, without waiting.</summary>
    /// <inheritdoc cref="Pair.TrySend(ReadOnlySpan{byte})" path="/returns|/exception"/>
    public static SendResult TrySend(this Pair pair, string message)
    {
        ArgumentNullException.ThrowIfNull(pair);
        using Serialized bytes = Serialized.Of(message);
        return pair.TrySend(bytes.Span);
    }

    /// <summary>Sends text as UTF-8 as a type 1 message. Blocks until it is buffered.</summary>
    /// <inheritdoc cref="Pair.Send(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    public static void Send(this Pair pair, string message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pair);
        using Serialized bytes = Serialized.Of(message);
        pair.Send(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends text as UTF-8 as a type 1 message. Completes when it is buffered.</summary>
    /// <inheritdoc cref="Pair.SendAsync(ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    public static ValueTask SendAsync(this Pair pair, string message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pair);
        using Serialized bytes = Serialized.Of(message);
        return pair.SendAsync(bytes.Span, cancellationToken);
    }

    /// <summary>Sends text as UTF-8 as a type 2 message. Blocks until the receipt arrives.</summary>
    /// <inheritdoc cref="Pair.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static Delivery Deliver(this Pair pair, string message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pair);
        using Serialized bytes = Serialized.Of(message);
        return pair.Deliver(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends text as UTF-8 as a type 2 message. Completes when the receipt arrives.</summary>
    /// <inheritdoc cref="Pair.DeliverAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<Delivery> DeliverAsync(
        this Pair pair, string message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pair);
        using Serialized bytes = Serialized.Of(message);
        return pair.DeliverAsync(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends text as UTF-8 as a type 1 message to one client, without waiting.</summary>
    /// <inheritdoc cref="Hub.TrySend(HubClient, ReadOnlySpan{byte})" path="/returns|/exception"/>
    public static SendResult TrySend(this Hub hub, HubClient client, string message)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(message);
        return hub.TrySend(client, bytes.Span);
    }

    /// <summary>Sends text as UTF-8 as a type 1 message to one client. Blocks until it is buffered.</summary>
    /// <inheritdoc cref="Hub.Send(HubClient, ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    public static void Send(
        this Hub hub, HubClient client, string message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(message);
        hub.Send(client, bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends text as UTF-8 as a type 1 message to one client. Completes when it is buffered.</summary>
    /// <inheritdoc cref="Hub.SendAsync(HubClient, ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    public static ValueTask SendAsync(this Hub hub, HubClient client, string message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(message);
        return hub.SendAsync(client, bytes.Span, cancellationToken);
    }

    /// <summary>Sends text as UTF-8 as a type 2 message to one client. Blocks until the receipt arrives.</summary>
    /// <inheritdoc cref="Hub.Deliver(HubClient, ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static Delivery Deliver(
        this Hub hub, HubClient client, string message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(message);
        return hub.Deliver(client, bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends text as UTF-8 as a type 2 message to one client. Completes when the receipt arrives.</summary>
    /// <inheritdoc cref="Hub.DeliverAsync(HubClient, ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<Delivery> DeliverAsync(
        this Hub hub, HubClient client, string message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(message);
        return hub.DeliverAsync(client, bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends text as UTF-8 to all clients, or to all but one.</summary>
    /// <inheritdoc cref="Hub.Broadcast(ReadOnlySpan{byte}, HubClient?, CancellationToken)" path="/returns|/exception"/>
    public static int Broadcast(this Hub hub, string message, HubClient? except = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(message);
        return hub.Broadcast(bytes.Span, except, cancellationToken);
    }

    /// <summary>Sends text as UTF-8 to all clients, or to all but one.</summary>
    /// <inheritdoc cref="Hub.BroadcastAsync(ReadOnlySpan{byte}, HubClient?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<int> BroadcastAsync(
        this Hub hub, string message, HubClient? except = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        using Serialized bytes = Serialized.Of(message);
        return hub.BroadcastAsync(bytes.Span, except, cancellationToken);
    }

    /// <summary>Publishes text as UTF-8.</summary>
    /// <inheritdoc cref="Publisher.Publish(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    public static int Publish(this Publisher publisher, string topic, string message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(publisher);
        using Serialized bytes = Serialized.Of(message);
        return publisher.Publish(topic, bytes.Span, cancellationToken);
    }

    /// <summary>Publishes text as UTF-8.</summary>
    /// <inheritdoc cref="Publisher.PublishAsync(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<int> PublishAsync(
        this Publisher publisher, string topic, string message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(publisher);
        using Serialized bytes = Serialized.Of(message);
        return publisher.PublishAsync(topic, bytes.Span, cancellationToken);
    }

    /// <summary>Sends text as UTF-8 as a type 4 request. Blocks until the reply arrives.</summary>
    /// <inheritdoc cref="Requester.Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static Message Request(
        this Requester requester, string request, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requester);
        using Serialized bytes = Serialized.Of(request);
        return requester.Request(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Sends text as UTF-8 as a type 3 request. Completes when the reply arrives.</summary>
    /// <inheritdoc cref="Requester.RequestAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<Message> RequestAsync(
        this Requester requester, string request, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requester);
        using Serialized bytes = Serialized.Of(request);
        return requester.RequestAsync(bytes.Span, timeout, cancellationToken);
    }

    /// <summary>Asks every connected responder with text as UTF-8. Blocks until all have replied or the deadline has passed.</summary>
    /// <inheritdoc cref="Requester.Survey(ReadOnlySpan{byte}, TimeSpan, SurveyOptions, CancellationToken)" path="/returns|/exception"/>
    public static IReadOnlyList<SurveyReply> Survey(
        this Requester requester,
        string question,
        TimeSpan timeout,
        SurveyOptions options = default,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requester);
        using Serialized bytes = Serialized.Of(question);
        return requester.Survey(bytes.Span, timeout, options, cancellationToken);
    }

    /// <summary>Asks every connected responder with text as UTF-8, and returns one result for each until a deadline.</summary>
    /// <inheritdoc
    /// cref="Requester.SurveyAsync(ReadOnlySpan{byte}, TimeSpan, SurveyOptions, CancellationToken)" path="/returns|/exception"/>
    public static IAsyncEnumerable<SurveyReply> SurveyAsync(
        this Requester requester,
        string question,
        TimeSpan timeout,
        SurveyOptions options = default,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requester);
        using Serialized bytes = Serialized.Of(question);
        return requester.SurveyAsync(bytes.Span, timeout, options, cancellationToken);
    }

    /// <summary>Sends text as UTF-8 as the reply. Does not wait.</summary>
    /// <inheritdoc cref="Fairlead.Request.Reply(ReadOnlySpan{byte})" path="/returns|/exception"/>
    public static bool Reply(this Request request, string reply)
    {
        using Serialized bytes = Serialized.Of(reply);
        return request.Reply(bytes.Span);
    }

    /// <summary>Sends text as UTF-8 as the reply, and waits while the requester has too many unread replies.</summary>
    /// <inheritdoc cref="Fairlead.Request.ReplyAsync(ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    public static ValueTask<bool> ReplyAsync(this Request request, string reply, CancellationToken cancellationToken = default)
    {
        using Serialized bytes = Serialized.Of(reply);
        return request.ReplyAsync(bytes.Span, cancellationToken);
    }
}
