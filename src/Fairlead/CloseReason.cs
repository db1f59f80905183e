namespace Fairlead;

/// <summary>Why a connection ended. Both ends, errors, events and the wire use the same values.</summary>
public enum CloseReason : byte
{
    /// <summary>The peer closed in order.</summary>
    ClosedByPeer = 0,

    /// <summary>The peer, its host or its network died without closing.</summary>
    PeerDied = 1,

    /// <summary>The peer violated the protocol.</summary>
    ProtocolError = 2,

    /// <summary>The peer was silent for longer than the heartbeat allows.</summary>
    Heartbeat = 3,

    /// <summary>The peer did not read fast enough for the overflow policy.</summary>
    SlowConsumer = 4,

    /// <summary>A limit was exceeded, such as clients or message size.</summary>
    Limit = 5,

    /// <summary>This side closed.</summary>
    ClosedByUs = 6,

    /// <summary>This side aborted without draining.</summary>
    Aborted = 7,
}
