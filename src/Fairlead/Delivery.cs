namespace Fairlead;

/// <summary>The outcome of a synchronous message (type 2).</summary>
/// <param name="Status">Whether the receiver accepted the message.</param>
/// <param name="Reason">Why not, or why it is unknown; <see langword="null"/> when it was delivered.</param>
public readonly record struct Delivery(DeliveryStatus Status, string? Reason = null)
{
    /// <summary>Whether the receipt is in.</summary>
    public bool IsDelivered => Status == DeliveryStatus.Delivered;

    /// <summary>For people: <c>Delivered</c>, or <c>NotDelivered: the receiver's handler failed</c>.</summary>
    public override string ToString() => Reason is null ? Status.ToString() : $"{Status}: {Reason}";
}
