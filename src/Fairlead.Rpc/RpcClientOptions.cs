namespace Fairlead.Rpc;

/// <summary>The options of a client. It checks them when it is made.</summary>
public sealed record RpcClientOptions
{
    /// <summary>How long each call may take at most; the server learns it. Null: no limit. Calls with streams are not limited.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How long to wait until a service of that name appears. Zero: it must be there.</summary>
    public TimeSpan WaitForService { get; init; }

    /// <summary>
    /// Whether a server is accepted that lacks members of the contract, or has them otherwise. Calls of such members are refused then, with
    /// <see cref="ErrorCode.Incompatible"/>.
    /// </summary>
    public bool AllowMissingMembers { get; init; }

    /// <summary>Gets each exception of an object that the server has called. On the thread of the callback: return soon.</summary>
    public Action<Exception>? CallbackFailed { get; init; }

    /// <summary>The options of the endpoint.</summary>
    public EndpointOptions Endpoint { get; init; } = new();

    internal void Check()
    {
        if (Timeout is { } timeout && timeout <= TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(Timeout), timeout, "It must be positive; null means no limit.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(WaitForService, TimeSpan.Zero);
        ArgumentNullException.ThrowIfNull(Endpoint);
    }
}
