namespace Fairlead;

/// <summary>
/// Whether callers poll before they sleep: a message that arrives meanwhile is there sooner than a sleeping thread is woken. Blocking
/// callers poll the memory that a peer shares; over other transports they sleep in the kernel. For asynchronous callers a thread of the
/// library polls, also over other transports.
/// </summary>
public enum WaitStrategy
{
    /// <summary>Polls for a moment (some 50 µs) where the last wait was short, then sleeps. The default.</summary>
    Balanced,

    /// <summary>
    /// A blocking caller polls the memory until the message is there: the shortest answer, for a whole processor. Where there is only one,
    /// it makes room between polls. For asynchronous callers the library polls for a moment before each sleep.
    /// </summary>
    Latency,

    /// <summary>Sleeps at once.</summary>
    Efficient,
}
