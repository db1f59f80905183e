namespace Fairlead;

/// <summary>
/// What a transport can do. Patterns check it when they bind or connect; what does not fit is refused, nothing is emulated in silence.
/// </summary>
[Flags]
public enum TransportCapabilities
{
    /// <summary>None of the following.</summary>
    None = 0,

    /// <summary>Both ends can send.</summary>
    Duplex = 1,

    /// <summary>What was sent arrives, or the sender is told.</summary>
    Reliable = 2,

    /// <summary>Messages of one connection arrive in the order in which they were sent.</summary>
    Ordered = 4,

    /// <summary>A message arrives with the boundaries that it was sent with.</summary>
    KeepsBoundaries = 8,

    /// <summary>A loan is memory that the receiver reads.</summary>
    ZeroCopy = 16,

    /// <summary>The peer may run on another host. Its death may then be seen by the heartbeat alone.</summary>
    CrossHost = 32,

    /// <summary>Messages outlive the processes.</summary>
    Durable = 64,

    /// <summary>The kernel tells who the peer is.</summary>
    PeerIdentity = 128,

    /// <summary>Receipts, requests and orderly closing work: both ends speak Fairlead's protocol.</summary>
    Protocol = 256,

    /// <summary>One bound endpoint may serve several peers.</summary>
    ManyPeers = 512,

    /// <summary>Open files can go with messages: a descriptor of one process becomes one of the other.</summary>
    Handles = 1024,
}
