namespace Fairlead.Rpc;

/// <summary>The options of a client. It checks them when it is made.</summary>
public sealed record RpcClientOptions
{
    /// <summary>How long each call may take at most; the server learns it. Null: no limit. Calls with streams are not limited.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>
    /// How long to wait until an instance of a service of that name appears: when connecting, and when the last one has died. A call waits
    /// no longer than its <see cref="Timeout"/>. Zero: it must be there.
    /// </summary>
    public TimeSpan WaitForService { get; init; }

    /// <summary>
    /// The address of a matchmaker on the network: services are found there, and not in the registry of this machine. Null: here. For
    /// services by name.
    /// </summary>
    /// <example><c>tcp://10.0.0.5:5000</c></example>
    public string? Matchmaker { get; init; }

    /// <summary>
    /// The schemes of addresses that the client takes from a <see cref="Matchmaker"/> on the network, such as <c>tls</c>. Null: those that
    /// are as safe as the matchmaker's own. An address there is another program's: it has no options, and the client's certificates and
    /// authority are the ones of the matchmaker's address. A broker is used only if it is the matchmaker's.
    /// </summary>
    public IReadOnlyCollection<string>? Schemes { get; init; }

    /// <summary>How calls are spread over the instances of a service that was found by its name.</summary>
    public CallBalance Balance { get; init; }

    /// <summary>How often, and after which pauses, a call is tried at the instances of a service that was found by its name.</summary>
    public RpcRetry Retry { get; init; } = new();

    /// <summary>
    /// Whether a server is accepted that lacks members of the contract, or has them otherwise. Calls of such members are refused then, with
    /// <see cref="ErrorCode.Incompatible"/>.
    /// </summary>
    public bool AllowMissingMembers { get; init; }

    /// <summary>Runs around each call that has no streams. It makes a call cost some allocations.</summary>
    public RpcClientInterceptor? Intercept { get; init; }

    /// <summary>Gets each exception of an object that the server has called. On the thread of the callback: return soon.</summary>
    public Action<Exception>? CallbackFailed { get; init; }

    /// <summary>The options of the endpoint.</summary>
    public EndpointOptions Endpoint { get; init; } = new();

    /// <summary>Whether the calls are Fairlead's own: they have no options of the code that happens to run.</summary>
    internal bool IsOwn { get; init; }

    internal void Check()
    {
        if (Timeout is { } timeout && timeout <= TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(Timeout), timeout, "It must be positive; null means no limit.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(WaitForService, TimeSpan.Zero);
        ArgumentNullException.ThrowIfNull(Endpoint);
        ArgumentNullException.ThrowIfNull(Retry);
        Retry.Check();
        ServiceName.CheckMatchmaker(Matchmaker);
        if (!Enum.IsDefined(Balance))
        {
            throw new ArgumentOutOfRangeException(nameof(Balance), Balance, null);
        }
    }
}
