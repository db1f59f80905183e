namespace Fairlead.Patterns.Links.Sending;

/// <summary>The owner of a <see cref="LinkSender"/>.</summary>
internal interface ISenderOwner
{
    /// <summary>Nothing may wait before this side's last word any more: sends what is due. Under the send lock.</summary>
    void EndIfDue();

    /// <summary>The peer's process is stopped while messages wait for it, or runs again. No lock is held.</summary>
    void OnPeerStopped(bool isStopped);

    /// <summary>Operations are to move to another link. No lock is held.</summary>
    void Move();
}
