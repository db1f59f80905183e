namespace Fairlead.Rpc;

/// <summary>How a client that has found a service by its name spreads its calls over the instances.</summary>
public enum CallBalance
{
    /// <summary>All calls go to one instance: the one that had the fewest clients. When it dies, another takes its place.</summary>
    OneInstance,

    /// <summary>Each call is sent to the next instance.</summary>
    RoundRobin,

    /// <summary>Each call is sent to the instance with the fewest calls of this client under way.</summary>
    LeastPending,
}
