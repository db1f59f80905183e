namespace Fairlead;

/// <summary>The state of an endpoint, or of one of its peers.</summary>
public enum EndpointState
{
    /// <summary>Its peer is connected.</summary>
    Connected = 1,

    /// <summary>Its peer or its broker is lost, and the endpoint tries to reconnect. Messages sent in the meantime wait.</summary>
    Reconnecting = 2,

    /// <summary>Its peer is lost permanently: every further call ends with PeerGone.</summary>
    Ended = 3,

    /// <summary>
    /// Its broker takes nothing from it, because memory or disk is short there, or the queue is full; or it is a work queue whose store
    /// cannot be written. Messages sent meanwhile wait.
    /// </summary>
    Blocked = 4,

    /// <summary>
    /// The process of a peer on this machine is stopped (SIGSTOP, Ctrl-Z, a debugger), and messages wait for it. It is not lost: it goes on
    /// when it is resumed. Also reported by bound endpoints, of each such peer.
    /// </summary>
    PeerStopped = 5,

    /// <summary>The process of that peer runs again.</summary>
    PeerResumed = 6,
}

/// <summary>
/// An endpoint lost its peer or its broker, got it back, or gave it up; its broker blocks it, or has ended that; or a peer's process is
/// stopped.
/// </summary>
/// <param name="State">The new state.</param>
/// <param name="Reason">Why the peer was lost; <see cref="CloseReason.Limit"/> if it is not lost.</param>
/// <param name="Attempt">The number of attempts to reconnect since the loss.</param>
public sealed record EndpointStateChange(EndpointState State, CloseReason Reason, int Attempt)
{
    /// <summary>Why the broker blocks the endpoint or was lost, in its words, or what is wrong with the store; otherwise null.</summary>
    public string? Detail { get; init; }

    /// <summary>The peer whose process is stopped, or runs again; otherwise null.</summary>
    public Peer? Peer { get; init; }
}
