namespace Fairlead;

/// <summary>How a blocking caller waits for a peer that shares memory with it. Other transports always sleep in the kernel.</summary>
public enum WaitMode
{
    /// <summary>Looks for a moment (some 50 µs) when the last wait was short, then sleeps. The default.</summary>
    Balanced,

    /// <summary>
    /// Looks without end: the shortest answer, for a whole processor. Where there is only one, it makes room between looks.
    /// </summary>
    Latency,

    /// <summary>Sleeps at once.</summary>
    Efficient,
}
