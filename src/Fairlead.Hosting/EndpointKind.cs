namespace Fairlead.Hosting;

/// <summary>How the endpoints of one pattern open.</summary>
/// <param name="Name">What messages call it.</param>
/// <param name="Role">The usual side.</param>
/// <param name="Bind">Binds; null if the pattern only connects.</param>
/// <param name="Connect">Connects; null if the pattern only binds.</param>
internal sealed record EndpointKind<T>(
    string Name,
    EndpointRole Role,
    Func<Address, HostedEndpointOptions, CancellationToken, ValueTask<T>>? Bind,
    Func<Address, HostedEndpointOptions, CancellationToken, ValueTask<T>>? Connect)
    where T : MessagingEndpoint
{
    /// <summary>Opens an endpoint as its settings say.</summary>
    /// <exception cref="FairleadException">It cannot be opened.</exception>
    public ValueTask<T> OpenAsync(HostedEndpointOptions options, CancellationToken cancellationToken)
    {
        EndpointRole role = options.Role ?? Role;
        return (role == EndpointRole.Bind ? Bind : Connect) is { } open
            ? open(Address.Parse(options.Address!), options, cancellationToken)
            : throw new FairleadException(
                ErrorCode.NotSupported,
                $"a {Name} cannot {(role == EndpointRole.Bind ? "bind" : "connect")}",
                $"Set its Role to {Role}, or leave it out.");
    }
}

/// <summary>The patterns that a host opens.</summary>
internal static class EndpointKinds
{
    public static readonly EndpointKind<Sender> Sender = new(
        "sender",
        EndpointRole.Connect,
        static (address, options, token) => Fairlead.Sender.BindAsync(address, options.Endpoint, token),
        static (address, options, token) => Fairlead.Sender.ConnectAsync(address, options.Endpoint, token));

    public static readonly EndpointKind<Requester> Requester = new(
        "requester",
        EndpointRole.Connect,
        static (address, options, token) => Fairlead.Requester.BindAsync(address, options.Endpoint, token),
        static (address, options, token) => Fairlead.Requester.ConnectAsync(address, options.Endpoint, token));

    public static readonly EndpointKind<Publisher> Publisher = new(
        "publisher",
        EndpointRole.Bind,
        static (address, options, token) => Fairlead.Publisher.BindAsync(address, Of<PublisherOptions>(options), token),
        static (address, options, token) => Fairlead.Publisher.ConnectAsync(address, Of<PublisherOptions>(options), token));

    public static readonly EndpointKind<WorkQueue> WorkQueue = new(
        "work queue",
        EndpointRole.Bind,
        static (address, options, token) => Fairlead.WorkQueue.BindAsync(address, Of<WorkQueueOptions>(options), token),
        null);

    public static readonly EndpointKind<Receiver> Receiver = new(
        "receiver",
        EndpointRole.Bind,
        static (address, options, token) => Fairlead.Receiver.BindAsync(address, options.Endpoint, token),
        static (address, options, token) => Fairlead.Receiver.ConnectAsync(address, options.Endpoint, token));

    public static readonly EndpointKind<Receiver> Worker = Receiver with { Name = "worker", Role = EndpointRole.Connect, Bind = null };

    public static readonly EndpointKind<Subscriber> Subscriber = new(
        "subscriber",
        EndpointRole.Connect,
        static (address, options, token) => Fairlead.Subscriber.BindAsync(address, options.Topics, options.Endpoint, token),
        static (address, options, token) => Fairlead.Subscriber.ConnectAsync(address, options.Topics, options.Endpoint, token));

    public static readonly EndpointKind<Responder> Responder = new(
        "responder",
        EndpointRole.Bind,
        static (address, options, token) => Fairlead.Responder.BindAsync(address, options.Endpoint, token),
        static (address, options, token) => Fairlead.Responder.ConnectAsync(address, options.Endpoint, token));

    private static TOptions? Of<TOptions>(HostedEndpointOptions options) where TOptions : EndpointOptions =>
        options.Endpoint is null or TOptions
            ? (TOptions?)options.Endpoint
            : throw new FairleadException(
                ErrorCode.NotSupported,
                $"the options in code are {options.Endpoint.GetType().Name}, and this endpoint takes {typeof(TOptions).Name}",
                $"Make them a {typeof(TOptions).Name}.");
}
