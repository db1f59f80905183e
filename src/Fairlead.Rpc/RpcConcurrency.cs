namespace Fairlead.Rpc;

/// <summary>Which calls of a service run at the same time.</summary>
public enum RpcConcurrency
{
    /// <summary>All calls, in any order.</summary>
    Concurrent,

    /// <summary>Calls of different connections. The calls of one connection run one by one, in the order in which they began.</summary>
    Ordered,

    /// <summary>One call at a time, over all clients. The calls of one connection run in the order in which they began.</summary>
    Serial,
}
