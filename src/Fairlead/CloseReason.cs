namespace Fairlead;

/// <summary>Why a connection ended. The same words on both ends, in errors, events and on the wire.</summary>
public enum CloseReason : byte
{
    /// <summary>The peer closed in good order.</summary>
    ClosedByPeer = 0,

    /// <summary>The peer died, or its host or network did, without closing.</summary>
    PeerDied = 1,

    /// <summary>The peer sent what the protocol does not allow.</summary>
    ProtocolError = 2,

    /// <summary>The peer was silent for longer than the heartbeat allows.</summary>
    Heartbeat = 3,

    /// <summary>The peer did not read fast enough for the policy in force.</summary>
    SlowConsumer = 4,

    /// <summary>A limit was exceeded: clients, message size.</summary>
    Limit = 5,

    /// <summary>This side closed.</summary>
    ClosedByUs = 6,

    /// <summary>This side aborted without draining.</summary>
    Aborted = 7,
}
