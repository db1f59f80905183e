namespace Fairlead.Transports;

/// <summary>The attempts of one end that waits for another. A transport may keep something open from one to the next.</summary>
/// <remarks>
/// Owned by the waiting call, which disposes it when it has ended, or passes it to an endpoint that seeks lost peers. Any thread.
/// </remarks>
internal sealed class ConnectAttempts : IDisposable
{
    private readonly Lock _gate = new();
    private IDisposable? _kept;
    private bool _isOver;

    /// <summary>Keeps this open until the next call, or until the waiting call has ended.</summary>
    public void Keep(IDisposable? next)
    {
        IDisposable? former = next;
        lock (_gate)
        {
            if (!_isOver)
            {
                (former, _kept) = (_kept, next);
            }
        }

        former?.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
        }

        _kept?.Dispose();
    }
}
