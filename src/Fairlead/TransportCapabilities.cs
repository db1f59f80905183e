namespace Fairlead;

/// <summary>The capabilities of a transport.</summary>
/// <remarks>
/// Patterns check them when they bind or connect, and refuse a transport that lacks one. Fairlead does not silently emulate capabilities.
/// </remarks>
[Flags]
public enum TransportCapabilities
{
    /// <summary>None of the following.</summary>
    None = 0,

    /// <summary>Both ends can send.</summary>
    Duplex = 1,

    /// <summary>Each message arrives, or its sender learns that it did not.</summary>
    Reliable = 2,

    /// <summary>Messages of one connection arrive in the order of sending.</summary>
    Ordered = 4,

    /// <summary>Each message arrives with its original boundaries.</summary>
    KeepsBoundaries = 8,

    /// <summary>A loan is memory that the receiver reads.</summary>
    ZeroCopy = 16,

    /// <summary>The peer may run on another host. In that case only the heartbeat may notice its death.</summary>
    CrossHost = 32,

    /// <summary>Messages outlive the processes.</summary>
    Durable = 64,

    /// <summary>The kernel reports the identity of the peer.</summary>
    PeerIdentity = 128,

    /// <summary>Receipts, requests and orderly closing work: both ends speak Fairlead's protocol.</summary>
    Protocol = 256,

    /// <summary>One bound endpoint may serve several peers.</summary>
    ManyPeers = 512,

    /// <summary>Messages can carry open files: a descriptor of one process becomes a descriptor of the other.</summary>
    Handles = 1024,
}
