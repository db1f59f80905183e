using System.Threading.Channels;

namespace Fairlead.Cli.Tour;

/// <summary>A role of a scenario in a worker: its messages to send, and its connection to the parent.</summary>
internal sealed class Stage(int role, TourInput input, int messages, Action<News> tell) : IDisposable
{
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _finish = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly Channel<string> _notes = Channel.CreateUnbounded<string>();
    private readonly List<Tally> _counting = [];
    private readonly List<TallyReport> _tallies = [];
    private readonly List<long> _nanoseconds = [];
    private int _entries;
    private long _toldMoves;

    public TourInput Input => input;

    /// <summary>How many messages of the input to send: all, or a few in a rehearsal.</summary>
    public int Messages => messages;

    /// <summary>Cancelled when no role sends any more: messages that have not arrived by then never will.</summary>
    public CancellationToken Finished => _finish.Token;

    /// <summary>Cancelled when the tour ends early.</summary>
    public CancellationToken Aborted => _abort.Token;

    /// <summary>
    /// Returns whether the parent reports that no role sends any more: that report may arrive later than the reactions of others to it. If
    /// another role has failed instead, the parent ends the row.
    /// </summary>
    public bool FinishesSoon() => Finished.WaitHandle.WaitOne(TimeSpan.FromMinutes(1));

    /// <summary>Returns new counts of messages that arrive at this role. Any thread may call it.</summary>
    public Tally NewTally()
    {
        Tally tally = new();
        lock (_counting)
        {
            _counting.Add(tally);
        }

        return tally;
    }

    /// <summary>Reports to the parent that this role is bound or connected, and waits until all others are.</summary>
    public Task ReadyAsync(MessagingEndpoint endpoint) => ReadyAsync(endpoint.Address.ToString());

    /// <summary>Reports to the parent that this role is at the place, and waits until all others are.</summary>
    public Task ReadyAsync(string place)
    {
        tell(new News(NewsKind.Ready, role, Place: place));
        return _go.Task;
    }

    /// <summary>Sends a note to the others of the row.</summary>
    public void Tell(string text) => tell(new News(NewsKind.Note, role, Text: text));

    /// <summary>Waits for a note of another role.</summary>
    public ValueTask<string> ToldAsync() => _notes.Reader.ReadAsync(Aborted);

    /// <summary>Reports to the parent that this role only reacts from now on.</summary>
    public void HasSent() => tell(new News(NewsKind.Sent, role));

    /// <summary>Adds the latency of a message or of a round trip. Any thread may call it.</summary>
    public void Measure(TimeSpan span)
    {
        lock (_nanoseconds)
        {
            _nanoseconds.Add((long)span.TotalNanoseconds);
        }
    }

    /// <summary>Reports to the parent what has arrived so far, if that or the number of measurements has changed.</summary>
    public void TellMoved()
    {
        News news = new(NewsKind.Moved, role);
        lock (_counting)
        {
            news = news with
            {
                Messages = _counting.Sum(static tally => tally.Messages),
                Bytes = _counting.Sum(static tally => tally.Bytes),
            };
        }

        long moves = news.Messages;
        lock (_nanoseconds)
        {
            moves += _nanoseconds.Count;
        }

        if (Interlocked.Exchange(ref _toldMoves, moves) != moves)
        {
            tell(news);
        }
    }

    /// <summary>Adds the counts of this role.</summary>
    public void Report(Tally tally, Share share) => _tallies.Add(tally.Report(share));

    /// <summary>Reports how often this role has entered a lock.</summary>
    public void Report(int entries) => _entries = entries;

    /// <summary>Handles an order for this role.</summary>
    public void Take(Order order)
    {
        switch (order.Kind)
        {
            case OrderKind.Go:
                _go.TrySetResult();
                break;
            case OrderKind.Note:
                _notes.Writer.TryWrite(order.Text!);
                break;
            case OrderKind.Finish:
                _finish.Cancel();
                break;
        }
    }

    /// <summary>Ends every wait of the role.</summary>
    public void Abort()
    {
        _abort.Cancel();
        _finish.Cancel();
        _go.TrySetCanceled();
    }

    public void TellDone() => tell(new News(NewsKind.Done, role, Tallies: _tallies, Nanoseconds: [.. _nanoseconds], Entries: _entries));

    public void TellFailed(Exception exception) =>
        tell(new News(NewsKind.Failed, role, Text: exception.Message, Code: (exception as FairleadException)?.Code));

    public void Dispose()
    {
        _finish.Dispose();
        _abort.Dispose();
    }
}
