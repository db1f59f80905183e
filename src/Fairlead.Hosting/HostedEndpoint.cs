using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairlead.Hosting;

/// <summary>An endpoint of a host, which services that send take by its name: <c>[FromKeyedServices("orders")]</c>.</summary>
/// <remarks>
/// The host opens it when it starts, or at its first use, and closes it after all receiving endpoints have stopped. When the endpoint has
/// ended, because its peer closed or died, the next use opens another one. Any thread.
/// </remarks>
/// <typeparam name="T">The pattern: <see cref="Sender"/>, <see cref="Requester"/>, <see cref="Publisher"/> or another one.</typeparam>
public sealed class HostedEndpoint<T> : IEndpointStatus, ISendingEnd, IAsyncDisposable
    where T : MessagingEndpoint
{
    private readonly EndpointKind<T> _kind;
    private readonly ILogger _logger;
    private readonly Lazy<HostedEndpointOptions> _options;
    private readonly Reopened<T> _endpoint;
    private volatile EndpointStateChange? _change;

    internal HostedEndpoint(string name, EndpointKind<T> kind, IOptionsMonitor<HostedEndpointOptions> options, ILogger logger)
    {
        Name = name;
        _kind = kind;
        _logger = logger;
        _endpoint = new Reopened<T>(OpenAsync, static endpoint => endpoint.Completion.IsCompleted, this);

        // Settings that the host has checked before its start. A test that makes the endpoint without a host gets the error here.
        _options = new(() => options.Get(name));
    }

    /// <summary>Its name among the endpoints of the host.</summary>
    public string Name { get; }

    /// <summary>The open endpoint; null before the first use, and after the endpoint has ended.</summary>
    public T? Current => _endpoint.Current;

    /// <summary>The settings.</summary>
    internal HostedEndpointOptions Options => _options.Value;

    /// <summary>When it opens.</summary>
    internal EndpointStart Start =>
        Options.Start ?? (Role == EndpointRole.Bind ? EndpointStart.AtStart : EndpointStart.Lazy);

    private EndpointRole Role => Options.Role ?? _kind.Role;

    EndpointStart ISendingEnd.Start => Start;

    string IEndpointStatus.Kind => _kind.Name;

    EndpointHealth IEndpointStatus.Health
    {
        get
        {
            // Lost, and not about to return by itself: also before the endpoint says that it has ended.
            bool needsPeer = Role == EndpointRole.Connect
                && Options.Endpoint is null or { ReconnectTimeout.Ticks: 0 }
                && Address.Parse(Options.Address!).Option("reconnect") is null;
            return Current is { } open ? EndpointHealth.Of(open, _change, needsPeer, Options.MaxQueueDepth)
                : _endpoint.Problem is { } problem ? EndpointHealth.Of(problem)
                : _endpoint.Last is { Completion: { IsCompletedSuccessfully: true } ended } ? EndpointHealth.Of(ended.Result)
                : EndpointHealth.NotOpen;
        }
    }

    /// <summary>Returns the open endpoint. Opens it if it is not open, or has ended.</summary>
    /// <param name="cancellationToken">Ends the wait. Another caller that waits for the same endpoint goes on.</param>
    /// <exception cref="FairleadException">It cannot be opened; the next call tries again.</exception>
    /// <exception cref="ObjectDisposedException">The host has stopped.</exception>
    public ValueTask<T> GetAsync(CancellationToken cancellationToken = default) => _endpoint.GetAsync(cancellationToken);

    /// <summary>Closes the endpoint within its time, if it is open. It opens no more. Harmless the second time.</summary>
    /// <param name="limit">The time; null takes that of the settings.</param>
    /// <param name="cancellationToken">Cancelled when the host has no more time: the endpoint then ends without waiting.</param>
    internal Task CloseAsync(TimeSpan? limit = null, CancellationToken cancellationToken = default) => _endpoint.CloseAsync(async open =>
    {
        ValueTask<CloseReport> closing = open.CloseAsync(limit ?? Options.CloseTimeout);
        using (cancellationToken.UnsafeRegister(static end => ((T)end!).Dispose(), open))
        {
            HostLog.Closed(_logger, Name, await closing.ConfigureAwait(false));
        }
    });

    Task ISendingEnd.OpenAsync(CancellationToken cancellationToken) => GetAsync(cancellationToken).AsTask();

    Task ISendingEnd.CloseAsync(CancellationToken cancellationToken) => CloseAsync(null, cancellationToken);

    /// <summary>Closes the endpoint. The host calls it.</summary>
    public ValueTask DisposeAsync() => new(CloseAsync());

    private async ValueTask<T> OpenAsync(CancellationToken cancellationToken)
    {
        T opened = await _kind.OpenAsync(Options, cancellationToken).ConfigureAwait(false);

        // Changes of the one before are of no more interest.
        _change = null;
        opened.StateChanged += (_, change) => _change = change;
        HostLog.Opened(_logger, _kind.Name, Name, opened.Address);
        return opened;
    }
}
