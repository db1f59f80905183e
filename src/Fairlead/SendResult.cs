namespace Fairlead;

/// <summary>The result of a <c>TrySend</c>.</summary>
public enum SendResult
{
    /// <summary>The message is buffered and will be sent.</summary>
    Sent = 0,

    /// <summary>The queue is full; the message was not taken.</summary>
    Full = 1,

    /// <summary>No peer is connected yet; the message was not taken.</summary>
    NoPeer = 2,

    /// <summary>The peer has ended; the message was not taken.</summary>
    PeerGone = 3,
}
