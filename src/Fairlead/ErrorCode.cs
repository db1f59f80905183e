namespace Fairlead;

/// <summary>
/// What kind of failure a <see cref="FairleadException"/> reports. The numbers are stable: they cross the wire and appear in logs.
/// </summary>
public enum ErrorCode
{
    /// <summary>The process at the other end ended, or closed the connection, before the operation was complete.</summary>
    PeerGone = 1,

    /// <summary>The deadline passed first.</summary>
    Timeout = 2,

    /// <summary>A queue, ring or disk has no room.</summary>
    Full = 3,

    /// <summary>Nobody listens there, or the named object does not exist.</summary>
    NotFound = 4,

    /// <summary>The name is taken; <see cref="FairleadException.Peer"/> says by whom, where the kernel tells.</summary>
    AlreadyExists = 5,

    /// <summary>Both sides exist but do not fit together: version, pattern, parameters or capabilities differ.</summary>
    Incompatible = 6,

    /// <summary>The kernel, or a check of owner and mode, refused access.</summary>
    PermissionDenied = 7,

    /// <summary>Bytes on the wire, in a file or in shared memory are not what they must be.</summary>
    Corrupt = 8,

    /// <summary>The process that held a lock ended while holding it.</summary>
    OwnerDied = 9,

    /// <summary>A message, name or path exceeds its limit.</summary>
    TooLarge = 10,

    /// <summary>Something that is needed cannot be had at the moment: descriptors, memory, a lock held too long by others.</summary>
    Unavailable = 11,

    /// <summary>This kernel, transport or pattern cannot do what was asked.</summary>
    NotSupported = 12,

    /// <summary>The peer did its part, and its own code failed: the handler of a request threw, or refused.</summary>
    Failed = 13,

    /// <summary>To wait would be for ever: who holds what is wanted waits, over others or directly, for what this caller holds.</summary>
    Deadlock = 14,

    /// <summary>What this caller held, and gave away for a while, could not be taken back in time.</summary>
    LockLost = 15,

    /// <summary>
    /// A process that took part in a barrier has ended: nobody can wait for it any more until somebody resets the barrier.
    /// </summary>
    BarrierBroken = 16,
}
