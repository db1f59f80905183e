namespace Fairlead;

/// <summary>Whether callers poll before they sleep. Polling notices a message sooner than a sleeping thread can wake.</summary>
/// <remarks>
/// Blocking callers poll the memory that a peer shares; over other transports they sleep in the kernel. For asynchronous callers a library
/// thread polls, over other transports, too.
/// </remarks>
public enum WaitStrategy
{
    /// <summary>Polls briefly (about 50 µs) if the last wait was short, and then sleeps. The default.</summary>
    Balanced,

    /// <summary>Polls the memory until the message is there: the lowest latency, for a whole CPU.</summary>
    /// <remarks>
    /// On a machine with one CPU, a blocking caller yields it between polls. For asynchronous callers the library polls briefly before each
    /// sleep.
    /// </remarks>
    Latency,

    /// <summary>Sleeps immediately.</summary>
    Efficient,
}
