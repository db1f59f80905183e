namespace Fairlead;

/// <summary>
/// The outcome of a message whose sender waits for a receipt (type 2). <c>default</c> is <see cref="DeliveryStatus.Unknown"/> without a
/// reason.
/// </summary>
public readonly record struct Delivery
{
    internal Delivery(DeliveryStatus status, string? reason = null, ErrorCode? cause = null)
    {
        Status = status;
        Reason = reason;
        Cause = cause;
    }

    /// <summary>Delivered, not delivered, or unknown.</summary>
    public DeliveryStatus Status { get; }

    /// <summary>For a negative receipt: the reason, as a sentence for people.</summary>
    public string? Reason { get; }

    /// <summary>
    /// For a negative outcome without a receipt: <see cref="ErrorCode.Timeout"/> or <see cref="ErrorCode.PeerGone"/>. Null when the
    /// receiver itself refused.
    /// </summary>
    public ErrorCode? Cause { get; }

    /// <summary>Whether the receiver accepted the message.</summary>
    public bool IsDelivered => Status == DeliveryStatus.Delivered;

    /// <summary>Makes an outcome by hand, for tests and for code that stands in for a sender.</summary>
    /// <param name="status">Delivered, not delivered, or unknown.</param>
    /// <param name="reason">The reason, if it is not delivered.</param>
    /// <param name="cause">The error, if no receiver refused it.</param>
    public static Delivery Create(DeliveryStatus status, string? reason = null, ErrorCode? cause = null) => new(status, reason, cause);

    /// <inheritdoc/>
    public override string ToString() => Reason is null ? Status.ToString() : $"{Status}: {Reason}";
}
