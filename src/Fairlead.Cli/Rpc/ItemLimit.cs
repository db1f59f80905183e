namespace Fairlead.Cli.Rpc;

/// <summary>The longest wait for an item or the result of a call with streams. It runs while nothing is left to be sent.</summary>
/// <remarks>One lock: the end of an upload may come after that of the call.</remarks>
internal sealed class ItemLimit : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeSpan? _limit;
    private readonly CancellationTokenSource _passed;
    private int _uploads;
    private bool _isPaused;
    private bool _isDisposed;

    /// <summary>Begins the wait, unless something is left to be sent.</summary>
    /// <param name="limit">How long; null: without limit.</param>
    /// <param name="uploads">How many arguments are streams.</param>
    /// <param name="cancellationToken">Ends the call, too.</param>
    public ItemLimit(TimeSpan? limit, int uploads, CancellationToken cancellationToken)
    {
        (_limit, _uploads) = (limit, uploads);
        _passed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Restart();
    }

    /// <summary>Cancelled when the time is over.</summary>
    public CancellationToken Token => _passed.Token;

    /// <summary>An item has arrived, or has been printed.</summary>
    public void Restart()
    {
        lock (_lock)
        {
            _isPaused = false;
            Begin();
        }
    }

    /// <summary>Until <see cref="Restart"/>, the time is that of the output's reader, and not of the service.</summary>
    public void Pause()
    {
        lock (_lock)
        {
            _isPaused = true;
            if (!_isDisposed)
            {
                _passed.CancelAfter(Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>The last item of an argument has been sent.</summary>
    public void EndUpload()
    {
        lock (_lock)
        {
            _uploads--;
            Begin();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _passed.Dispose();
        }
    }

    private void Begin()
    {
        if (_limit is { } limit && _uploads == 0 && !_isPaused && !_isDisposed)
        {
            _passed.CancelAfter(limit);
        }
    }
}
