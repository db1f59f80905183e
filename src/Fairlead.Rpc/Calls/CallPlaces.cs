namespace Fairlead.Rpc.Calls;

/// <summary>Limits how many calls run at the same time. The others wait, in the order of their arrival.</summary>
/// <remarks>
/// Owns the number of free places, which is below zero while calls wait, and their queue. Without a lock: a call that finds a place costs
/// one interlocked operation, and another at its end.
/// </remarks>
/// <param name="count">The number of places.</param>
internal sealed class CallPlaces(int count) : IDisposable
{
    private readonly SemaphoreSlim _turns = new(0);
    private int _free = count;

    /// <summary>Takes a place, or the last position in the queue.</summary>
    /// <returns>False: the call must wait, with <see cref="WaitAsync"/>.</returns>
    public bool TryEnter() => Interlocked.Decrement(ref _free) >= 0;

    /// <summary>Waits for the place of a call that is in the queue.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled: the call has no place, and is not in the queue.</exception>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _turns.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await GiveUpAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes a call out of the queue.</summary>
    public async ValueTask GiveUpAsync()
    {
        if (!TryGiveUp())
        {
            // A call has left its place to this one meanwhile.
            await _turns.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            Leave();
        }
    }

    /// <summary>Frees a place, or leaves it to the first call in the queue.</summary>
    public void Leave()
    {
        if (Interlocked.Increment(ref _free) <= 0)
        {
            _turns.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turns.Dispose();

    private bool TryGiveUp()
    {
        int free = Volatile.Read(ref _free);
        while (free < 0)
        {
            int seen = Interlocked.CompareExchange(ref _free, free + 1, free);
            if (seen == free)
            {
                return true;
            }

            free = seen;
        }

        return false;
    }
}
