namespace Fairlead.Rpc;

/// <summary>Remote procedure calls: serves an object to other processes, and connects to such a service.</summary>
/// <remarks>
/// A service is named by a plain word, under which the matchmaker of this machine finds it, or by an address: <c>unix://calc</c>,
/// <c>tcp://127.0.0.1:5000</c>. After Birrell and Nelson, Implementing Remote Procedure Calls, 1984.
/// </remarks>
public static class Rpc
{
    /// <summary>Checks that a text names a service: a plain word, or an address. Connects to nothing.</summary>
    /// <param name="service">The text.</param>
    /// <exception cref="ArgumentException">It can be neither.</exception>
    /// <exception cref="AddressFormatException">It is an address with an error.</exception>
    public static void CheckService(string service)
    {
        if (ServiceName.IsAddress(service))
        {
            _ = Address.Parse(service);
        }
        else
        {
            ServiceName.Check(service);
        }
    }

    /// <summary>Serves an object.</summary>
    /// <typeparam name="T">The contract.</typeparam>
    /// <param name="service">The name of the service, or an address.</param>
    /// <param name="implementation">
    /// Executes the calls, several at the same time unless <see cref="RpcServerOptions.Concurrency"/> says otherwise. It remains the
    /// caller's.
    /// </param>
    /// <param name="options">The options.</param>
    /// <returns>The server. Dispose it to end the service.</returns>
    /// <exception cref="FairleadException">
    /// AlreadyExists: another process is bound to the address. NotSupported: T is not a contract.
    /// </exception>
    public static ValueTask<RpcServer> ServeAsync<T>(string service, T implementation, RpcServerOptions? options = null)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(implementation);
        return ServeAsync(service, new RpcServices().Add(implementation), options);
    }

    /// <summary>Serves several contracts, or objects that a factory makes for each connection or call.</summary>
    /// <param name="service">The name of the service, or an address.</param>
    /// <param name="services">The contracts, and what executes their calls. A client connects to any of them.</param>
    /// <param name="options">The options.</param>
    /// <returns>The server. Dispose it to end the service.</returns>
    /// <exception cref="FairleadException">AlreadyExists: another process is bound to the address.</exception>
    public static ValueTask<RpcServer> ServeAsync(string service, RpcServices services, RpcServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.Check();
        options ??= new RpcServerOptions();
        options.Check();
        if (ServiceName.IsAddress(service))
        {
            return options.NetworkAddress is null
                ? RpcServer.StartAsync([Address.Parse(service)], label: null, services.Offers, options)
                : throw new ArgumentException("Only a service by name has a matchmaker and a network address.", nameof(options));
        }

        IReadOnlyList<Address> places = Matchmaker.NewPlaces(service);
        return RpcServer.StartAsync(
            options.NetworkAddress is { } network ? [.. places, Address.Parse(network)] : places,
            Matchmaker.Label(service, services.Contracts, options.Endpoint.Label),
            services.Offers,
            options,
            service);
    }

    /// <summary>The blocking form of <see cref="ServeAsync{T}(string, T, RpcServerOptions)"/>.</summary>
    /// <inheritdoc cref="ServeAsync{T}(string, T, RpcServerOptions)" path="/typeparam|/param|/returns|/exception"/>
    public static RpcServer Serve<T>(string service, T implementation, RpcServerOptions? options = null)
        where T : class => ServeAsync(service, implementation, options).AsTask().GetAwaiter().GetResult();

    /// <summary>The blocking form of <see cref="ServeAsync(string, RpcServices, RpcServerOptions)"/>.</summary>
    /// <inheritdoc cref="ServeAsync(string, RpcServices, RpcServerOptions)" path="/param|/returns|/exception"/>
    public static RpcServer Serve(string service, RpcServices services, RpcServerOptions? options = null) =>
        ServeAsync(service, services, options).AsTask().GetAwaiter().GetResult();

    /// <summary>Connects to a service.</summary>
    /// <typeparam name="T">The contract.</typeparam>
    /// <param name="service">The name of the service, or an address.</param>
    /// <param name="options">The options.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The client. Dispose it to close the connection.</returns>
    /// <exception cref="FairleadException">
    /// NotFound: no such service lives. Incompatible: the server offers another contract; the message names the members that differ.
    /// NotSupported: T is not a contract.
    /// </exception>
    public static async ValueTask<RpcClient<T>> ConnectAsync<T>(
        string service, RpcClientOptions? options = null, CancellationToken cancellationToken = default)
        where T : class
    {
        options ??= new RpcClientOptions();
        options.Check();
        RpcContract<T> contract = RpcContracts.Of<T>();
        return await RpcClient<T>.OpenAsync(service, contract, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The blocking form of <see cref="ConnectAsync"/>.</summary>
    /// <inheritdoc cref="ConnectAsync" path="/typeparam|/param|/returns|/exception"/>
    public static RpcClient<T> Connect<T>(string service, RpcClientOptions? options = null, CancellationToken cancellationToken = default)
        where T : class => ConnectAsync<T>(service, options, cancellationToken).AsTask().GetAwaiter().GetResult();

    /// <summary>Connects to a service whose contract this program does not know: the channel has the server's own.</summary>
    /// <param name="service">The name of the service, or an address.</param>
    /// <param name="options">The options.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection. Dispose it to close it.</returns>
    /// <exception cref="FairleadException">NotFound: no such service lives.</exception>
    public static async ValueTask<RpcConnection> OpenAsync(
        string service, RpcClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new RpcClientOptions();
        options.Check();
        return await RpcConnection.OpenAsync(service, options, cancellationToken).ConfigureAwait(false);
    }
}
