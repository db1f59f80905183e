namespace Fairlead.Synchronization.Waiting;

/// <summary>An asynchronous caller's attempt.</summary>
internal sealed unsafe class AttemptTurn(LockAttempt attempt, CancellationToken token) : Turn
{
    private readonly TaskCompletionSource<bool> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int* _word;

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
        attempt.Abandon();
        if (token.IsCancellationRequested)
        {
            _done.SetCanceled(token);
        }
        else
        {
            _done.SetResult(false);
        }
    }
}
