using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>Acknowledges deliveries of one channel: several at once where they have been settled in order, others one by one.</summary>
/// <remarks>
/// Owns, under its lock, which deliveries are settled, and how many are with the user. One task writes at a time. It writes when a quarter
/// of the prefetch is settled, or after a short time: an acknowledgement costs the broker more than a message, and no end waits for it.
/// Ends with its channel.
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

    // Settled deliveries behind one that is not: true if an acknowledgement may still name it.
    private readonly Dictionary<ulong, bool> _ahead = [];

    // Those of them that were accepted and are not acknowledged. The one before them may last: they do not wait for it.
    private readonly Queue<ulong> _single = new();
    private ulong _settled;

    // The last accepted delivery of which all earlier ones are settled. The broker must still know the one that an acknowledgement names:
    // never one that went back, or was acknowledged alone.
    private ulong _accepted;
    private ulong _written;
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

    private bool HasUnwritten => _accepted != _written || _single.Count > 0;

    /// <summary>A delivery has come. One of the others follows for it.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _open++;
        }
    }

    /// <summary>The delivery is settled by a later one, or goes back with the channel.</summary>
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
            Note(tag, isAccepted);
            if (_writing == Writing.Now || !HasUnwritten)
            {
                TellIfIdle();
                return;
            }

            bool isEnough = _accepted - _written + (ulong)_single.Count >= (ulong)_enough || _idle is not null;
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
                    if (!TryTake(out tag, out isMultiple))
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

    /// <summary>Takes the next acknowledgement: of all in order, or of one behind a delivery that lasts.</summary>
    private bool TryTake(out ulong tag, out bool isMultiple)
    {
        isMultiple = _accepted != _written;
        if (isMultiple)
        {
            tag = _written = _accepted;
            return true;
        }

        while (_single.TryDequeue(out tag))
        {
            // Otherwise it has come into the order meanwhile.
            if (_ahead.ContainsKey(tag))
            {
                _ahead[tag] = false;
                return true;
            }
        }

        return false;
    }

    private void Note(ulong tag, bool isAccepted)
    {
        if (tag != _settled + 1)
        {
            _ahead.Add(tag, isAccepted);
            if (isAccepted)
            {
                _single.Enqueue(tag);
            }

            return;
        }

        do
        {
            _settled++;
            _accepted = isAccepted ? _settled : _accepted;
        }
        while (_ahead.Remove(_settled + 1, out isAccepted));
    }
}
