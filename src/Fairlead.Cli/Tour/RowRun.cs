using System.Threading.Channels;

namespace Fairlead.Cli.Tour;

/// <summary>A row of the tour while it runs: roles in workers, which it starts together, leads to the end, and judges.</summary>
internal sealed class RowRun(TourRow row, IReadOnlyList<WorkerProcess> seats, Judge judge, int firstRole, int messages)
{
    private readonly Channel<News> _news = Channel.CreateUnbounded<News>();
    private readonly List<TallyReport> _tallies = [];
    private readonly List<long> _nanoseconds = [];
    private readonly HashSet<int> _sent = [];
    private readonly HashSet<int> _done = [];
    private int _entries;
    private string? _problem;

    /// <summary>Takes news of a role of this row. Called by a worker.</summary>
    public void Hear(News news) => _news.Writer.TryWrite(news);

    /// <summary>Plays the row.</summary>
    /// <param name="place">The place of the first role.</param>
    /// <param name="limit">The longest time for the row.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public async Task<TourRow> PlayAsync(string place, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(limit);
        try
        {
            return await PlayAsync(place, end.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return row with { Problem = $"not finished within {limit.TotalSeconds:0.#} s: {string.Join(", ", Missing())}" };
        }
    }

    private async Task<TourRow> PlayAsync(string place, CancellationToken cancellationToken)
    {
        var scenario = row.Scenario;
        Tell(0, new Order(OrderKind.Play, firstRole, scenario.Name, 0, messages, place));
        var first = await HearAsync(NewsKind.Ready, cancellationToken);
        if (first.Code is ErrorCode.NotSupported)
        {
            return row with { Refusal = first.Text };
        }

        for (var seat = 1; seat < seats.Count && _problem is null; seat++)
        {
            Tell(seat, new Order(OrderKind.Play, firstRole + seat, scenario.Name, seat, messages, first.Place));
            if (await HearAsync(NewsKind.Ready, cancellationToken) is { Code: ErrorCode.NotSupported } refused)
            {
                TellAll(OrderKind.Finish);
                return row with { Refusal = refused.Text };
            }
        }

        TellAll(OrderKind.Go);
        while (_problem is null && Enumerable.Range(0, seats.Count).Any(seat => Sends(seat) && !_sent.Contains(seat)))
        {
            await HearAsync(NewsKind.Sent, cancellationToken);
        }

        TellAll(OrderKind.Finish);
        while (_problem is null && _done.Count < seats.Count)
        {
            await HearAsync(NewsKind.Done, cancellationToken);
        }

        return Conclude();
    }

    private bool Sends(int seat) => seat == 0 ? row.Scenario.BinderSends : row.Scenario.JoinersSend;

    /// <summary>Waits for news of a kind, or of a failure; handles other news.</summary>
    private async Task<News> HearAsync(NewsKind awaited, CancellationToken cancellationToken)
    {
        while (true)
        {
            var news = await _news.Reader.ReadAsync(cancellationToken);
            var seat = news.Role - firstRole;
            switch (news.Kind)
            {
                case NewsKind.Note:
                    for (var other = 0; other < seats.Count; other++)
                    {
                        if (other != seat)
                        {
                            Tell(other, new Order(OrderKind.Note, firstRole + other, Text: news.Text));
                        }
                    }

                    break;
                case NewsKind.Sent:
                    _sent.Add(seat);
                    break;
                case NewsKind.Done:
                    _done.Add(seat);
                    _tallies.AddRange(news.Tallies!);
                    _nanoseconds.AddRange(news.Nanoseconds!);
                    _entries += news.Entries;
                    break;
                case NewsKind.Failed:
                    _problem = news.Text;
                    return news;
            }

            if (news.Kind == awaited)
            {
                return news;
            }
        }
    }

    private TourRow Conclude()
    {
        var latencies = new Latencies(_nanoseconds);
        return row with
        {
            Messages = _tallies.Sum(static tally => tally.Messages),
            Bytes = _tallies.Sum(static tally => tally.Bytes),
            Entries = _entries,
            Median = latencies.Median,
            P99 = latencies.P99,
            Problem =
                _problem ?? _tallies.Select(tally => judge.Problem(tally, messages)).FirstOrDefault(static problem => problem is not null),
        };
    }

    private IEnumerable<string> Missing() =>
        Enumerable.Range(0, seats.Count).Where(seat => !_done.Contains(seat)).Select(row.Scenario.RoleOf);

    private void Tell(int seat, Order order) => seats[seat].Send(order);

    private void TellAll(OrderKind kind)
    {
        for (var seat = 0; seat < seats.Count; seat++)
        {
            Tell(seat, new Order(kind, firstRole + seat));
        }
    }
}
