using Fairlead.Rpc;

namespace Fairlead.Hosting;

/// <summary>The settings of one client of remote procedure calls.</summary>
/// <inheritdoc cref="HostedServerOptions" path="/remarks"/>
public sealed class HostedClientOptions : IHostedOptions
{
    /// <summary>
    /// The name of the service, which the matchmaker finds, or an address such as <c>unix://orders</c>. Null: the name of the endpoint.
    /// </summary>
    public string? Address { get; set; }

    /// <summary>When the client connects. At its first use by default.</summary>
    public EndpointStart Start { get; set; } = EndpointStart.Lazy;

    /// <summary>How long each call may take at most; the server learns it. Null: what <see cref="Client"/> says.</summary>
    public TimeSpan? Timeout { get; set; }

    /// <summary>The options of the client, which code alone can set.</summary>
    public RpcClientOptions? Client { get; set; }

    /// <summary>What the configuration has that cannot be read.</summary>
    internal List<string> Problems { get; } = [];

    List<string> IHostedOptions.Problems => Problems;
}
