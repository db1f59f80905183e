using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>Tells callers that ask for it how the endpoint ended.</summary>
/// <remarks>
/// Owns the task, which the first caller makes, and whether the peer was lost for good before this side closed. Both are under the
/// endpoint's gate. <see cref="PeerPresence"/> and the tear-down report the end. A thread of the pool completes the task, because a
/// continuation may run code of the user (a scheduler, a synchronization context) on the thread that completes it. While a caller waits,
/// a timer makes the endpoint look for its peer's end, because no other call may be waiting. A reactor that waited for this would cost
/// every message.
/// </remarks>
internal sealed class CompletionSource(EndpointContext endpoint, PeerPresence presence, Placement placement) : IAlarmed
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    private ITimer? _timer;
    private TaskCompletionSource<EndpointEnd>? _source;
    private bool _isLost;

    /// <summary>Completes when the endpoint has ended. Never fails.</summary>
    public Task<EndpointEnd> Task
    {
        get
        {
            if (Volatile.Read(ref _source) is { } known)
            {
                return known.Task;
            }

            // Outside the gate, and before there is a task: the clock may be the user's, and may throw.
            ITimer? timer = endpoint.EndsWithPeer ? Alarm.Create(endpoint.Settings.Time, this, Period, Period) : null;
            bool isKept = false;
            try
            {
                using (endpoint.Pump.Gate.Hold())
                {
                    return MakeTask(timer, out isKept);
                }
            }
            finally
            {
                if (!isKept)
                {
                    timer?.Dispose();
                }
            }
        }
    }

    /// <summary>Whether a caller has asked. Until then there is no task.</summary>
    public bool IsAskedFor => _source is not null;

    void IAlarmed.OnAlarm() => endpoint.Pump.TryTurn();

    /// <summary>The peer is lost for good. An endpoint that closes anyway ends by its tear-down. Under the gate.</summary>
    public void OnLost()
    {
        if (!endpoint.Life.IsClosing && !_isLost)
        {
            _isLost = true;
            Complete();
        }
    }

    /// <summary>Nothing is left of the endpoint. No lock is held.</summary>
    public void OnGone()
    {
        using (endpoint.Pump.Gate.Hold())
        {
            if (!_isLost)
            {
                Complete();
            }
        }
    }

    /// <summary>Makes the task, unless another caller has done so. Under the gate.</summary>
    private Task<EndpointEnd> MakeTask(ITimer? timer, out bool isKept)
    {
        isKept = false;
        if (_source is null)
        {
            TaskCompletionSource<EndpointEnd> source = new(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_isLost || endpoint.Life.Gone.IsCompleted)
            {
                // No caller awaits it yet.
                source.SetResult(End());
            }
            else
            {
                _timer = timer;
                isKept = true;
            }

            Volatile.Write(ref _source, source);
        }

        return _source.Task;
    }

    private void Complete()
    {
        _timer?.Dispose();
        if (_source is { } source)
        {
            EndpointEnd end = End();
            PoolWork.Queue(
                "the completion of an endpoint",
                static told => told.Source.TrySetResult(told.End),
                (Source: source, End: end));
        }
    }

    private EndpointEnd End()
    {
        if (_isLost)
        {
            return new EndpointEnd(presence.LastEnd!.Reason, placement.Report, presence.EndException());
        }

        CloseReason reason = endpoint.Life.IsAborted ? CloseReason.Aborted : CloseReason.ClosedByUs;
        return new EndpointEnd(reason, endpoint.Life.Report, null);
    }
}
