namespace Fairlead;

/// <summary>The state of a connected endpoint.</summary>
public enum EndpointState
{
    /// <summary>Its peer is connected.</summary>
    Connected = 1,

    /// <summary>Its peer is lost, and the endpoint tries to reconnect. Messages sent meanwhile wait.</summary>
    Reconnecting = 2,

    /// <summary>Its peer is lost permanently: every further call ends with PeerGone.</summary>
    Ended = 3,

    /// <summary>
    /// Its broker takes nothing from it, because memory or disk is short there, or the queue is full. Messages sent meanwhile wait.
    /// </summary>
    Blocked = 4,
}

/// <summary>A connected endpoint lost its peer, got it back, or gave it up; or its broker blocks it, or has stopped that.</summary>
/// <param name="State">The new state.</param>
/// <param name="Reason">Why the peer was lost; <see cref="CloseReason.Limit"/> if it is not lost but blocks.</param>
/// <param name="Attempt">The number of attempts to reconnect since the loss.</param>
public sealed record EndpointStateChange(EndpointState State, CloseReason Reason, int Attempt)
{
    /// <summary>Why the broker blocks the endpoint, in its words; otherwise null.</summary>
    public string? Detail { get; init; }
}
