namespace Fairlead;

/// <summary>What something in a <see cref="WaitSet"/> is waited for, and is ready for.</summary>
[Flags]
public enum Readiness
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>
    /// An endpoint has a message, a request or an event to take; a descriptor has something to read, its end, or a connection to accept.
    /// </summary>
    Readable = 1,

    /// <summary>An endpoint that sends has a peer with room for a message; a descriptor takes something.</summary>
    Writable = 2,

    /// <summary>
    /// A connected endpoint has lost its peer, and everything that came was taken; a descriptor has failed or was hung up. Reported until
    /// it is detached.
    /// </summary>
    Ended = 4,

    /// <summary>The endpoint was closed or disposed in this process. Reported once; it has left the set.</summary>
    Closed = 8,

    /// <summary>A signal came.</summary>
    Signalled = 16,

    /// <summary>A timer's time has passed.</summary>
    Elapsed = 32,
}
