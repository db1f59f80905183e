namespace Fairlead.Rpc;

/// <summary>The options of a server. It checks them when it is made.</summary>
public sealed record RpcServerOptions
{
    /// <summary>
    /// How many calls may run at the same time. One client (<see cref="Peer.ClientComparer"/>) has three quarters of these places at most.
    /// Further calls wait, in the order of their arrival.
    /// </summary>
    public int MaxConcurrentCalls { get; init; } = 64;

    /// <summary>
    /// Which calls run at the same time. <see cref="SerialAttribute"/> and <see cref="OrderedAttribute"/> of the contract, of an interface
    /// that it extends, or of the class of the service say the same: the strictest applies. A call keeps its turn until it has completed.
    /// </summary>
    public RpcConcurrency Concurrency { get; init; }

    /// <summary>
    /// How many calls of one client (<see cref="Peer.ClientComparer"/>) may wait until they may run. Further ones are refused with
    /// <see cref="ErrorCode.Full"/>, and are not executed.
    /// </summary>
    public int MaxQueuedCallsPerClient { get; init; } = 10_000;

    /// <summary>
    /// How many bytes one client (<see cref="Peer.ClientComparer"/>) may make the server keep in memory: calls that wait or run, calls with
    /// streams, items that the service has not read, and the memory of the arguments beyond the bytes that have come. Further ones are
    /// refused with <see cref="ErrorCode.Full"/>, and are not executed. One call or item alone may be longer. Calls below 4 KiB do not
    /// count while they run: <see cref="MaxConcurrentCalls"/> limits them.
    /// </summary>
    public long MaxQueuedBytesPerClient { get; init; } = 256 * 1024 * 1024;

    /// <summary>
    /// How many calls with streams may run at the same time, and how many connections may have objects that are called back. One client
    /// (<see cref="Peer.ClientComparer"/>) has three quarters of each at most. Further ones are refused with <see cref="ErrorCode.Full"/>.
    /// </summary>
    public int MaxStreamingCalls { get; init; } = 1000;

    /// <summary>
    /// How many threads wait for calls at each address, and execute the members that do not await: the lowest latency, because a call wakes
    /// no other thread. For members that compute for microseconds. If calls keep all of these threads for 0.1 s, other threads take calls.
    /// Zero: calls run on threads that Fairlead shares between all endpoints. Without effect unless <see cref="Concurrency"/> is
    /// <see cref="RpcConcurrency.Concurrent"/>: calls that have an order run on these shared threads.
    /// </summary>
    public int BlockingThreads { get; init; }

    /// <summary>
    /// How long a call of a client's object may take; the client learns it. Null: without limit. It does not limit calls with streams.
    /// <see cref="RpcCallOptions.Timeout"/> of the code that calls the object goes before it.
    /// </summary>
    public TimeSpan? CallbackTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long the end of the server waits for the calls that it has accepted. Then it cancels them.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Decides whether a client is admitted. Asked for each frame of any kind: connecting, calls, items of streams, and callbacks. A client
    /// that is not admitted gets <see cref="ErrorCode.PermissionDenied"/>, and the server keeps nothing of its frames. An exception does
    /// not admit the client. Several threads call it at the same time: return soon. Null: each client is.
    /// </summary>
    /// <example><c>AuthorizeClient = static client => client.Certificate?.Name == "orders"</c></example>
    public Func<Peer, bool>? AuthorizeClient { get; init; }

    /// <summary>
    /// Decides whether a call is executed. A call that is not ends with <see cref="ErrorCode.PermissionDenied"/> at its caller. Null: each
    /// is.
    /// </summary>
    /// <example><c>Authorize = static call => call.Caller.UserId == 0</c></example>
    public Func<RpcContext, bool>? Authorize { get; init; }

    /// <summary>Runs around each call, and around calls with streams until their end.</summary>
    public RpcServerInterceptor? Intercept { get; init; }

    /// <summary>Whether <see cref="RpcContext.Current"/> shows the service the call that it executes.</summary>
    public bool KeepContext { get; init; }

    /// <summary>How much callers see of a service's exceptions. They see the whole of an <see cref="RpcException"/>.</summary>
    public ErrorDetails ErrorDetails { get; init; }

    /// <summary>Whether callers see the stack traces of the service's exceptions. They disclose the server's insides.</summary>
    public bool SendStackTraces { get; init; }

    /// <summary>
    /// The address of a matchmaker on the network, where a service by name is registered in addition to the registry of this machine, under
    /// <see cref="NetworkAddress"/>. When the matchmaker is back after its end, the service is registered again. Null: none.
    /// </summary>
    public string? Matchmaker { get; init; }

    /// <summary>
    /// A further address of a service by name, under which other hosts reach it; port 0 is any free port. Needed with
    /// <see cref="Matchmaker"/>. No wildcard: clients connect to it.
    /// </summary>
    /// <example><c>tcp://10.0.0.7:0</c></example>
    public string? NetworkAddress { get; init; }

    /// <summary>
    /// The options of the endpoint. <see cref="EndpointOptions.Label"/> is shown with the instance; for a service by name, it shares its
    /// length with both names.
    /// </summary>
    public EndpointOptions Endpoint { get; init; } = new();

    /// <summary>How many malformed frames a client may send in ten seconds. The server ends connections that bring more.</summary>
    internal int MaxMalformedFrames { get; init; } = 100;

    /// <summary>Which connections belong to one client.</summary>
    internal IEqualityComparer<Peer> Clients { get; init; } = Peer.ClientComparer;

    /// <summary>Whether calls are more than a call of the skeleton.</summary>
    internal bool NeedsContext => Authorize is not null || Intercept is not null || KeepContext;

    /// <summary>Returns which calls of a service run at the same time.</summary>
    /// <param name="contract">The concurrency that the generated code of the contract has.</param>
    /// <param name="types">The contract, whose code may be written by hand, and the class of the service.</param>
    internal RpcConcurrency ConcurrencyOf(RpcConcurrency contract, params ReadOnlySpan<Type> types)
    {
        RpcConcurrency strictest = contract > Concurrency ? contract : Concurrency;
        foreach (Type type in types)
        {
            RpcConcurrency marked = ConcurrencyOf(type);
            strictest = marked > strictest ? marked : strictest;
        }

        return strictest;
    }

    /// <summary>Returns which calls run at the same time by the attributes of a type.</summary>
    internal static RpcConcurrency ConcurrencyOf(Type type) =>
        type.IsDefined(typeof(SerialAttribute), inherit: true) ? RpcConcurrency.Serial
        : type.IsDefined(typeof(OrderedAttribute), inherit: true) ? RpcConcurrency.Ordered
        : RpcConcurrency.Concurrent;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConcurrentCalls, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxStreamingCalls, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueuedCallsPerClient, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueuedBytesPerClient, 1);
        ArgumentOutOfRangeException.ThrowIfNegative((int)Concurrency, nameof(Concurrency));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((int)Concurrency, (int)RpcConcurrency.Serial, nameof(Concurrency));
        ArgumentOutOfRangeException.ThrowIfLessThan(BlockingThreads, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BlockingThreads, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(ShutdownTimeout, TimeSpan.Zero);
        if (CallbackTimeout is { } timeout && timeout <= TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(CallbackTimeout), timeout, "It must be positive; null means no limit.");
        }

        ArgumentNullException.ThrowIfNull(Endpoint);
        ServiceName.CheckMatchmaker(Matchmaker);
        if (Matchmaker is not null && NetworkAddress is null)
        {
            throw new ArgumentException(
                "A matchmaker on the network needs an address that other hosts reach, such as tcp://10.0.0.7:0.", nameof(NetworkAddress));
        }

        if (NetworkAddress is { } network && Address.Parse(network).Host is "*" or "0.0.0.0" or "::" or "[::]")
        {
            throw new ArgumentException(
                $"{network} stands for all addresses of this host: name the one that clients take.", nameof(NetworkAddress));
        }
    }
}
