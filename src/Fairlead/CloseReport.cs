namespace Fairlead;

/// <summary>The result of closing an endpoint. The four numbers count messages over its whole life.</summary>
/// <param name="Sent">Messages that this endpoint took from the user.</param>
/// <param name="Acknowledged">Messages that were handed to the peer's user.</param>
/// <param name="NotDelivered">Messages that certainly did not arrive.</param>
/// <param name="InDoubt">Messages that left this process and were not acknowledged before the deadline.</param>
public readonly record struct CloseReport(long Sent, long Acknowledged, long NotDelivered, long InDoubt)
{
    /// <summary>Whether every message has been acknowledged.</summary>
    public bool IsComplete => NotDelivered == 0 && InDoubt == 0;

    /// <summary>Whether the deadline ended the wait.</summary>
    /// <remarks>
    /// Otherwise, messages are unacknowledged because their peer is gone or because another call ended the endpoint.
    /// </remarks>
    public bool DeadlinePassed { get; init; }
}
