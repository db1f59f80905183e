using System.Diagnostics.CodeAnalysis;
using Fairlead.Native.Waiting;

namespace Fairlead.Logs.Storage;

/// <summary>
/// Prepares on another thread what an appender will need: the pages ahead of it and, from the middle of a segment on, the next segment. The
/// appender does both itself if this is late. The thread starts for a busy appender, and ends when nothing has been appended for a while.
/// </summary>
internal sealed class LogPreparer(LogStore store) : IDisposable
{
    /// <summary>
    /// The size of a step in bytes: small enough that the prepared pages are still in the processor's cache when they are written.
    /// </summary>
    public const long Step = 256 * 1024;

    /// <summary>How far to prepare ahead of the appender.</summary>
    private const long Ahead = 16 * Step;

    private static readonly TimeSpan IdleLife = TimeSpan.FromSeconds(10);

    private readonly object _gate = new();
    private LogSegment? _segment;
    private readonly List<LogSegment> _discarded = [];
    private LogSegment? _next;
    private long _at;
    private long _prepared;
    private bool _isWanted;
    private bool _hasThread;
    private bool _isDisposed;

    // Whether the thread has work in hand, with which it may keep the log open.
    private bool _isWorking;

    /// <summary>Everything before this offset of the current segment is prepared.</summary>
    public long Prepared => Volatile.Read(ref _prepared);

    /// <summary>Reports the place of the appender, once every <see cref="Step"/>.</summary>
    public void Tell(LogSegment segment, long offset)
    {
        lock (_gate)
        {
            if (_segment != segment)
            {
                _segment = segment;
                Volatile.Write(ref _prepared, offset);
            }

            _at = offset;
            _isWanted = true;
            if (!_hasThread)
            {
                try
                {
                    BackgroundThread.Start("fairlead log ahead", Run);
                    _hasThread = true;
                }
                catch (FairleadException)
                {
                    // The appender prepares the pages itself; the next call tries to start a thread again.
                }
            }

            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Returns the next segment, if it has been opened ahead; the caller owns it then.</summary>
    public LogSegment? TakeNext(long ordinal)
    {
        lock (_gate)
        {
            LogSegment? next = _next;
            _next = null;
            if (next is null || next.Ordinal == ordinal)
            {
                return next;
            }

            next.Dispose();
            return null;
        }
    }

    /// <summary>Unmaps a segment that the appender has left, which takes as long as preparing its pages.</summary>
    public void Discard(LogSegment segment)
    {
        lock (_gate)
        {
            if (_hasThread)
            {
                _discarded.Add(segment);
                _isWanted = true;
                Monitor.PulseAll(_gate);
                return;
            }
        }

        segment.Dispose();
    }

    /// <summary>Stops the thread, and waits until it has no work: a log that is closed is open no longer.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _next?.Dispose();
            _next = null;
            Monitor.PulseAll(_gate);
            while (_isWorking)
            {
                _ = Monitor.Wait(_gate);
            }
        }
    }

    private void Run()
    {
        while (TryGetWork(out LogSegment? segment, out long at, out LogSegment[] discarded))
        {
            try
            {
                Array.ForEach(discarded, static left => Finishing.Do("a log segment", left.Dispose));
                Work(segment, at);
            }
            finally
            {
                EndWork();
            }
        }
    }

    private void Work(LogSegment segment, long at)
    {
        if (segment.TryEnter())
        {
            try
            {
                // Keep the log open while something is created here: a closed log can be removed.
                using LogStore used = store.Share();
                PreparePages(segment, at);
                if (at > segment.Size / 2)
                {
                    PrepareNext(segment);
                }
            }
            catch (Exception)
            {
                // A full disk, or a truncated or removed file: the appender meets the same error when it gets there, and reports it. Or the
                // log was closed meanwhile, and nothing more is needed.
            }
            finally
            {
                segment.Exit();
            }
        }
    }

    private bool TryGetWork(
        [NotNullWhen(true)] out LogSegment? segment, out long at, out LogSegment[] discarded)
    {
        lock (_gate)
        {
            if (!_isWanted && !_isDisposed)
            {
                _ = Monitor.Wait(_gate, IdleLife);
            }

            bool hasWork = _isWanted && !_isDisposed && _segment is not null;
            _isWanted = false;
            if (!hasWork)
            {
                _discarded.ForEach(static left => Finishing.Do("a log segment", left.Dispose));
                _discarded.Clear();
            }

            _hasThread = hasWork;
            (segment, at, discarded) = (hasWork ? _segment : null, _at, [.. _discarded]);
            _discarded.Clear();
            return _isWorking = segment is not null;
        }
    }

    private void EndWork()
    {
        lock (_gate)
        {
            _isWorking = false;
            Monitor.PulseAll(_gate);
        }
    }

    private void PreparePages(LogSegment segment, long at)
    {
        long end = Math.Min(segment.Size, at + Ahead);
        long page = Environment.SystemPageSize;
        for (long from = Math.Max(Prepared, at) & -page; from < end; from += Step)
        {
            segment.PreparePages(from, Step);
            lock (_gate)
            {
                if (_segment != segment || _isDisposed)
                {
                    return;
                }

                Volatile.Write(ref _prepared, Math.Max(_prepared, from + Step));
            }
        }
    }

    private void PrepareNext(LogSegment segment)
    {
        lock (_gate)
        {
            if (_next is not null || _segment != segment)
            {
                return;
            }
        }

        // Another process that creates it may be stopped: try again with the next step.
        if (!store.TryMakeNext(segment))
        {
            return;
        }

        LogSegment? next = store.TryOpen(segment.Ordinal + 1, isWritable: true);
        next?.PreparePages(0, 4 * Step);
        lock (_gate)
        {
            if (_isDisposed || _segment != segment || _next is not null)
            {
                next?.Dispose();
                return;
            }

            _next = next;
        }
    }
}
