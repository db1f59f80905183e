using System.Threading.Channels;

namespace Fairlead.Cli.Tour;

/// <summary>One role of a scenario in a worker: what it has to send, and its line to the parent.</summary>
internal sealed class Stage(int role, TourInput input, Action<News> tell) : IDisposable
{
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _finish = new();
    private readonly Channel<string> _notes = Channel.CreateUnbounded<string>();
    private readonly List<TallyReport> _tallies = [];

    public TourInput Input => input;

    /// <summary>Cancelled when nobody sends any more: what has not come by then does not come.</summary>
    public CancellationToken Finished => _finish.Token;

    /// <summary>Tells the parent that this role is bound or connected, and waits until all others are.</summary>
    public Task ReadyAsync(Endpoint endpoint)
    {
        tell(new News(NewsKind.Ready, role, Address: endpoint.Address.ToString()));
        return _go.Task;
    }

    /// <summary>Tells the others of the row.</summary>
    public void Tell(string text) => tell(new News(NewsKind.Note, role, Text: text));

    /// <summary>What another one told.</summary>
    public ValueTask<string> ToldAsync() => _notes.Reader.ReadAsync(Finished);

    /// <summary>Tells the parent that this role has nothing more to do by itself.</summary>
    public void HasSent() => tell(new News(NewsKind.Sent, role));

    /// <summary>Adds what this role has counted.</summary>
    public void Report(Tally tally, Share share) => _tallies.Add(tally.Report(share));

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
                End();
                break;
        }
    }

    /// <summary>Makes every wait of the role end.</summary>
    public void End()
    {
        _finish.Cancel();
        _go.TrySetCanceled();
    }

    public void TellDone() => tell(new News(NewsKind.Done, role, Tallies: _tallies));

    public void TellFailed(Exception exception) =>
        tell(new News(NewsKind.Failed, role, Text: exception.Message, Code: (exception as FairleadException)?.Code));

    public void Dispose() => _finish.Dispose();
}
