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
}

/// <summary>A connected endpoint lost its peer, got it back, or gave it up.</summary>
/// <param name="State">The new state.</param>
/// <param name="Reason">Why the peer was lost.</param>
/// <param name="Attempt">The number of attempts to reconnect since the loss.</param>
public sealed record EndpointStateChange(EndpointState State, CloseReason Reason, int Attempt);
