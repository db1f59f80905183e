namespace Fairlead.Synchronization.Waiting;

/// <summary>An asynchronous caller who wants to enter a mutex.</summary>
internal sealed unsafe class EnterTurn(EnterAttempt attempt, CancellationToken token) : Turn
{
    private readonly TaskCompletionSource<Stay?> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int* _word;

    /// <summary>Null: not in time.</summary>
    public Task<Stay?> Task => _done.Task;

    public override bool Advance(out int* word, out int value)
    {
        if (_word != null)
        {
            attempt.PassOn(_word);
        }

        if (attempt.TryAdvance(out word, out value, out Stay stay))
        {
            _done.SetResult(stay);
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
            _done.SetResult(null);
        }
    }
}
