using System.Buffers;
using System.Runtime.CompilerServices;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Values;

namespace Fairlead;

/// <content>Sequences: several buffers sent as one message.</content>
public sealed partial class Hub
{
    /// <summary>Sends several buffers to one client as one message (type 1), without waiting.</summary>
    /// <param name="client">The client to send to.</param>
    /// <param name="message">The buffers, in order. Copied before this returns.</param>
    /// <inheritdoc cref="TrySend(HubClient, ReadOnlySpan{byte})" path="/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public SendResult TrySend(HubClient client, in ReadOnlySequence<byte> message)
    {
        ArgumentNullException.ThrowIfNull(client);
        SendResult result = Outbox.TrySend(client.Link, message);
        return result == SendResult.NoPeer ? SendResult.PeerGone : result;
    }

    /// <summary>Sends several buffers to one client as one message (type 1). Blocks until the message is buffered.</summary>
    /// <inheritdoc cref="Send(HubClient, ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public void Send(
        HubClient client, in ReadOnlySequence<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        Outbox.SendTo(client.Link, message, timeout, cancellationToken);
    }

    /// <summary>Sends several buffers to one client as one message (type 1). Completes when the message is buffered.</summary>
    /// <param name="client">The client to send to.</param>
    /// <param name="message">The buffers, in order. They must not change until completion.</param>
    /// <param name="cancellationToken">Ends the wait. The message is then not sent, unless part of it is already written.</param>
    /// <inheritdoc cref="SendAsync(HubClient, ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask SendAsync(HubClient client, in ReadOnlySequence<byte> message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return Outbox.SendToAsync(client.Link, message, cancellationToken);
    }

    /// <summary>Sends several buffers to one client as one message (type 2). Completes with its receipt, or when none can arrive.</summary>
    /// <inheritdoc cref="SendAsync(HubClient, in ReadOnlySequence{byte}, CancellationToken)"
    ///     path="/param[@name='client']|/param[@name='message']"/>
    /// <inheritdoc cref="Sender.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)"
    ///     path="/param[@name='timeout']|/param[@name='cancellationToken']|/returns"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask<Delivery> DeliverAsync(
        HubClient client, in ReadOnlySequence<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        Outbox.RequireProtocol();
        return Outbox.DeliverAsync(client.Link, message, timeout, cancellationToken);
    }

    /// <summary>Sends several buffers to one client as one message (type 2). Blocks until its receipt arrives.</summary>
    /// <inheritdoc cref="Sender.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns"/>
    [OverloadResolutionPriority(-1)]
    public Delivery Deliver(
        HubClient client, in ReadOnlySequence<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        Outbox.RequireProtocol();
        return Outbox.Deliver(client.Link, message, timeout, cancellationToken);
    }

    /// <summary>Sends several buffers as one message to all clients, or to all but one. Copies the buffers into one.</summary>
    /// <inheritdoc cref="Broadcast(ReadOnlySpan{byte}, HubClient?, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public int Broadcast(
        in ReadOnlySequence<byte> message, HubClient? except = null, CancellationToken cancellationToken = default)
    {
        Outbox.CheckLength(message, Core);
        using Joined whole = new(message);
        return Broadcast(whole.Span, except, cancellationToken);
    }

    /// <summary>Sends several buffers as one message to all clients, or to all but one. Copies the buffers into one.</summary>
    /// <inheritdoc cref="BroadcastAsync(ReadOnlySpan{byte}, HubClient?, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask<int> BroadcastAsync(
        in ReadOnlySequence<byte> message, HubClient? except = null, CancellationToken cancellationToken = default)
    {
        Outbox.CheckLength(message, Core);
        using Joined whole = new(message);
        return BroadcastAsync(whole.Span, except, cancellationToken);
    }
}
