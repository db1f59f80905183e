namespace Fairlead;

/// <summary>The outcome of a message whose sender waits for a receipt (type 2).</summary>
/// <param name="Status">Delivered, not delivered, or unknown.</param>
/// <param name="Reason">For a negative receipt: the reason, as a sentence for people.</param>
/// <param name="Cause">
/// For a negative outcome without a receipt: <see cref="ErrorCode.Timeout"/> or <see cref="ErrorCode.PeerGone"/>. Null when the receiver
/// itself refused.
/// </param>
public readonly record struct Delivery(DeliveryStatus Status, string? Reason = null, ErrorCode? Cause = null)
{
    /// <summary>Whether the receiver accepted the message.</summary>
    public bool IsDelivered => Status == DeliveryStatus.Delivered;

    /// <inheritdoc/>
    public override string ToString() => Reason is null ? Status.ToString() : $"{Status}: {Reason}";
}
