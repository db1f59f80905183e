using Fairlead.Native.Waiting;

namespace Fairlead.Logs.Storage;

/// <summary>Is woken when something may have happened in a log.</summary>
internal interface ILogWaiter
{
    /// <summary>Called once, on a thread of the log. Must be short and must not block.</summary>
    void Wake();

    /// <summary>Called instead when <see cref="Wake"/> threw.</summary>
    void Fail(Exception exception);
}

/// <summary>
/// Sleeps on the doorbell of a log for waiters without a thread. Each log that this process has open has one such thread. It starts on
/// first use, and ends when there has been no waiter for a while.
/// </summary>
internal sealed class LogWaiters(LogControl control) : IDisposable
{
    /// <summary>The pause before checking again whether the appender of an incomplete record lives.</summary>
    public static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan IdleLife = TimeSpan.FromSeconds(10);

    private readonly object _gate = new();
    private readonly List<(ILogWaiter Waiter, int Bell, bool IsBusy)> _waiters = [];
    private bool _hasThread;
    private bool _isDisposed;

    /// <summary>Wakes the waiter when the doorbell changes its value or, if a record is in progress, after a short time.</summary>
    /// <param name="waiter">The waiter. It has announced itself and checked the log again.</param>
    /// <param name="bell">The result of <see cref="LogControl.Announce"/>.</param>
    /// <param name="isBusy">Whether the next record is in progress.</param>
    /// <exception cref="FairleadException">Unavailable: the system could not start a thread. The waiter is not added then.</exception>
    public void Add(ILogWaiter waiter, int bell, bool isBusy)
    {
        lock (_gate)
        {
            if (!_isDisposed)
            {
                if (!_hasThread)
                {
                    // The thread begins by taking this gate, and so finds the waiter. If it cannot start, no waiter has been added.
                    BackgroundThread.Start("fairlead log", Run);
                    _hasThread = true;
                    _waiters.Add((waiter, bell, isBusy));
                }
                else
                {
                    _waiters.Add((waiter, bell, isBusy));
                    Monitor.Pulse(_gate);
                    if (isBusy)
                    {
                        // The thread may be sleeping without a limit.
                        control.Ring();
                    }
                }

                return;
            }
        }

        waiter.Wake();
    }

    /// <summary>Removes a waiter; false if it has been woken or is about to be.</summary>
    public bool Remove(ILogWaiter waiter)
    {
        lock (_gate)
        {
            int at = _waiters.FindIndex(entry => entry.Waiter == waiter);
            if (at >= 0)
            {
                _waiters.RemoveAt(at);
            }

            return at >= 0;
        }
    }

    /// <summary>Wakes all waiters and ends the thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            Monitor.Pulse(_gate);
            if (_hasThread)
            {
                Futex.AddOneAndWakeAll(ref control.Doorbell);
            }
        }
    }

    private void Run()
    {
        if (!control.TryEnter())
        {
            WakeThose(static _ => true);
            return;
        }

        try
        {
            while (AnyOrLeave())
            {
                int bell = Volatile.Read(ref control.Doorbell);
                WakeThose(entry => entry.Bell != bell);
                bool isBusy;
                bool isEmpty;
                lock (_gate)
                {
                    isEmpty = _waiters.Count == 0 || _isDisposed;
                    isBusy = _waiters.Exists(static entry => entry.IsBusy);
                }

                if (!isEmpty)
                {
                    Futex.Wait(ref control.Doorbell, bell, isBusy ? BusyPause : Timeout.InfiniteTimeSpan);
                    if (isBusy)
                    {
                        WakeThose(static entry => entry.IsBusy);
                    }
                }
            }
        }
        finally
        {
            control.Exit();
        }
    }

    // False: there has been no waiter for a while, or this is disposed. The thread no longer counts as running then.
    private bool AnyOrLeave()
    {
        lock (_gate)
        {
            if (_waiters.Count == 0 && !_isDisposed)
            {
                _ = Monitor.Wait(_gate, IdleLife);
            }

            if (_waiters.Count != 0 && !_isDisposed)
            {
                return true;
            }

            _hasThread = false;
        }

        WakeThose(static _ => true);
        return false;
    }

    private void WakeThose(Predicate<(ILogWaiter Waiter, int Bell, bool IsBusy)> which)
    {
        List<ILogWaiter>? awake = null;
        lock (_gate)
        {
            for (int i = _waiters.Count - 1; i >= 0; i--)
            {
                if (which(_waiters[i]))
                {
                    (awake ??= []).Add(_waiters[i].Waiter);
                    _waiters.RemoveAt(i);
                }
            }
        }

        awake?.ForEach(Wake);
    }

    // Each waiter separately: an exception concerns that waiter, neither the others nor the process.
    private static void Wake(ILogWaiter waiter)
    {
        try
        {
            waiter.Wake();
        }
        catch (Exception exception)
        {
            waiter.Fail(exception);
        }
    }
}
