namespace Fairlead;

/// <summary>The outcome of a synchronous message (type 2) when the wait for its receipt has ended.</summary>
public enum DeliveryStatus
{
    /// <summary>The receiver has or may have got the message, and no receipt arrived.</summary>
    Unknown = 0,

    /// <summary>The receiver accepted the message.</summary>
    Delivered = 1,

    /// <summary>The receiver certainly did not accept the message; sending it again cannot duplicate it.</summary>
    NotDelivered = 2,
}
