using System.Threading.Channels;

namespace Fairlead.Cli.Tour;

/// <summary>One role of a scenario in a worker: what it has to send, and its line to the parent.</summary>
internal sealed class Stage(int role, TourInput input, int messages, Action<News> tell) : IDisposable
{
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _finish = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly Channel<string> _notes = Channel.CreateUnbounded<string>();
    private readonly List<TallyReport> _tallies = [];
    private readonly List<long> _nanoseconds = [];
    private int _entries;

    public TourInput Input => input;

    /// <summary>How many messages of the input are sent: all, or a few in a rehearsal.</summary>
    public int Messages => messages;

    /// <summary>Cancelled when nobody sends any more: what has not come by then does not come.</summary>
    public CancellationToken Finished => _finish.Token;

    /// <summary>Cancelled when the tour ends before its time.</summary>
    public CancellationToken Aborted => _abort.Token;

    /// <summary>
    /// Whether the parent says within some seconds that nobody sends any more: its word may come a little later than what others do upon
    /// it.
    /// </summary>
    public bool FinishesSoon() => Finished.WaitHandle.WaitOne(TimeSpan.FromSeconds(5));

    /// <summary>Tells the parent that this role is bound or connected, and waits until all others are.</summary>
    public Task ReadyAsync(MessagingEndpoint endpoint) => ReadyAsync(endpoint.Address.ToString());

    /// <summary>Tells the parent that this role is at the place, and waits until all others are.</summary>
    public Task ReadyAsync(string place)
    {
        tell(new News(NewsKind.Ready, role, Place: place));
        return _go.Task;
    }

    /// <summary>Tells the others of the row.</summary>
    public void Tell(string text) => tell(new News(NewsKind.Note, role, Text: text));

    /// <summary>What another one told.</summary>
    public ValueTask<string> ToldAsync() => _notes.Reader.ReadAsync(Aborted);

    /// <summary>Tells the parent that this role has nothing more to do by itself.</summary>
    public void HasSent() => tell(new News(NewsKind.Sent, role));

    /// <summary>Adds the time of a message or of a round trip. Any thread.</summary>
    public void Measure(TimeSpan span)
    {
        lock (_nanoseconds)
        {
            _nanoseconds.Add((long)span.TotalNanoseconds);
        }
    }

    /// <summary>Adds what this role has counted.</summary>
    public void Report(Tally tally, Share share) => _tallies.Add(tally.Report(share));

    /// <summary>Says how often this role has entered a lock.</summary>
    public void Report(int entries) => _entries = entries;

    /// <summary>An order for this role.</summary>
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

    /// <summary>Makes every wait of the role end.</summary>
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
