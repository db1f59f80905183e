namespace Fairlead;

/// <summary>The kind of failure that a <see cref="FairleadException"/> reports.</summary>
/// <remarks>The numbers are stable: they cross the wire and appear in logs.</remarks>
public enum ErrorCode
{
    /// <summary>The process at the other end ended or closed the connection before the operation was complete.</summary>
    PeerGone = 1,

    /// <summary>The deadline passed first.</summary>
    Timeout = 2,

    /// <summary>A queue, ring or disk is full.</summary>
    Full = 3,

    /// <summary>No endpoint listens there, or the named object does not exist.</summary>
    NotFound = 4,

    /// <summary>The name is in use; <see cref="FairleadException.Peer"/> is its holder if the kernel reports it.</summary>
    AlreadyExists = 5,

    /// <summary>Both sides exist but differ in version, pattern, parameters or capabilities.</summary>
    Incompatible = 6,

    /// <summary>The kernel, or a check of owner and mode, denied access.</summary>
    PermissionDenied = 7,

    /// <summary>Data on the wire, in a file or in shared memory is invalid.</summary>
    Corrupt = 8,

    /// <summary>The process that held a lock ended while holding it.</summary>
    OwnerDied = 9,

    /// <summary>A message, name or path exceeds its limit.</summary>
    TooLarge = 10,

    /// <summary>A resource is not available now: descriptors, memory, or a lock that others hold for too long.</summary>
    Unavailable = 11,

    /// <summary>This kernel, transport or pattern does not support the operation.</summary>
    NotSupported = 12,

    /// <summary>The peer did its part, but its own code failed: the handler of a request threw or refused.</summary>
    Failed = 13,

    /// <summary>The current owner is waiting, directly or through other owners, for something the caller holds.</summary>
    Deadlock = 14,

    /// <summary>The caller released a lock for a while and could not take it back in time.</summary>
    LockLost = 15,

    /// <summary>A process that took part in a barrier has ended. All waits fail until the barrier is reset.</summary>
    BarrierBroken = 16,
}
