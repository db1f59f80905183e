using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>
/// Acknowledges deliveries of one channel: several at the same time where they have been settled in order, others one by one.
/// </summary>
/// <remarks>
/// Owns, under its lock, which deliveries are not acknowledged, and how many are with the user. One task writes at a time. It writes when
/// a quarter of the prefetch is accepted, or after a short time: an acknowledgement costs the broker more than a message, and no end waits
/// for it. Ends with its channel.
/// </remarks>
internal sealed class AckWindow : IAlarmed, IDisposable
{
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(2);

    /// <summary>How long an acknowledgement waits for others: a receiver that is killed meanwhile gets the messages again.</summary>
    private static readonly TimeSpan MessageDelay = TimeSpan.FromMilliseconds(2);

    /// <summary>The same where the requester has its answer already: a lost acknowledgement does no harm, and a timer that fires
    /// between calls takes a processor from them.</summary>
    private static readonly TimeSpan AnsweredDelay = TimeSpan.FromMilliseconds(20);

    private readonly BrokerSession _session;
    private readonly int _enough;
    private readonly TimeSpan _longestDelay;
    private readonly ITimer _delay;
    private readonly Lock _gate = new();

    private readonly OpenDeliveries _deliveries = new();
    private Writing _writing;
    private int _open;
    private TaskCompletionSource? _idle;

    /// <summary>Creates the window of a channel.</summary>
    /// <param name="session">The channel's session.</param>
    /// <param name="prefetch">How many deliveries the broker sends before earlier ones are acknowledged.</param>
    /// <param name="areAnswered">Whether the sender of each delivery has its answer before the acknowledgement.</param>
    public AckWindow(BrokerSession session, ushort prefetch, bool areAnswered = false)
    {
        _longestDelay = areAnswered ? AnsweredDelay : MessageDelay;
        _session = session;
        _enough = Math.Max(1, prefetch / 4);
        _delay = Alarm.Create(TimeProvider.System, this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private enum Writing
    {
        /// <summary>There is nothing to write.</summary>
        No,

        /// <summary>The timer is set.</summary>
        Delayed,

        /// <summary>A task writes, until there is nothing left.</summary>
        Now,
    }

    /// <summary>Whether the channel has ended, so the broker learns of no further acknowledgement.</summary>
    public bool IsOver => _session.End is not null;

    /// <summary>A delivery has come. One of the others follows for it.</summary>
    public void Begin(ulong tag)
    {
        lock (_gate)
        {
            _open++;
            _deliveries.Begin(tag);
        }
    }

    /// <summary>The delivery goes back with the channel: no acknowledgement includes it.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _open--;
            TellIfIdle();
        }
    }

    /// <summary>The delivery has been handled.</summary>
    public void Accept(ulong tag) => Settle(tag, isAccepted: true);

    /// <summary>The delivery goes back to the queue, or to the dead letters.</summary>
    public void Refuse(ulong tag, bool again) => _ = RefuseAsync(tag, again);

    /// <summary>Completes when everything is settled and written, or after a short time: before the channel is closed.</summary>
    public async Task AwaitIdleAsync()
    {
        Task idle;
        lock (_gate)
        {
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            TellIfIdle();
            idle = _idle.Task;
        }

        WriteDelayed();
        try
        {
            await idle.WaitAsync(IdleTimeout, TimeProvider.System, _session.Ended).ConfigureAwait(false);
        }
        catch (Exception over) when (over is TimeoutException or OperationCanceledException)
        {
            // The broker delivers the rest again.
        }
    }

    /// <summary>Ends the timer, with the channel. The broker does not learn of later ones.</summary>
    public void Dispose() => _delay.Dispose();

    private void Settle(ulong tag, bool isAccepted)
    {
        lock (_gate)
        {
            _open--;
            _deliveries.Settle(tag, isAccepted);
            if (_writing == Writing.Now || _deliveries.Accepted == 0)
            {
                TellIfIdle();
                return;
            }

            bool isEnough = _deliveries.Accepted >= _enough || _idle is not null;
            if (!isEnough)
            {
                if (_writing == Writing.No)
                {
                    _writing = Writing.Delayed;
                    _delay.Change(_longestDelay, Timeout.InfiniteTimeSpan);
                }

                return;
            }

            _writing = Writing.Now;
        }

        _ = WriteAsync();
    }

    void IAlarmed.OnAlarm() => WriteDelayed();

    private void WriteDelayed()
    {
        lock (_gate)
        {
            if (_writing != Writing.Delayed)
            {
                return;
            }

            _writing = Writing.Now;
        }

        _ = WriteAsync();
    }

    private void TellIfIdle()
    {
        if (_open == 0 && _writing == Writing.No)
        {
            _idle?.TrySetResult();
        }
    }

    private async Task RefuseAsync(ulong tag, bool again)
    {
        try
        {
            // Before it counts as settled: an acknowledgement of all up to a later one would include it.
            await _session.Channel.BasicNackAsync(tag, multiple: false, requeue: again).ConfigureAwait(false);
            Settle(tag, isAccepted: false);
        }
        catch (Exception problem)
        {
            _session.Fail(new FairleadException(ErrorCode.Unavailable, problem.Message, null, problem));
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            while (true)
            {
                ulong tag;
                bool isMultiple;
                lock (_gate)
                {
                    if (!_deliveries.TryTake(out tag, out isMultiple))
                    {
                        _writing = Writing.No;
                        TellIfIdle();
                        return;
                    }
                }

                await _session.Channel.BasicAckAsync(tag, isMultiple).ConfigureAwait(false);
            }
        }
        catch (Exception problem)
        {
            // The broker delivers again what it has not heard of.
            _session.Fail(new FairleadException(ErrorCode.Unavailable, problem.Message, null, problem));
        }
    }
}
