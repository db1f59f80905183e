using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairlead.Hosting;

/// <summary>An endpoint of a host, which services that send take by its name: <c>[FromKeyedServices("orders")]</c>.</summary>
/// <remarks>
/// The host opens it when it starts, or at its first use, and closes it after all receiving endpoints have stopped. When the endpoint has
/// ended, because its peer closed or died, the next use opens another one. Any thread.
/// </remarks>
/// <typeparam name="T">The pattern: <see cref="Sender"/>, <see cref="Requester"/>, <see cref="Publisher"/> or another one.</typeparam>
public sealed class HostedEndpoint<T> : IEndpointStatus, IAsyncDisposable
    where T : MessagingEndpoint
{
    private readonly EndpointKind<T> _kind;
    private readonly ILogger _logger;
    private readonly Lazy<HostedEndpointOptions> _options;
    private readonly SemaphoreSlim _opening = new(1, 1);
    private volatile T? _current;
    private volatile Exception? _problem;
    private volatile EndpointStateChange? _change;
    private bool _isClosed;

    internal HostedEndpoint(string name, EndpointKind<T> kind, IOptionsMonitor<HostedEndpointOptions> options, ILogger logger)
    {
        Name = name;
        _kind = kind;
        _logger = logger;

        // Settings that the host has checked before its start. A test that makes the endpoint without a host gets the error here.
        _options = new(() => options.Get(name));
    }

    /// <summary>Its name among the endpoints of the host.</summary>
    public string Name { get; }

    /// <summary>The open endpoint; null before the first use, and after the endpoint has ended.</summary>
    public T? Current => _current is { Completion.IsCompleted: false } current ? current : null;

    /// <summary>The settings.</summary>
    internal HostedEndpointOptions Options => _options.Value;

    /// <summary>When it opens.</summary>
    internal EndpointStart Start =>
        Options.Start ?? ((Options.Role ?? _kind.Role) == EndpointRole.Bind ? EndpointStart.AtStart : EndpointStart.Lazy);

    string IEndpointStatus.Kind => _kind.Name;

    MessagingEndpoint? IEndpointStatus.Current => Current;

    Exception? IEndpointStatus.Problem => _problem;

    EndpointStateChange? IEndpointStatus.Change => _change;

    HostedEndpointOptions IEndpointStatus.Options => Options;

    /// <summary>Returns the open endpoint. Opens it if it is not open, or has ended.</summary>
    /// <param name="cancellationToken">Ends the wait. Another caller that waits for the same endpoint goes on.</param>
    /// <exception cref="FairleadException">It cannot be opened; the next call tries again.</exception>
    /// <exception cref="ObjectDisposedException">The host has stopped.</exception>
    public ValueTask<T> GetAsync(CancellationToken cancellationToken = default) =>
        Current is { } open ? new ValueTask<T>(open) : OpenAsync(cancellationToken);

    /// <summary>Closes the endpoint within its time, if it is open. It opens no more. Harmless the second time.</summary>
    /// <param name="limit">The time; null takes that of the settings.</param>
    /// <param name="cancellationToken">Cancelled when the host has no more time: the endpoint then ends without waiting.</param>
    internal async Task CloseAsync(TimeSpan? limit = null, CancellationToken cancellationToken = default)
    {
        await _opening.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            _isClosed = true;
            if (Interlocked.Exchange(ref _current, null) is { } open)
            {
                ValueTask<CloseReport> closing = open.CloseAsync(limit ?? Options.CloseTimeout);
                using (cancellationToken.UnsafeRegister(static end => ((T)end!).Dispose(), open))
                {
                    HostLog.Closed(_logger, Name, await closing.ConfigureAwait(false));
                }
            }
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>Closes the endpoint. The host calls it.</summary>
    public ValueTask DisposeAsync() => new(CloseAsync());

    private async ValueTask<T> OpenAsync(CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (Current is { } open)
            {
                return open;
            }

            // One that has ended: what it holds is released.
            if (_current is { } ended)
            {
                await ended.DisposeAsync().ConfigureAwait(false);
            }

            T opened = await _kind.OpenAsync(Options, cancellationToken).ConfigureAwait(false);
            opened.StateChanged += (_, change) => _change = change;
            _change = null;
            _problem = null;
            _current = opened;
            HostLog.Opened(_logger, _kind.Name, Name, opened.Address);
            return opened;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            _problem = exception;
            throw;
        }
        finally
        {
            _opening.Release();
        }
    }
}
