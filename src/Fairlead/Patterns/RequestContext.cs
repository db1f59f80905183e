namespace Fairlead;

/// <summary>What a handler knows of the request that it handles, beside its payload.</summary>
public sealed class RequestContext : IDisposable
{
    private readonly Request _request;
    private CancellationTokenSource? _deadline;
    private CancellationToken _asked;

    internal RequestContext(Request request) => _request = request;

    /// <summary>Whether the handler has been told by the token that nobody waits any more.</summary>
    internal bool IsOver => _asked.IsCancellationRequested || _deadline is { IsCancellationRequested: true };

    /// <summary>Who asks.</summary>
    public Peer Peer => _request.Peer;

    /// <summary>How long the requester would still wait when it asked; null: for ever.</summary>
    public TimeSpan? Timeout => _request.Timeout;

    /// <summary>
    /// Cancelled when the requester no longer waits: it cancelled, its time has passed, or it is gone. Costs nothing until it is asked for.
    /// </summary>
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

            // The deadline is kept here too: a requester that is stopped cannot tell that it has passed.
            _deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _deadline.CancelAfter(timeout);
            return _deadline.Token;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _deadline?.Dispose();
}
