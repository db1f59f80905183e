namespace Fairlead.Synchronization.Waiting;

/// <summary>The attempt of an asynchronous caller, driven by one of the waiter threads.</summary>
internal sealed unsafe class AttemptTurn(LockAttempt attempt, CancellationToken cancellationToken) : Turn
{
    private readonly TaskCompletionSource<bool> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int* _word;
    private bool _isAbandoned;

    /// <summary>Completes with true when the attempt succeeds, and with false when its time runs out.</summary>
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
