namespace Fairlead;

/// <summary>The outcome of a <c>TrySend</c>.</summary>
public enum SendResult
{
    /// <summary>The message is buffered and will be sent.</summary>
    Sent = 0,

    /// <summary>There is no room; nothing was taken.</summary>
    Full = 1,

    /// <summary>Nobody is connected yet; nothing was taken.</summary>
    NoPeer = 2,

    /// <summary>The peer ended; nothing was taken.</summary>
    PeerGone = 3,
}
