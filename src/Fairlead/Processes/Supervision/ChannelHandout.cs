namespace Fairlead.Processes.Supervision;

/// <summary>Gives the channel of each process of a child to one caller.</summary>
/// <remarks>
/// Under the gate of <see cref="Roster"/>. A channel that was handed out stays open until the next one is handed out, whether its process
/// lives or not: its number must not become that of another channel before the caller has opened it.
/// </remarks>
internal sealed class ChannelHandout
{
    private readonly List<TaskCompletionSource<Address>> _waiters = [];
    private ChildProcess? _offered;
    private ChildProcess? _handedOut;

    /// <summary>Offers the channel of a process that has started.</summary>
    public void Offer(ChildProcess process, bool hasChannel)
    {
        _offered = process;
        if (hasChannel && _waiters.FindIndex(waiter => waiter.TrySetResult(process.Address)) is >= 0 and var taker)
        {
            _waiters.RemoveRange(0, taker + 1);
            HandOut();
        }
    }

    /// <summary>Gives the offered channel to a caller, or lets the caller wait for the next one.</summary>
    public void Take(TaskCompletionSource<Address> caller)
    {
        if (_offered is not null && caller.TrySetResult(_offered.Address))
        {
            HandOut();
            return;
        }

        // Callers that have stopped waiting.
        _waiters.RemoveAll(static waiter => waiter.Task.IsCompleted);
        _waiters.Add(caller);
    }

    /// <summary>Withdraws the channel of a process that has ended, unless a caller has it.</summary>
    public void Withdraw(ChildProcess process)
    {
        if (_offered == process)
        {
            _offered = null;
            process.Dispose();
        }
    }

    /// <summary>Ends the waits with an error: no process will be started.</summary>
    public void Fail(Func<Exception> error)
    {
        foreach (TaskCompletionSource<Address> waiter in _waiters)
        {
            waiter.TrySetException(error());
        }

        _waiters.Clear();
    }

    /// <summary>Closes what a caller has got and not opened.</summary>
    public void Close()
    {
        _handedOut?.Dispose();
        _handedOut = null;
    }

    private void HandOut()
    {
        _handedOut?.Dispose();
        _handedOut = _offered;
        _offered = null;
    }
}
