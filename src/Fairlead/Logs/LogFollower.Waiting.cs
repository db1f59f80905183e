using System.Diagnostics;
using System.Runtime.CompilerServices;
using Fairlead.Logs.Storage;
using Fairlead.Native.Waiting;

namespace Fairlead.Logs;

// Waiting for the next record. A blocking caller sleeps on the doorbell itself. Asynchronous callers share one thread per log, which sleeps
// for them.
public sealed partial class LogFollower
{
    // How long to spin before asking the kernel for a wake-up, which costs as much.
    private static readonly TimeSpan SpinTime = TimeSpan.FromMicroseconds(50);

    // A reader that polls for every single record fetches the cache line that the appender is writing. Both then run at the speed of cache
    // coherence.
    private const int EnoughInRow = 16;
    private const int Breath = 100;

    private bool _wasLong;
    private int _inRow;

    /// <summary>Takes the next record, or blocks for it until the time runs out.</summary>
    /// <param name="record">The record, valid until the next one is requested.</param>
    /// <param name="timeout">The longest time to wait; <see cref="Timeout.InfiniteTimeSpan"/>: no limit.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>False if the time ran out.</returns>
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
            // Some microseconds, in which more records are appended.
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

        // After a long silence, do not expect a record soon.
        _wasLong = Stopwatch.GetElapsedTime(begin) > 20 * SpinTime;
        return found;
    }

    /// <summary>Takes the next record. Blocks until there is one.</summary>
    /// <returns>The record, valid until the next one is requested.</returns>
    /// <inheritdoc cref="TryRead(out LogRecord, TimeSpan, CancellationToken)" path="/param|/exception"/>
    public LogRecord Read(CancellationToken cancellationToken = default) =>
        TryRead(out LogRecord record, Timeout.InfiniteTimeSpan, cancellationToken) ? record : throw new UnreachableException();

    /// <summary>Takes the next record. Waits for it without blocking a thread.</summary>
    /// <returns>The record, valid until the next one is requested.</returns>
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

    /// <summary>Enumerates all records from here on, without end. Blocks until the next record is appended.</summary>
    /// <param name="cancellationToken">Cancels the enumeration, with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>Leases, each valid until the next one is requested.</returns>
    public IEnumerable<LogRecord> ReadAll(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            yield return Read(cancellationToken);
        }
    }

    /// <summary>Enumerates all records from here on, without end. Waits without blocking a thread.</summary>
    /// <inheritdoc cref="ReadAll" path="/param|/returns"/>
    public async IAsyncEnumerable<LogRecord> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            yield return await ReadAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // Returns true when there may be a record.
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

            // Spin at first; after that, the awaited appender may need the processor.
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
            // Cancellation wakes this thread as an appender does. The check after the announcement sees a cancellation from before it.
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

                // No wake-up comes for the record of a dead appender, so check again after a while.
                TimeSpan rest = deadline.RemainingWait;
                bool isShort = view == RecordView.Busy && (deadline.IsInfinite || rest > LogWaiters.BusyPause);
                Futex.Wait(ref control.Doorbell, bell, isShort ? LogWaiters.BusyPause : rest);
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

    // The continuation runs on the thread pool: it may take long, and other waiters need the thread that woke it.
    private sealed class Arrival() : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), ILogWaiter
    {
        public void Wake() => TrySetResult();

        public void Fail(Exception exception) => TrySetException(exception);
    }
}
