namespace Fairlead.Transports;

/// <summary>One mechanism: binds, accepts, connects. Stateless; one instance serves the process.</summary>
internal interface ITransport
{
    /// <summary>The scheme of its addresses, lower case.</summary>
    string Scheme { get; }

    /// <summary>The options that its addresses may carry besides those of every address (<see cref="EndpointSettings"/>).</summary>
    IReadOnlyList<string> Options { get; }

    /// <summary>
    /// Those of them that say what is at the place, not what this end wants of it: an address that stands beside another says them itself.
    /// </summary>
    IReadOnlyList<string> PlaceOptions => [];

    /// <summary>What the other end's part of the handshake may take at least, whatever the endpoint's options say.</summary>
    TimeSpan LeastHandshakeTime => TimeSpan.Zero;

    /// <summary>What its connections can do under this address.</summary>
    TransportCapabilities CapabilitiesOf(Address address);

    /// <summary>Bytes of a message that passes under every framing.</summary>
    int LongestPiece(Address address) => 256 * 1024;

    /// <summary>What to do where a pattern needs more than an address of this transport has; null: choose another.</summary>
    string? Remedy => null;

    /// <summary>Takes the address and listens. Does not block for longer than a contended lock is held elsewhere.</summary>
    /// <exception cref="FairleadException">AlreadyExists with the holder, PermissionDenied, NotSupported, Unavailable.</exception>
    IListener Bind(Address address, EndpointSettings settings);

    /// <summary>Connects once. No retrying: waiting for a server that is not there is done above.</summary>
    /// <exception cref="FairleadException">NotFound when nobody listens, PermissionDenied, Unavailable, Timeout.</exception>
    ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken);

    /// <summary>Memory that many peers read, for a bound endpoint that sends each the same; null where there is no such thing.</summary>
    /// <exception cref="FairleadException">The system gives no memory.</exception>
    Broadcast? CreateBroadcast(EndpointSettings settings) => null;
}
