namespace Fairlead.NamedHandles.Pipes;

/// <summary>One instance at a path. It takes clients only while the server waits for one.</summary>
internal sealed class PathEntrance(PathServer server, PipeTerms terms) : IPipeEntrance
{
    private readonly RankedLock _gate = new(LockRank.PipeEntrance);
    private readonly CancellationTokenSource _end = new();
    private Task<PipeLink>? _next;
    private bool _isDisposed;

    /// <inheritdoc/>
    public Task<PipeLink> Open()
    {
        using (_gate.Hold())
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _next is { IsCompleted: false } or { IsCompletedSuccessfully: true }
                ? _next
                : _next = server.AcceptAsync(terms, _end.Token);
        }
    }

    /// <inheritdoc/>
    public void Take()
    {
        using (_gate.Hold())
        {
            _next = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Task<PipeLink>? last;
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            last = _next;
        }

        _end.Cancel();
        _ = last?.ContinueWith(
            static accepted => accepted.Result.Dispose(),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        server.Dispose();
        _end.Dispose();
    }
}
