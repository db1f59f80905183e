namespace Fairlead;

/// <summary>The context of a request that a handler processes: all but its payload. Valid until the handler returns.</summary>
/// <remarks>The run then uses it for another request, because each request would otherwise allocate one.</remarks>
public sealed class RequestContext : IDisposable
{
    private Request _request;
    private TimeLeft? _deadline;
    private CancellationToken _asked;

    internal RequestContext()
    {
    }

    internal RequestContext(Request request) => _request = request;

    /// <summary>Whether the token has told the handler that the requester no longer waits.</summary>
    internal bool IsOver => _asked.IsCancellationRequested || _deadline is { Token.IsCancellationRequested: true };

    /// <summary>The requester's process.</summary>
    public Peer Peer => _request.Peer;

    /// <summary>The time limit of the requester when it asked; null means without limit.</summary>
    public TimeSpan? Timeout => _request.Timeout;

    /// <summary>Cancelled when the requester no longer waits: it cancelled, its time has passed, or it is gone.</summary>
    /// <remarks>The token costs nothing until this property is read.</remarks>
    public CancellationToken CancellationToken
    {
        get
        {
            if (_deadline is not null)
            {
                return _deadline.Token;
            }

            CancellationToken cancellationToken = _asked = _request.CancellationToken;
            if (_request.Timeout is not { } timeout || timeout > TimeSpan.FromDays(24))
            {
                return cancellationToken;
            }

            // Keep the deadline here, too: a stopped requester cannot report that it has passed.
            _deadline = new TimeLeft(timeout, cancellationToken);
            return _deadline.Token;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _deadline?.Dispose();

    /// <summary>Makes this the context of a request.</summary>
    internal void Begin(Request request) => _request = request;

    /// <summary>The handler has returned.</summary>
    internal void End()
    {
        _deadline?.Dispose();
        _deadline = null;
        _asked = default;
        _request = default;
    }

    /// <summary>Cancels a token when the time has passed, or together with another one.</summary>
    /// <remarks>
    /// It runs the handler's callbacks. <see cref="CancellationTokenSource.CancelAfter(TimeSpan)"/> would not contain their exceptions,
    /// which then end the process.
    /// </remarks>
    private sealed class TimeLeft : IAlarmed, IDisposable
    {
        private readonly CancellationTokenSource _source;
        private readonly ITimer _timer;

        public TimeLeft(TimeSpan timeout, CancellationToken asked)
        {
            _source = CancellationTokenSource.CreateLinkedTokenSource(asked);
            Token = _source.Token;
            _timer = Alarm.Create(TimeProvider.System, this, timeout, System.Threading.Timeout.InfiniteTimeSpan);
        }

        public CancellationToken Token { get; }

        public void Dispose()
        {
            _timer.Dispose();
            _source.Dispose();
        }

        void IAlarmed.OnAlarm()
        {
            try
            {
                _source.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The handler has returned meanwhile. An exception of a callback would be an AggregateException.
            }
        }
    }
}
