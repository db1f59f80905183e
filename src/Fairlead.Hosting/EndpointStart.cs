namespace Fairlead.Hosting;

/// <summary>When an endpoint of a host opens.</summary>
public enum EndpointStart
{
    /// <summary>Before the host has started. If opening fails, the host does not start, and its error says why.</summary>
    AtStart,

    /// <summary>
    /// At its first use. A receiving endpoint opens in the background and tries again until it succeeds, so the host starts without the
    /// other side.
    /// </summary>
    Lazy,
}
