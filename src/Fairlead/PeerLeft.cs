namespace Fairlead;

/// <summary>A peer of a <see cref="Pair"/> or a <see cref="Responder"/> has left.</summary>
/// <param name="Peer">The peer.</param>
/// <param name="Reason">Why the connection ended.</param>
public sealed record PeerLeft(Peer Peer, CloseReason Reason);
