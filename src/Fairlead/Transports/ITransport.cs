namespace Fairlead.Transports;

/// <summary>One mechanism: binds, accepts, connects. Stateless; one instance serves the process.</summary>
internal interface ITransport
{
    /// <summary>The scheme of its addresses, lower case.</summary>
    string Scheme { get; }

    /// <summary>The options that its addresses may carry besides those of every address (<see cref="EndpointSettings"/>).</summary>
    IReadOnlyList<string> Options { get; }

    /// <summary>What its connections can do under this address.</summary>
    TransportCapabilities CapabilitiesOf(Address address);

    /// <summary>Takes the address and listens. Does not block for longer than a contended lock is held elsewhere.</summary>
    /// <exception cref="FairleadException">AlreadyExists with the holder, PermissionDenied, NotSupported, Unavailable.</exception>
    IListener Bind(Address address, EndpointSettings settings);

    /// <summary>Connects once. No retrying: waiting for a server that is not there is done above.</summary>
    /// <exception cref="FairleadException">NotFound when nobody listens, PermissionDenied, Unavailable, Timeout.</exception>
    ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken token);

    /// <summary>Memory that many peers read, for a bound endpoint that sends each the same; null where there is no such thing.</summary>
    /// <exception cref="FairleadException">The system gives no memory.</exception>
    Broadcast? CreateBroadcast(EndpointSettings settings) => null;
}
