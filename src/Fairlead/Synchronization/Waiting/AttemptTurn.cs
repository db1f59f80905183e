namespace Fairlead.Synchronization.Waiting;

/// <summary>An asynchronous caller's attempt.</summary>
internal sealed unsafe class AttemptTurn(LockAttempt attempt, CancellationToken cancellationToken) : Turn
{
    private readonly TaskCompletionSource<bool> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int* _word;
    private bool _isAbandoned;

    /// <summary>False: not in time.</summary>
    public Task<bool> Task => _done.Task;

    public override bool Advance(out int* word, out int value)
    {
        if (_word != null)
        {
            attempt.PassOn(_word);
        }

        if (attempt.TryAdvance(out word, out value))
        {
            _done.SetResult(true);
            return true;
        }

        _word = word;
        return false;
    }

    public override void Abandon()
    {
        AbandonOnce();
        if (cancellationToken.IsCancellationRequested)
        {
            _done.SetCanceled(cancellationToken);
        }
        else
        {
            _done.SetResult(false);
        }
    }

    public override void Fail(Exception exception)
    {
        try
        {
            AbandonOnce();
        }
        catch (Exception another)
        {
            exception = new AggregateException(exception, another);
        }

        _ = _done.TrySetException(exception);
    }

    private void AbandonOnce()
    {
        if (!_isAbandoned)
        {
            _isAbandoned = true;
            attempt.Abandon();
        }
    }
}
