namespace Fairlead;

/// <summary>What a bounded close leaves behind. The four numbers count messages over the life of the endpoint.</summary>
/// <param name="Sent">Messages that were taken from the user.</param>
/// <param name="Acknowledged">Those that the peer's user has been handed.</param>
/// <param name="NotDelivered">Those that certainly did not arrive.</param>
/// <param name="InDoubt">Those that left this process and were not acknowledged before the deadline.</param>
public readonly record struct CloseReport(long Sent, long Acknowledged, long NotDelivered, long InDoubt)
{
    /// <summary>Whether every message that was sent has been acknowledged.</summary>
    public bool IsComplete => NotDelivered == 0 && InDoubt == 0;

    /// <summary>
    /// Whether the deadline ended the wait. If not, what was not acknowledged is so because its peer is gone, or another call ended the
    /// endpoint.
    /// </summary>
    public bool DeadlinePassed { get; init; }
}
