namespace Fairlead;

/// <summary>What is known about a synchronous message (type 2) when the wait for its receipt is over.</summary>
public enum DeliveryStatus
{
    /// <summary>Nothing is known: the message was handed to the receiver, or may have been, and no receipt came.</summary>
    Unknown = 0,

    /// <summary>The receiver accepted the message.</summary>
    Delivered = 1,

    /// <summary>The receiver certainly did not accept the message; sending it again cannot double it.</summary>
    NotDelivered = 2,
}
