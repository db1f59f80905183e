namespace Fairlead;

/// <summary>Where a connected endpoint stands.</summary>
public enum EndpointState
{
    /// <summary>Its peer is there.</summary>
    Connected = 1,

    /// <summary>Its peer is lost, and it tries to get it back. What is sent meanwhile waits.</summary>
    Reconnecting = 2,

    /// <summary>Its peer is lost for good: every further call ends with PeerGone.</summary>
    Ended = 3,
}

/// <summary>A connected endpoint lost its peer, got it back, or gave it up.</summary>
/// <param name="State">Where it stands now.</param>
/// <param name="Reason">Why the peer was lost.</param>
/// <param name="Attempt">How many times it has tried to connect again since.</param>
public sealed record EndpointStateChange(EndpointState State, CloseReason Reason, int Attempt);
