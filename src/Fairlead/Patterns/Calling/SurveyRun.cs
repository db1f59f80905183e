using System.Threading.Channels;
using Fairlead.Patterns.Links.Session;

namespace Fairlead.Patterns.Calling;

/// <summary>A survey in progress: the responders it has asked, and the results so far.</summary>
internal sealed class SurveyRun : IAlarmed, IDisposable
{
    private readonly Func<Link?, TimeSpan, CancellationToken, ValueTask<Message>> _ask;
    private readonly Deadline _deadline;
    private readonly Channel<SurveyReply> _replies = Channel.CreateUnbounded<SurveyReply>();
    private readonly CancellationTokenSource _end;
    private readonly CancellationToken _token;
    private readonly RankedLock _gate = new(LockRank.Survey);
    private readonly HashSet<Link> _asked = [];
    private readonly ITimer? _closing;
    private int _open = 1;
    private bool _isOver;

    /// <summary>Starts a survey. With newcomers it stays open until the deadline.</summary>
    public SurveyRun(
        Func<Link?, TimeSpan, CancellationToken, ValueTask<Message>> ask,
        Deadline deadline,
        TimeProvider time,
        bool newcomers,
        CancellationToken cancellationToken)
    {
        _ask = ask;
        _deadline = deadline;
        _token = cancellationToken;
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (newcomers)
        {
            _open = 2;
            using (_gate.Hold())
            {
                TimeSpan due = deadline.RemainingTimer;
                _closing = Alarm.Create(time, this, due, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Asks a responder once. Null asks the one that a connected requester is connected to at that time.</summary>
    public void Ask(Link? link)
    {
        using (_gate.Hold())
        {
            if (_isOver || (link is not null && !_asked.Add(link)))
            {
                return;
            }

            Interlocked.Increment(ref _open);
        }

        _ = AskAsync(link);
    }

    /// <summary>Notes that all connected responders have been asked.</summary>
    public void AllAsked() => Finish();

    /// <summary>Returns the next result, or null at the end.</summary>
    /// <exception cref="OperationCanceledException">The caller's token was cancelled.</exception>
    public async ValueTask<SurveyReply?> NextAsync()
    {
        while (await _replies.Reader.WaitToReadAsync(_token).ConfigureAwait(false))
        {
            if (_replies.Reader.TryRead(out SurveyReply? reply))
            {
                return reply;
            }
        }

        return null;
    }

    /// <summary>Cancels the requests that have no reply, and returns the memory of unread replies.</summary>
    public void Dispose()
    {
        using (_gate.Hold())
        {
            _isOver = true;
        }

        _closing?.Dispose();
        _end.Cancel();
        _end.Dispose();
        _replies.Writer.TryComplete();
        while (_replies.Reader.TryRead(out SurveyReply? reply))
        {
            reply.Dispose();
        }
    }

    private async Task AskAsync(Link? link)
    {
        try
        {
            Message reply = await _ask(link, _deadline.RemainingWait, _end.Token).ConfigureAwait(false);
            Add(new SurveyReply(reply.Peer, reply, null));
        }
        catch (FairleadException problem)
        {
            Add(new SurveyReply(link?.Peer ?? problem.Peer ?? new Peer(), default, problem));
        }
        catch (OperationCanceledException)
        {
            // The survey has ended, and so has its caller.
        }
        catch (ObjectDisposedException closed)
        {
            _replies.Writer.TryComplete(closed);
        }
        catch (Exception other)
        {
            // The caller gets the exception. The count of open requests still has to go down.
            _replies.Writer.TryComplete(other);
        }

        Finish();
    }

    private void Add(SurveyReply reply)
    {
        if (!_replies.Writer.TryWrite(reply))
        {
            reply.Dispose();
        }
    }

    /// <summary>Stops asking newcomers at the deadline. Arms the timer again if the deadline lies beyond the timer's longest
    /// time.</summary>
    void IAlarmed.OnAlarm()
    {
        using (_gate.Hold())
        {
            if (!_isOver && Deadline.IsTimerEarly(_deadline.Remaining))
            {
                _closing!.Change(_deadline.RemainingTimer, Timeout.InfiniteTimeSpan);
                return;
            }

            _isOver = true;
        }

        Finish();
    }

    void IAlarmed.OnAlarmFailed(Exception exception) => _replies.Writer.TryComplete(exception);

    private void Finish()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _replies.Writer.TryComplete();
        }
    }
}
