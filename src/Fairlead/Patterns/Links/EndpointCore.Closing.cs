namespace Fairlead.Patterns.Links;

/// <content>Closing drains until a deadline, then aborts, and says what was not sent.</content>
internal sealed partial class EndpointCore
{
    private readonly ManualResetEventSlim _isGone = new();
    private LinkWaitOperation? _drain;
    private volatile bool _isClosing;
    private volatile bool _isClosed;
    private bool _isTornDown;
    private TaskCompletionSource<CloseReport>? _close;
    private CloseReport _report;

    /// <summary>Whether nothing new may be sent or received.</summary>
    public bool IsClosing => _isClosing;

    private bool IsDrained
    {
        get
        {
            foreach (Link link in _linkCache)
            {
                if (!link.IsDrained)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Stops listening, says goodbye, waits until the peers have read everything or the time has passed, and ends. Who calls again waits for the first.</summary>
    public ValueTask<CloseReport> CloseAsync(TimeSpan timeout)
    {
        lock (_gate)
        {
            if (_close is null)
            {
                _isClosing = true;
                _close = new TaskCompletionSource<CloseReport>(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            else
            {
                return new ValueTask<CloseReport>(_close.Task);
            }
        }

        return DrainAndEndAsync(timeout);
    }

    private async ValueTask<CloseReport> DrainAndEndAsync(TimeSpan timeout)
    {
        StopListening();
        bool isDrained = true;
        foreach (Link link in LinkSnapshot)
        {
            isDrained &= link.BeginClose();
        }

        if (!isDrained && timeout > TimeSpan.Zero)
        {
            LinkWaitOperation drain = LinkWaitOperation.Rent(this, isBlocking: false);
            ValueTask<Link?> task = drain.Task;
            drain.WatchFor(timeout, Settings.Time, CancellationToken.None);
            Volatile.Write(ref _drain, drain);
            RequestTurn();
            await task.ConfigureAwait(false);
            Volatile.Write(ref _drain, null);
        }

        Dispose();
        _close!.SetResult(_report);
        return _report;
    }

    /// <summary>Ends at once. When it returns, the name is free and no callback runs any more.</summary>
    public void Dispose()
    {
        bool leads;
        lock (_gate)
        {
            _isClosing = true;
            leads = false;
            if (!_isClosed)
            {
                _isClosed = true;
                leads = !_isPumping;
                if (leads)
                {
                    _isPumping = true;
                }
                else
                {
                    WakePump();
                }
            }
        }

        if (leads)
        {
            TearDown();
        }
        else
        {
            // Whoever pumps tears down; it runs no user code in between, so this is short.
            _isGone.Wait();
        }
    }

    /// <summary>By whoever holds the role, for good.</summary>
    private void TearDown()
    {
        Completions completions = Completions.Rent();
        _registration?.Dispose();
        StopListening();
        _slowTimer?.Dispose();
        foreach (Link link in _linkCache)
        {
            link.BeginClose();
            link.GoDown(new LinkEnd(CloseReason.ClosedByUs, null), completions);
        }

        lock (_gate)
        {
            _isTornDown = true;
            _report = new CloseReport(_pastSent, _pastAcknowledged, _pastNotDelivered, _pastInDoubt);
            ObjectDisposedException error = new(_profile.Name);
            while (_receivers.Count > 0)
            {
                ReceiveOperation operation = _receivers.Dequeue();
                if (operation.TryFail(error))
                {
                    completions.Add(operation);
                }
            }

            foreach (LinkWaitOperation operation in _linkWaiters)
            {
                if (operation.TryFail(error))
                {
                    completions.Add(operation);
                }
            }

            _linkWaiters.Clear();
            if (_drain is { } drain && drain.TryComplete(null))
            {
                completions.Add(drain);
            }

            while (_ready.Count > 0)
            {
                _ready.Dequeue().ReleaseInbound();
            }
        }

        _pollSet.Dispose();
        _wake?.Dispose();
        _entry.Dispose();
        _isGone.Set();
        completions.Run(inline: false);
        foreach (Operation follower in Followers())
        {
            follower.Nudge();
        }
    }

    private Operation[] Followers()
    {
        lock (_gate)
        {
            return [.. _followers];
        }
    }

    private void StopListening()
    {
        // Twice is harmless: the first takes it.
        if (Interlocked.Exchange(ref _listener, null) is { } listener)
        {
            _pollSet.Remove(listener.WaitDescriptor);
            listener.Dispose();
        }
    }
}
