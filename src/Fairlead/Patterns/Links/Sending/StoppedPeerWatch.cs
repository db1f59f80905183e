using Fairlead.Native.Processes;

namespace Fairlead.Patterns.Links.Sending;

/// <summary>
/// Notices that the process of a peer for which messages wait is stopped (SIGSTOP, Ctrl-Z, a debugger), and that it runs again.
/// </summary>
/// <remarks>
/// Owns a timer, which runs only while messages wait or the peer is known to be stopped, and what was told last, under its own lock. It
/// asks the kernel only if nothing of the peer's credit has come since the last time. Any thread may call it, with the link's send lock
/// held.
/// </remarks>
/// <param name="process">The peer's process ID.</param>
/// <param name="time">The clock of the endpoint.</param>
/// <param name="read">Returns what the peer has acknowledged so far. A hint.</param>
/// <param name="isWaiting">Returns whether messages wait for the peer. A hint.</param>
/// <param name="tell">Gets whether the peer is stopped, at each change. No lock is held.</param>
internal sealed class StoppedPeerWatch(int process, TimeProvider time, Func<long> read, Func<bool> isWaiting, Action<bool> tell)
    : IAlarmed, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    private readonly RankedLock _gate = new(LockRank.StoppedPeerWatch);
    private ITimer? _timer;
    private long _read;
    private bool _isOn;
    private bool _isStopped;
    private bool _hasEnded;

    /// <summary>Notes that a message waits for the peer.</summary>
    public void Begin()
    {
        if (Volatile.Read(ref _isOn))
        {
            return;
        }

        using (_gate.Hold())
        {
            if (_isOn || _hasEnded)
            {
                return;
            }

            _read = read();
            _timer ??= Alarm.Create(time, this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Period, Period);
            Volatile.Write(ref _isOn, true);
        }
    }

    /// <summary>Ends the watch, because the link is over. Nothing more is told.</summary>
    public void Dispose()
    {
        using (_gate.Hold())
        {
            _hasEnded = true;
            _timer?.Dispose();
        }
    }

    void IAlarmed.OnAlarm()
    {
        bool isStopped;
        using (_gate.Hold())
        {
            if (_hasEnded)
            {
                return;
            }

            long now = read();
            isStopped = now == _read && NativeProcess.IsStopped(process);
            _read = now;
            if (!isStopped && !isWaiting())
            {
                Volatile.Write(ref _isOn, false);
                _timer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }

            if (isStopped == _isStopped)
            {
                return;
            }

            _isStopped = isStopped;
        }

        tell(isStopped);
    }
}
