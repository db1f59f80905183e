using System.Buffers;
using System.Runtime.CompilerServices;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <content>Several buffers as one message.</content>
public sealed partial class Hub
{
    /// <summary>Type 1 to one client, without waiting: several buffers as one message.</summary>
    /// <param name="client">Whom.</param>
    /// <param name="message">Its buffers, in order. Copied before this returns.</param>
    /// <inheritdoc cref="TrySend(HubClient, ReadOnlySpan{byte})" path="/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public SendResult TrySend(HubClient client, in ReadOnlySequence<byte> message)
    {
        ArgumentNullException.ThrowIfNull(client);
        SendResult result = Outbox.TryTo(client.Link, message);
        return result == SendResult.NoPeer ? SendResult.PeerGone : result;
    }

    /// <summary>Type 1 to one client, blocking: waits until several buffers are buffered as one message.</summary>
    /// <inheritdoc cref="Send(HubClient, ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public void Send(
        HubClient client, in ReadOnlySequence<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        Outbox.Send(client.Link, message, timeout, cancellationToken);
    }

    /// <summary>Type 1 to one client: completes when several buffers are buffered as one message.</summary>
    /// <param name="client">Whom.</param>
    /// <param name="message">Its buffers, in order; must stay as they are until completion.</param>
    /// <param name="cancellationToken">Ends the wait; the message is then not sent, unless it is half written.</param>
    /// <inheritdoc cref="SendAsync(HubClient, ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask SendAsync(HubClient client, in ReadOnlySequence<byte> message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return Outbox.SendAsync(client.Link, message, cancellationToken);
    }

    /// <summary>
    /// Type 2 to one client: completes when the receipt of several buffers, sent as one message, is in, or is known not to come.
    /// </summary>
    /// <inheritdoc cref="SendAsync(HubClient, in ReadOnlySequence{byte}, CancellationToken)"
    ///     path="/param[@name='client']|/param[@name='message']"/>
    /// <inheritdoc cref="Sender.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)"
    ///     path="/param[@name='timeout']|/param[@name='token']|/returns"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask<Delivery> DeliverAsync(
        HubClient client, in ReadOnlySequence<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        Outbox.RequireProtocol();
        return Outbox.DeliverAsync(client.Link, message, timeout, cancellationToken);
    }

    /// <summary>Type 2 to one client, blocking: sends several buffers as one message and waits for its receipt.</summary>
    /// <inheritdoc cref="Sender.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns"/>
    [OverloadResolutionPriority(-1)]
    public Delivery Deliver(
        HubClient client, in ReadOnlySequence<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        Outbox.RequireProtocol();
        return Outbox.Deliver(client.Link, message, timeout, cancellationToken);
    }

    /// <summary>Sends several buffers as one message to all clients, or all but one. The buffers are joined in a copy.</summary>
    /// <inheritdoc cref="Broadcast(ReadOnlySpan{byte}, HubClient?, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public int Broadcast(
        in ReadOnlySequence<byte> message, HubClient? except = null, CancellationToken cancellationToken = default)
    {
        Outbox.CheckLength(message);
        using Joined whole = new(message);
        return Broadcast(whole.Span, except, cancellationToken);
    }

    /// <summary>Sends several buffers as one message to all clients, or all but one. The buffers are joined in a copy.</summary>
    /// <inheritdoc cref="BroadcastAsync(ReadOnlySpan{byte}, HubClient?, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask<int> BroadcastAsync(
        in ReadOnlySequence<byte> message, HubClient? except = null, CancellationToken cancellationToken = default)
    {
        Outbox.CheckLength(message);
        using Joined whole = new(message);
        return BroadcastAsync(whole.Span, except, cancellationToken);
    }
}
