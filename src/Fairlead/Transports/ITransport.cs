using Fairlead.Registry;

namespace Fairlead.Transports;

/// <summary>A transport mechanism: binds, accepts, connects. Stateless; one instance serves the process.</summary>
internal interface ITransport
{
    /// <summary>The scheme of its addresses, in lower case.</summary>
    string Scheme { get; }

    /// <summary>The options of its addresses beyond those of every address (<see cref="EndpointSettings"/>).</summary>
    IReadOnlyList<string> Options { get; }

    /// <summary>The options among them that describe the place, and not what this end wants from it.</summary>
    /// <remarks>An alternative address has its own values for these.</remarks>
    IReadOnlyList<string> PlaceOptions => [];

    /// <summary>Whether a bridge in this process takes everything: a publisher there has its one subscriber from the beginning.</summary>
    bool IsToBridge => false;

    /// <summary>The least time for the other end's part of the handshake, whatever the endpoint's options say.</summary>
    TimeSpan LeastHandshakeTime => TimeSpan.Zero;

    /// <summary>Returns the capabilities of its connections at this address.</summary>
    TransportCapabilities CapabilitiesOf(Address address);

    /// <summary>Returns the length of a message in bytes that every framing can carry.</summary>
    int LongestPiece(Address address) => 256 * 1024;

    /// <summary>Returns the length in UTF-8 of the longest topic that can be published at this address.</summary>
    int LongestTopic(Address address) => Framing.HeadReader.LongestTopic;

    /// <summary>Advice if a pattern needs more than an address of this transport offers; null: choose another address.</summary>
    string? Remedy => null;

    /// <summary>Takes the address and listens. Blocks for no longer than other processes hold a contended lock.</summary>
    /// <exception cref="FairleadException">AlreadyExists with the holder, PermissionDenied, NotSupported, Unavailable.</exception>
    IListener Bind(Address address, EndpointSettings settings);

    /// <summary>Connects once, without retrying: the caller waits for a server that is not there.</summary>
    /// <exception cref="FairleadException">NotFound without a listener, PermissionDenied, Unavailable, Timeout.</exception>
    ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken);

    /// <summary>Creates memory that many peers read, for a bound endpoint that sends each the same; null if not supported.</summary>
    /// <param name="settings">The settings of the endpoint.</param>
    /// <param name="counters">The counters of the endpoint, in which the memory counts what is written to it.</param>
    /// <exception cref="FairleadException">The system does not provide the memory.</exception>
    Broadcast? CreateBroadcast(EndpointSettings settings, EndpointCounters counters) => null;
}
