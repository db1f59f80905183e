using System.Buffers;
using System.Runtime.CompilerServices;

namespace Fairlead;

/// <content>Several buffers as one message.</content>
public sealed partial class Sender
{
    /// <summary>Type 1, without waiting: buffers several buffers as one message, if that goes at once.</summary>
    /// <param name="message">Its buffers, in order. Copied before this returns.</param>
    /// <inheritdoc cref="TrySend(ReadOnlySpan{byte})" path="/returns"/>
    /// <exception cref="FairleadException">TooLarge: longer than the receiver accepts.</exception>
    [OverloadResolutionPriority(-1)]
    public SendResult TrySend(in ReadOnlySequence<byte> message) => Outbox.TrySend(message);

    /// <summary>Type 1, blocking: waits until several buffers are buffered as one message.</summary>
    /// <param name="message">Its buffers, in order; the caller's again when this returns.</param>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="Send(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public void Send(in ReadOnlySequence<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Outbox.Send(null, message, timeout, cancellationToken);

    /// <summary>
    /// Type 1: completes when several buffers are buffered as one message or, where it is long, written. They are copied once, to where the
    /// message lies; a long one into rented memory.
    /// </summary>
    /// <param name="message">Its buffers, in order; must stay as they are until completion.</param>
    /// <param name="cancellationToken">Ends the wait; a message that is half written is sent nevertheless, from a copy.</param>
    /// <inheritdoc cref="SendAsync(ReadOnlyMemory{byte}, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask SendAsync(in ReadOnlySequence<byte> message, CancellationToken cancellationToken = default) =>
        Outbox.SendAsync(null, message, cancellationToken);

    /// <summary>Type 2, blocking: sends several buffers as one message and waits for the receiver's receipt.</summary>
    /// <param name="message">Its buffers, in order; the caller's again when this returns.</param>
    /// <param name="timeout">At most so long for sending and receipt together; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns"/>
    [OverloadResolutionPriority(-1)]
    public Delivery Deliver(in ReadOnlySequence<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        Outbox.RequireProtocol();
        return Outbox.Deliver(null, message, timeout, cancellationToken);
    }

    /// <summary>Type 2: completes when the receipt of several buffers, sent as one message, is in, or is known not to come.</summary>
    /// <param name="message">Its buffers, in order; must stay as they are until completion.</param>
    /// <param name="timeout">At most so long for sending and receipt together; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask<Delivery> DeliverAsync(
        in ReadOnlySequence<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        Outbox.RequireProtocol();
        return Outbox.DeliverAsync(null, message, timeout, cancellationToken);
    }
}
