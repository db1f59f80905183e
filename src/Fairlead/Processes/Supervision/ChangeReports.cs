using System.Threading.Channels;

namespace Fairlead.Processes.Supervision;

/// <summary>Calls the user's handler for each change, in order. Neither its time nor its exceptions reach the supervisor.</summary>
internal sealed class ChangeReports
{
    private readonly Channel<SupervisedChange> _changes =
        Channel.CreateUnbounded<SupervisedChange>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Action<SupervisedChange>? _handler;
    private readonly Task _calling;

    public ChangeReports(Action<SupervisedChange>? handler)
    {
        _handler = handler;
        _calling = handler is null ? Task.CompletedTask : PoolWork.Start(CallAsync);
    }

    /// <summary>Adds a change. Any thread.</summary>
    public void Add(SupervisedChange change)
    {
        if (_handler is not null)
        {
            _changes.Writer.TryWrite(change);
        }
    }

    /// <summary>Ends the reports. Completes when the handler has got all of them.</summary>
    public Task CompleteAsync()
    {
        _changes.Writer.TryComplete();
        return _calling;
    }

    private async Task CallAsync()
    {
        await foreach (SupervisedChange change in _changes.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            Finishing.Do("the handler of a supervisor's changes", _handler!, change);
        }
    }
}
