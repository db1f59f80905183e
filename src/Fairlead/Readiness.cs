namespace Fairlead;

/// <summary>The interest in a source of a <see cref="WaitSet"/>, and what it is ready for.</summary>
[Flags]
public enum Readiness
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>An endpoint has something to take; a descriptor has data, its end, or a connection to accept.</summary>
    Readable = 1,

    /// <summary>A sending endpoint has a peer with capacity for a message; a descriptor can be written.</summary>
    Writable = 2,

    /// <summary>A connected endpoint has lost its peer and is drained; a descriptor has failed or hung up.</summary>
    /// <remarks>Reported until it is detached.</remarks>
    Ended = 4,

    /// <summary>The endpoint was closed or disposed in this process. Reported once; the endpoint has left the set.</summary>
    Closed = 8,

    /// <summary>A signal has arrived.</summary>
    Signalled = 16,

    /// <summary>A timer's time has passed.</summary>
    Elapsed = 32,

    /// <summary>The source has a deadline, and has not been ready for so long. Reported again after each further such time.</summary>
    Overdue = 64,
}
