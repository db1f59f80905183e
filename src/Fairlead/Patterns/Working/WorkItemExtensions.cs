using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Values;

namespace Fairlead;

/// <summary>Sending items to a work queue with a priority, or for later.</summary>
public static class WorkItemExtensions
{
    /// <summary>Sends an item (type 1). Blocks like a send without options.</summary>
    /// <param name="sender">A sender that is connected to a <see cref="WorkQueue"/>.</param>
    /// <param name="message">The payload. The caller may change it when this returns.</param>
    /// <param name="item">When the queue hands it out.</param>
    /// <param name="timeout">How long to wait at most; null waits without limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FairleadException">
    /// NotSupported: the sender is not connected to a work queue. Others as without options.
    /// </exception>
    public static void Send(
        this Sender sender,
        ReadOnlySpan<byte> message,
        WorkItemOptions item,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) =>
        OutboxOf(sender).SendTo(null, message, timeout, cancellationToken, item.ToHead());

    /// <summary>Sends an item (type 1). Completes like a send without options.</summary>
    /// <param name="sender">A sender that is connected to a <see cref="WorkQueue"/>.</param>
    /// <param name="message">The payload. Copied before this returns if the item has to wait.</param>
    /// <param name="item">When the queue hands it out.</param>
    /// <param name="cancellationToken">Ends the wait. The item is then not sent.</param>
    /// <inheritdoc cref="Send" path="/exception"/>
    public static ValueTask SendAsync(
        this Sender sender, ReadOnlySpan<byte> message, WorkItemOptions item, CancellationToken cancellationToken = default) =>
        OutboxOf(sender).SendToAsync(null, message, cancellationToken, item.ToHead());

    /// <summary>Sends an item (type 2). Blocks until a worker has accepted it.</summary>
    /// <param name="sender">A sender that is connected to a <see cref="WorkQueue"/>.</param>
    /// <param name="message">The payload. The caller may change it when this returns.</param>
    /// <param name="item">When the queue hands it out.</param>
    /// <param name="timeout">How long to wait at most, the time before it is handed out included; null waits without limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Delivered, or a negative receipt with the reason.</returns>
    /// <inheritdoc cref="Send" path="/exception"/>
    public static Delivery Deliver(
        this Sender sender,
        ReadOnlySpan<byte> message,
        WorkItemOptions item,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) =>
        OutboxOf(sender).Deliver(null, message, timeout, cancellationToken, item.ToHead());

    /// <summary>Sends an item (type 2). Completes when a worker has accepted it, or when none can.</summary>
    /// <inheritdoc cref="Deliver" path="/param|/returns|/exception"/>
    public static ValueTask<Delivery> DeliverAsync(
        this Sender sender,
        ReadOnlySpan<byte> message,
        WorkItemOptions item,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) =>
        OutboxOf(sender).DeliverAsync(null, message, timeout, cancellationToken, item.ToHead());

    private static Outbox OutboxOf(Sender sender)
    {
        ArgumentNullException.ThrowIfNull(sender);

        // A lost queue that is being sought was a work queue, and the next one is checked when it is connected.
        if (sender.IsBound || Array.Exists(sender.Core.Table.All, static link => link.WasUp && link.PeerPattern != PatternKind.WorkQueue))
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "only a work queue takes items with a priority or a time",
                "Send without WorkItemOptions, or connect to a WorkQueue.")
            {
                Address = sender.Address,
            };
        }

        return new Outbox(sender.Core);
    }
}
