using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>
/// Items on their way into one work queue after the other: items that an ended queue has certainly not taken go to the next one.
/// </summary>
internal sealed class Pushing(IAsyncEnumerator<ReadOnlyMemory<byte>> items, byte priority, TimeSpan? delay, TimeSpan? timeout) : IDisposable
{
    /// <summary>The number of items whose receipts are awaited at the same time.</summary>
    private const int InFlight = 256;

    private readonly SemaphoreSlim _places = new(InFlight);
    private readonly Lock _gate = new();
    private readonly PriorityQueue<byte[], long> _again = new();
    private Task<bool>? _reading;
    private bool _hasRead;
    private TaskCompletionSource _lost = new();
    private long _pushed;
    private long _failed;
    private Delivery _firstFailure;

    /// <summary>Whether an item has been pushed already.</summary>
    public bool IsUnderWay => _pushed > 0;

    /// <summary>Pushes the items, until all of them are settled or the queue is lost.</summary>
    /// <returns>Whether the queue is lost with items left to push.</returns>
    public async Task<bool> PushAsync(Sender sender, CancellationToken cancellationToken)
    {
        _lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (!_lost.Task.IsCompleted && await NextAsync(cancellationToken) is var (number, item))
        {
            await _places.WaitAsync(cancellationToken);
            WorkItemOptions options = new() { Priority = priority, NotBefore = TimeProvider.System.GetUtcNow() + delay };
            _ = FollowAsync(sender, sender.DeliverAsync(item, options, timeout, cancellationToken), number, item);
        }

        for (var i = 0; i < InFlight; i++)
        {
            await _places.WaitAsync(cancellationToken);
        }

        _places.Release(InFlight);

        // Cancellation may have ended their calls, too.
        cancellationToken.ThrowIfCancellationRequested();
        return _again.Count > 0 || !_hasRead;
    }

    /// <summary>Reports what was not done, and returns the exit code.</summary>
    public int Explain(Address address)
    {
        var left = _again.Count;
        if (_failed + left == 0)
        {
            return ExitCode.Ok;
        }

        var first = _failed > 0
            ? _firstFailure
            : Delivery.Create(DeliveryStatus.NotDelivered, "the work queue was lost before it took the item", ErrorCode.PeerGone);
        var status = first.Status == DeliveryStatus.Unknown ? "unknown if done" : "not done";
        ErrorLine.Write($"{address}: of {_pushed} items, {_failed + left} were not accepted; the first one: {status}: {first.Reason}");
        return first.Cause is { } cause ? ExitCode.Of(cause) : ExitCode.Failure;
    }

    public void Dispose() => _places.Dispose();

    /// <summary>Returns the next item, first the returned ones in order; null if there is none, or the queue is lost first.</summary>
    private async ValueTask<(long Number, byte[] Item)?> NextAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_again.TryDequeue(out var item, out var number))
            {
                return (number, item);
            }
        }

        if (_hasRead)
        {
            return null;
        }

        // A lost queue ends a long wait for input; the input then belongs to the next queue.
        _reading ??= items.MoveNextAsync().AsTask();
        if (!_reading.IsCompleted && await Task.WhenAny(_reading, _lost.Task) == _lost.Task)
        {
            return null;
        }

        _hasRead = !await _reading;
        _reading = null;
        cancellationToken.ThrowIfCancellationRequested();
        return _hasRead ? null : (_pushed++, items.Current.ToArray());
    }

    private async Task FollowAsync(Sender sender, ValueTask<Delivery> delivering, long number, byte[] item)
    {
        Delivery delivery;
        try
        {
            delivery = await delivering;
        }
        catch (Exception exception) when (exception is FairleadException or OperationCanceledException or ObjectDisposedException)
        {
            delivery = Delivery.Create(
                DeliveryStatus.NotDelivered, exception.Message, (exception as FairleadException)?.Code ?? ErrorCode.Failed);
        }

        lock (_gate)
        {
            if (delivery is { Status: DeliveryStatus.NotDelivered, Cause: ErrorCode.PeerGone })
            {
                _again.Enqueue(item, number);
                _lost.TrySetResult();
            }
            else if (!delivery.IsDelivered)
            {
                _firstFailure = _failed++ == 0 ? delivery : _firstFailure;

                // The same cause tells of a worker that is gone: then the queue goes on.
                if (delivery.Cause == ErrorCode.PeerGone && sender.Peers.Count == 0)
                {
                    _lost.TrySetResult();
                }
            }
        }

        _places.Release();
    }
}
