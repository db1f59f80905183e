namespace Fairlead.Rpc;

/// <summary>The options of a matchmaker for other hosts.</summary>
public sealed record MatchmakerOptions
{
    /// <summary>The options of its endpoint.</summary>
    public EndpointOptions Endpoint { get; init; } = new();

    /// <summary>
    /// Whether it serves an address at which every host may register services under any name: <c>tcp</c>, <c>udp</c>, or <c>tls</c> without
    /// <c>authority</c>, on other interfaces than that of this host alone. False by default: such an address is refused.
    /// </summary>
    public bool Insecure { get; init; }

    /// <summary>
    /// Returns whether a client may register a service of this name. By default a client with a certificate registers
    /// services that its certificate names. A client without one, where the address admits it, registers any. Several threads call it at
    /// the same time.
    /// </summary>
    public Func<Peer, string, bool>? MayRegister { get; init; }

    /// <summary>The rule of <see cref="MayRegister"/> that applies by default.</summary>
    internal static bool ByCertificate(Peer client, string service) =>
        client.Certificate is not { } certificate || certificate.Name == service || certificate.Names.Contains(service);
}
