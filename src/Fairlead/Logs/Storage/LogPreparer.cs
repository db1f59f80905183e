using Fairlead.Native;

namespace Fairlead.Logs.Storage;

/// <summary>
/// Makes ready what an appender will come to, on a thread beside it: the pages ahead of it, and, from the middle of a segment on, the next
/// one. The appender does both by itself where this is late. Begun for who appends much; ends when nothing is appended for a while.
/// </summary>
internal sealed class LogPreparer(LogStore store) : IDisposable
{
    /// <summary>
    /// Pages are made ready in steps of so many bytes: small enough to be still in the processor's cache when they are written.
    /// </summary>
    public const long Step = 256 * 1024;

    /// <summary>How far ahead of the appender.</summary>
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

    /// <summary>Everything before it in the segment that was told last is ready.</summary>
    public long Prepared => Volatile.Read(ref _prepared);

    /// <summary>Tells where the appender is. Seldom: every <see cref="Step"/>.</summary>
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
                    // The appender does by itself what is not ready; the next call asks for a thread again.
                }
            }

            Monitor.Pulse(_gate);
        }
    }

    /// <summary>The segment behind one, if it has been opened ahead; the caller's from then on.</summary>
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

    /// <summary>Unmaps a segment that the appender has left, which takes as long as making its pages ready did.</summary>
    public void Discard(LogSegment segment)
    {
        lock (_gate)
        {
            if (_hasThread)
            {
                _discarded.Add(segment);
                _isWanted = true;
                Monitor.Pulse(_gate);
                return;
            }
        }

        segment.Dispose();
    }

    /// <summary>Does not wait for the thread, which ends by itself.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _next?.Dispose();
            _next = null;
            Monitor.Pulse(_gate);
        }
    }

    private void Run()
    {
        while (TryGetWork(out LogSegment? segment, out long at, out LogSegment[] discarded))
        {
            Array.ForEach(discarded, static left => left.Dispose());
            if (!segment.TryEnter())
            {
                continue;
            }

            try
            {
                // Open as long as something is made here: a log that is closed can be removed.
                using LogStore used = store.Share();
                PreparePages(segment, at);
                if (at > segment.Size / 2)
                {
                    PrepareNext(segment);
                }
            }
            catch (Exception)
            {
                // A full disk, a file that was cut or removed: the appender meets it by itself when it comes there, and tells its user.
                // Or the log was closed meanwhile, and nobody needs it any more.
            }
            finally
            {
                segment.Exit();
            }
        }
    }

    private bool TryGetWork(
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out LogSegment? segment, out long at, out LogSegment[] discarded)
    {
        lock (_gate)
        {
            if (!_isWanted && !_isDisposed)
            {
                _ = Monitor.Wait(_gate, IdleLife);
            }

            bool hasWork = _isWanted && !_isDisposed;
            _isWanted = false;
            if (!hasWork)
            {
                _discarded.ForEach(static left => left.Dispose());
                _discarded.Clear();
            }

            _hasThread = hasWork;
            (segment, at, discarded) = (hasWork ? _segment : null, _at, [.. _discarded]);
            _discarded.Clear();
            return segment is not null;
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
                if (_segment != segment)
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

        // Another process that makes it may be stopped: it is asked for again with the next step.
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
