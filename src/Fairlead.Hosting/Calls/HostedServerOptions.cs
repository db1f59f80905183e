using Fairlead.Rpc;

namespace Fairlead.Hosting;

/// <summary>The settings of one server of remote procedure calls.</summary>
/// <remarks>
/// The configuration section <c>Fairlead:Endpoints:NAME</c> has the same names, and overrides what the program sets. A connection string
/// <c>ConnectionStrings:NAME</c> is the address if the section has none. The host checks all settings before it starts.
/// </remarks>
public sealed class HostedServerOptions : IHostedOptions
{
    /// <summary>
    /// The name of the service, under which the matchmaker finds it, or an address such as <c>unix://orders</c>. Null: the name of the
    /// endpoint.
    /// </summary>
    public string? Address { get; set; }

    /// <summary>
    /// How long one object executes calls, in a dependency injection scope of its own: one call by default. A service that the host has as
    /// a singleton executes all calls.
    /// </summary>
    public RpcLifetime Lifetime { get; set; } = RpcLifetime.Call;

    /// <summary>
    /// How long the calls that were accepted may take when the host stops; then they are cancelled. 10 seconds by default. The host's own
    /// <c>ShutdownTimeout</c> limits it, too.
    /// </summary>
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The options of the server, which code alone can set. <see cref="CloseTimeout"/> replaces their
    /// <see cref="RpcServerOptions.ShutdownTimeout"/>.
    /// </summary>
    public RpcServerOptions? Server { get; set; }

    /// <summary>What the configuration has that cannot be read.</summary>
    internal List<string> Problems { get; } = [];

    List<string> IHostedOptions.Problems => Problems;
}
