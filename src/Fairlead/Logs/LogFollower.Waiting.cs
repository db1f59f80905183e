using System.Diagnostics;
using System.Runtime.CompilerServices;
using Fairlead.Logs.Storage;
using Fairlead.Native;

namespace Fairlead.Logs;

// Waiting for the next record. A blocking caller sleeps on the bell itself; asynchronous ones share one thread for each log, which sleeps
// there for them.
public sealed partial class LogFollower
{
    // Looked for by itself before the kernel is asked to wake us: a wake-up costs as much.
    private static readonly TimeSpan SpinTime = TimeSpan.FromMicroseconds(50);

    // Who looks for each single record at once fetches the line that the appender is writing, and both work at the speed of the caches'
    // talk with each other.
    private const int EnoughInRow = 16;
    private const int Breath = 100;

    private bool _wasLong;
    private int _inRow;

    /// <summary>Takes the next record; waits for it until the time has passed. Blocks.</summary>
    /// <param name="record">Good until the next one is asked for.</param>
    /// <param name="timeout"><see cref="Timeout.InfiniteTimeSpan"/>: for ever.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>False: the time has passed.</returns>
    /// <inheritdoc cref="TryRead(out LogRecord)" path="/exception"/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public bool TryRead(out LogRecord record, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (TryLook(out record, settle: false) == RecordView.Record)
        {
            _inRow++;
            return true;
        }

        if (_inRow >= EnoughInRow)
        {
            // Some microseconds, in which some more are appended.
            Thread.SpinWait(Breath);
        }

        _inRow = 0;
        Deadline deadline = Deadline.After(timeout);
        long begin = Stopwatch.GetTimestamp();
        if (!_wasLong && Spin(begin, deadline))
        {
            if (TryLook(out record, settle: false) == RecordView.Record)
            {
                return true;
            }
        }

        bool found = Sleep(out record, deadline, cancellationToken);

        // Where nothing came for long, nothing is to be expected soon.
        _wasLong = Stopwatch.GetElapsedTime(begin) > 20 * SpinTime;
        return found;
    }

    /// <summary>Takes the next record; waits for it. Blocks.</summary>
    /// <returns>Good until the next one is asked for.</returns>
    /// <inheritdoc cref="TryRead(out LogRecord, TimeSpan, CancellationToken)" path="/param|/exception"/>
    public LogRecord Read(CancellationToken cancellationToken = default) =>
        TryRead(out LogRecord record, Timeout.InfiniteTimeSpan, cancellationToken) ? record : throw new UnreachableException();

    /// <summary>Takes the next record; waits for it without a thread.</summary>
    /// <returns>Good until the next one is asked for.</returns>
    /// <inheritdoc cref="TryRead(out LogRecord, TimeSpan, CancellationToken)" path="/param|/exception"/>
    public ValueTask<LogRecord> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<LogRecord>(cancellationToken);
        }

        try
        {
            return TryLook(out LogRecord record, settle: false) == RecordView.Record
                ? ValueTask.FromResult(record)
                : SleepAsync(cancellationToken);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<LogRecord>(exception);
        }
    }

    /// <summary>All records from here on, for ever. Blocks while there is none.</summary>
    /// <param name="cancellationToken">Ends it, with <see cref="OperationCanceledException"/>.</param>
    /// <returns>Leases, each good until the next is asked for.</returns>
    public IEnumerable<LogRecord> ReadAll(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            yield return Read(cancellationToken);
        }
    }

    /// <summary>All records from here on, for ever. Waits without a thread.</summary>
    /// <inheritdoc cref="ReadAll" path="/param|/returns"/>
    public async IAsyncEnumerable<LogRecord> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            yield return await ReadAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // True when there may be something.
    private bool Spin(long begin, Deadline deadline)
    {
        for (int turn = 0; Stopwatch.GetElapsedTime(begin) < SpinTime && !deadline.Passed; turn++)
        {
            using (_gate.Hold())
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                if (_cursor.HasNext)
                {
                    return true;
                }
            }

            // At first in this thread; then the one that is waited for may need the processor.
            if (turn < 20)
            {
                Thread.SpinWait(20);
            }
            else
            {
                Thread.Yield();
            }
        }

        return false;
    }

    private bool Sleep(out LogRecord record, Deadline deadline, CancellationToken cancellationToken)
    {
        LogControl control = _store.Control;
        ObjectDisposedException.ThrowIf(!control.TryEnter(), this);
        try
        {
            // Who cancels wakes us as an appender does; whether he came before the announcement is seen behind it.
            using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
                static state => ((LogControl)state!).Ring(), control);
            while (true)
            {
                int bell = control.Announce();
                RecordView view = TryLook(out record, settle: true);
                if (view == RecordView.Record)
                {
                    return true;
                }

                cancellationToken.ThrowIfCancellationRequested();
                if (deadline.Passed)
                {
                    return false;
                }

                // Nobody wakes those who wait for a dead appender, so it is asked again.
                TimeSpan rest = deadline.RemainingWait;
                bool isShort = view == RecordView.Busy && (deadline.IsInfinite || rest > LogWaiters.BusyPause);
                Futex.Wait(ref control.Bell, bell, isShort ? LogWaiters.BusyPause : rest);
            }
        }
        finally
        {
            control.Exit();
        }
    }

    private async ValueTask<LogRecord> SleepAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Arrival waiter = new();
            if (TryLookOrSleep(waiter, out LogRecord record))
            {
                return record;
            }

            using (cancellationToken.UnsafeRegister(static (state, token) => ((Arrival)state!).TrySetCanceled(token), waiter))
            {
                try
                {
                    await waiter.Task.ConfigureAwait(false);
                }
                finally
                {
                    _ = _store.Waiters.Remove(waiter);
                }
            }
        }
    }

    private bool TryLookOrSleep(Arrival waiter, out LogRecord record)
    {
        LogControl control = _store.Control;
        ObjectDisposedException.ThrowIf(!control.TryEnter(), this);
        try
        {
            int bell = control.Announce();
            RecordView view = TryLook(out record, settle: true);
            if (view != RecordView.Record)
            {
                _store.Waiters.Add(waiter, bell, view == RecordView.Busy);
            }

            return view == RecordView.Record;
        }
        finally
        {
            control.Exit();
        }
    }

    // The continuation runs on the thread pool: it may take long, and others wait for the thread that woke it.
    private sealed class Arrival() : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), ILogWaiter
    {
        public void Wake() => TrySetResult();

        public void Fail(Exception exception) => TrySetException(exception);
    }
}
