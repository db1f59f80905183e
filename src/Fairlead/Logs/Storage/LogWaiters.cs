using Fairlead.Native;

namespace Fairlead.Logs.Storage;

/// <summary>Is woken when something may have happened in a log.</summary>
internal interface ILogWaiter
{
    /// <summary>Called once, on a thread of the log's: short, and without waiting for anything.</summary>
    void Wake();

    /// <summary>Called in place of a <see cref="Wake"/> that failed.</summary>
    void Fail(Exception exception);
}

/// <summary>
/// Sleeps behind a log's bell for those who have no thread of their own for it: one thread for each log that this process has open, made
/// when it is first needed, ended when nobody has waited for a while.
/// </summary>
internal sealed class LogWaiters(LogControl control) : IDisposable
{
    /// <summary>How long nobody asks again whether the appender of an unfinished record lives.</summary>
    public static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan IdleLife = TimeSpan.FromSeconds(10);

    private readonly object _gate = new();
    private readonly List<(ILogWaiter Waiter, int Bell, bool IsBusy)> _waiters = [];
    private bool _hasThread;
    private bool _isDisposed;

    /// <summary>Wakes the waiter when the bell has another value, or, where a record is being written, after a short time.</summary>
    /// <param name="waiter">Has announced itself, and looked again.</param>
    /// <param name="bell">What <see cref="LogControl.Announce"/> returned.</param>
    /// <param name="isBusy">Whether the next record has been begun.</param>
    /// <exception cref="FairleadException">Unavailable: the system gives no thread. The waiter is not woken then.</exception>
    public void Add(ILogWaiter waiter, int bell, bool isBusy)
    {
        lock (_gate)
        {
            if (!_isDisposed)
            {
                if (!_hasThread)
                {
                    // It begins with this gate, and so finds the waiter. Where the system gives no thread, nobody waits for it.
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
                        // It may sleep without a limit.
                        control.Ring();
                    }
                }

                return;
            }
        }

        waiter.Wake();
    }

    /// <summary>Takes one back that need not be woken any more; false when it has been, or is about to be.</summary>
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

    /// <summary>Wakes all, and nobody sleeps any more.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            Monitor.Pulse(_gate);
            if (_hasThread)
            {
                Futex.AddOneAndWakeAll(ref control.Bell);
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
                int bell = Volatile.Read(ref control.Bell);
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
                    Futex.Wait(ref control.Bell, bell, isBusy ? BusyPause : Timeout.InfiniteTimeSpan);
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

    // False: nobody has waited for a while, or this is disposed; then the thread is counted out.
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

    // Each by itself: an exception concerns the one waiter, neither the others nor the process.
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
