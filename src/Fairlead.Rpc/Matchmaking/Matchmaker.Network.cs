using Fairlead.Rpc.Matchmaking;

namespace Fairlead.Rpc;

/// <content>The matchmaker over the network.</content>
public static partial class Matchmaker
{
    // Each client that watches, and each entry, is a call with a stream.
    private const int MostStreams = 2 * MatchmakerService.Most;

    /// <summary>Serves a matchmaker for other hosts: a list of the services that register there.</summary>
    /// <inheritdoc cref="ServeAsync(string, MatchmakerOptions)"/>
    /// <param name="address">The address, such as <c>tls://10.0.0.5:5000?certificate=mm.pem&amp;key=mm.key&amp;authority=ca</c>.</param>
    /// <param name="endpoint">The options of the endpoint.</param>
    public static ValueTask<RpcServer> ServeAsync(string address, EndpointOptions? endpoint = null) =>
        ServeAsync(address, new MatchmakerOptions { Endpoint = endpoint ?? new EndpointOptions() });

    /// <summary>Serves a matchmaker for other hosts: a list of the services that register there.</summary>
    /// <remarks>
    /// Every client that reaches the address finds all services. <see cref="MatchmakerOptions.MayRegister"/> decides which clients register
    /// one. An entry ends with the connection of its server.
    /// </remarks>
    /// <param name="address">The address, such as <c>tls://10.0.0.5:5000?certificate=mm.pem&amp;key=mm.key&amp;authority=ca</c>.</param>
    /// <param name="options">The rule for registrations, and the options of the endpoint.</param>
    /// <returns>The server. Dispose it to end it.</returns>
    /// <exception cref="FairleadException">
    /// AlreadyExists: another process is bound to the address. PermissionDenied: every host that reaches the address could register
    /// services, and <see cref="MatchmakerOptions.Insecure"/> does not allow it.
    /// </exception>
    public static ValueTask<RpcServer> ServeAsync(string address, MatchmakerOptions options)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(options);
        ServiceName.CheckMatchmaker(address);
        if (!options.Insecure && EntryAddress.IsOpen(address))
        {
            throw new FairleadException(
                ErrorCode.PermissionDenied,
                $"a matchmaker at {EntryAddress.Bare(address)} would let every host that reaches it register services under any name",
                "Use tls:// with certificate, key and authority, or say that the network is trusted: MatchmakerOptions.Insecure, "
                    + "--insecure.");
        }

        RpcServerOptions server = new()
        {
            Endpoint = options.Endpoint,
            KeepContext = true,
            MaxStreamingCalls = MostStreams,
            ShutdownTimeout = TimeSpan.Zero,
        };
        return Rpc.ServeAsync<IMatchmaker>(address, new MatchmakerService(options.MayRegister ?? MatchmakerOptions.ByCertificate), server);
    }

    /// <summary>Returns the instances that are registered at a matchmaker on the network, by name and age.</summary>
    /// <param name="matchmaker">The address of the matchmaker.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="FairleadException">The matchmaker is not reached.</exception>
    public static async ValueTask<IReadOnlyList<ServiceInstance>> ListAsync(
        string matchmaker, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(matchmaker);
        ServiceName.CheckMatchmaker(matchmaker);
        NetworkDirectory directory = new(matchmaker);
        await using (directory.ConfigureAwait(false))
        {
            IReadOnlyList<ServiceInstance> all = await directory.ListAsync("", cancellationToken).ConfigureAwait(false);
            return
            [
                .. all.OrderBy(static instance => instance.Name, StringComparer.Ordinal).ThenBy(static instance => instance.Since),
            ];
        }
    }

    /// <summary>The file of the program. Its arguments may be secrets, and stay on this machine.</summary>
    private static string Program() => Environment.GetCommandLineArgs() is [var program, ..] ? Path.GetFileName(program) : "";

    /// <summary>Returns the entry of a server of this process.</summary>
    internal static ServiceEntry EntryOf(string name, IReadOnlyList<RpcDescription> contracts, Address address, string label) => new()
    {
        Name = name,
        Contract = ContractNames.Of(contracts, ServiceEntry.MostText),
        Hash = ContractNames.HashOf(contracts),
        Addresses = [EntryAddress.Bare(address).ToString()],
        Host = ServiceEntry.Cut(Environment.MachineName),
        ProcessId = Environment.ProcessId,
        Program = ServiceEntry.Cut(Program()),
        Since = TimeProvider.System.GetUtcNow(),
        Label = label,
    };
}
