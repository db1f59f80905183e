using System.Threading.Channels;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <summary>One survey on its way: whom it has asked, and what has come of it so far.</summary>
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

    /// <summary>With newcomers it stays open until the deadline.</summary>
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

    /// <summary>Asks one, once. Null: whoever a connected requester is connected to when it can ask.</summary>
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

    /// <summary>Those who are there have been asked.</summary>
    public void AllAsked() => Finish();

    /// <summary>The next result, or null at the end.</summary>
    /// <exception cref="OperationCanceledException">The caller's token.</exception>
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

    /// <summary>Takes the question back from those that have not replied, and gives back what nobody has read.</summary>
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
            // The survey has ended, and its caller with it.
        }
        catch (ObjectDisposedException closed)
        {
            _replies.Writer.TryComplete(closed);
        }
        catch (Exception other)
        {
            // Its caller hears of it; the count of those that are asked must come down.
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

    /// <summary>Ends the asking of newcomers at the deadline. Arms the timer again where it is shorter than the deadline.</summary>
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
