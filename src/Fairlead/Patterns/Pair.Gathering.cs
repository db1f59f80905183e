using System.Buffers;
using System.Runtime.CompilerServices;

namespace Fairlead;

/// <content>Sequences: several buffers sent as one message.</content>
public sealed partial class Pair
{
    /// <inheritdoc cref="Sender.TrySend(in ReadOnlySequence{byte})"/>
    [OverloadResolutionPriority(-1)]
    public SendResult TrySend(in ReadOnlySequence<byte> message) => Outbox.TrySend(null, message);

    /// <inheritdoc cref="Sender.Send(in ReadOnlySequence{byte}, TimeSpan?, CancellationToken)"/>
    [OverloadResolutionPriority(-1)]
    public void Send(in ReadOnlySequence<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Outbox.SendTo(null, message, timeout, cancellationToken);

    /// <inheritdoc cref="Sender.SendAsync(in ReadOnlySequence{byte}, CancellationToken)"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask SendAsync(in ReadOnlySequence<byte> message, CancellationToken cancellationToken = default) =>
        Outbox.SendToAsync(null, message, cancellationToken);

    /// <inheritdoc cref="Sender.Deliver(in ReadOnlySequence{byte}, TimeSpan?, CancellationToken)"/>
    [OverloadResolutionPriority(-1)]
    public Delivery Deliver(in ReadOnlySequence<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        RequireProtocol();
        return Outbox.Deliver(null, message, timeout, cancellationToken);
    }

    /// <inheritdoc cref="Sender.DeliverAsync(in ReadOnlySequence{byte}, TimeSpan?, CancellationToken)"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask<Delivery> DeliverAsync(
        in ReadOnlySequence<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        RequireProtocol();
        return Outbox.DeliverAsync(null, message, timeout, cancellationToken);
    }
}
