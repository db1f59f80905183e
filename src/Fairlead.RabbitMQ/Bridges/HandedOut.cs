namespace Fairlead.RabbitMQ.Bridges;

/// <summary>The number of messages that the user's end has got and whose outcome the bridge has not noted.</summary>
/// <remarks>
/// Owns the number under its lock. The client's thread adds messages, one after the other; the task that follows a message removes it.
/// </remarks>
internal sealed class HandedOut
{
    private readonly Lock _gate = new();
    private int _count;
    private TaskCompletionSource? _removed;

    /// <summary>A message is about to be handed out.</summary>
    public void Add()
    {
        lock (_gate)
        {
            _count++;
        }
    }

    /// <summary>The outcome of a message is noted.</summary>
    public void Remove()
    {
        lock (_gate)
        {
            _count--;
            _removed?.SetResult();
            _removed = null;
        }
    }

    /// <summary>Completes when the outcome of every answered message is noted, while none is handed out.</summary>
    /// <param name="unanswered">Returns the number of messages that are not answered, which only falls.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task AwaitNotedAsync(Func<int> unanswered, CancellationToken cancellationToken)
    {
        while (true)
        {
            int count;
            Task removed;
            lock (_gate)
            {
                count = _count;
                removed = (_removed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            // Read later than the count: a message that was answered in between makes this wait once more, and never too short.
            if (count <= unanswered())
            {
                return;
            }

            await removed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
