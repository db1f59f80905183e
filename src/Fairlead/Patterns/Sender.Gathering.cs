using System.Buffers;
using System.Runtime.CompilerServices;

namespace Fairlead;

/// <content>Sequences: several buffers sent as one message.</content>
public sealed partial class Sender
{
    /// <summary>Sends several buffers as one message (type 1), without waiting.</summary>
    /// <param name="message">The buffers, in order. Copied before this returns.</param>
    /// <inheritdoc cref="TrySend(ReadOnlySpan{byte})" path="/returns"/>
    /// <exception cref="FairleadException">TooLarge: the message is longer than the receiver accepts.</exception>
    [OverloadResolutionPriority(-1)]
    public SendResult TrySend(in ReadOnlySequence<byte> message) => Outbox.TrySend(null, message);

    /// <summary>Sends several buffers as one message (type 1). Blocks until the message is buffered.</summary>
    /// <param name="message">The buffers, in order. The caller may change them when this returns.</param>
    /// <param name="timeout">How long to wait at most; null waits without limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="Send(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public void Send(in ReadOnlySequence<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Outbox.SendTo(null, message, timeout, cancellationToken);

    /// <summary>Sends several buffers as one message (type 1). Completes when it is buffered or, if it is long, written.</summary>
    /// <remarks>The buffers are copied once: to their place in the send buffer, or into rented memory if the message is long.</remarks>
    /// <param name="message">The buffers, in order. They must not change until completion.</param>
    /// <param name="cancellationToken">Ends the wait. A partly written message is still sent, from a copy.</param>
    /// <inheritdoc cref="SendAsync(ReadOnlyMemory{byte}, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask SendAsync(in ReadOnlySequence<byte> message, CancellationToken cancellationToken = default) =>
        Outbox.SendToAsync(null, message, cancellationToken);

    /// <summary>Sends several buffers as one message (type 2). Blocks until the receiver's receipt arrives.</summary>
    /// <param name="message">The buffers, in order. The caller may change them when this returns.</param>
    /// <param name="timeout">How long to wait at most for sending and receipt together; null waits without limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns"/>
    [OverloadResolutionPriority(-1)]
    public Delivery Deliver(in ReadOnlySequence<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        Outbox.RequireProtocol();
        return Outbox.Deliver(null, message, timeout, cancellationToken);
    }

    /// <summary>Sends several buffers as one message (type 2). Completes with its receipt, or when none can arrive.</summary>
    /// <param name="message">The buffers, in order. They must not change until completion.</param>
    /// <param name="timeout">How long to wait at most for sending and receipt together; null waits without limit.</param>
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
