using System.Threading.Channels;

namespace Fairlead.Cli.Tour;

/// <summary>A row of the tour while it runs: roles in workers, which it starts together, leads to the end, and judges.</summary>
/// <param name="row">The row before it is played.</param>
/// <param name="seats">Send an order to the process of each role.</param>
/// <param name="judge">Knows what should arrive.</param>
/// <param name="firstRole">The number of the first role.</param>
/// <param name="messages">How many messages of the input to send.</param>
/// <param name="clock">Measures the time without progress; null: the system's.</param>
internal sealed class RowRun(
    TourRow row, IReadOnlyList<Action<Order>> seats, Judge judge, int firstRole, int messages, TimeProvider? clock = null)
{
    // A machine that gives the tour no processor also delays these ticks: so the time without progress is counted in them.
    private static readonly TimeSpan LongestTick = TimeSpan.FromSeconds(1);

    private readonly Channel<News> _news = Channel.CreateUnbounded<News>();
    private readonly List<TallyReport> _tallies = [];
    private readonly List<long> _nanoseconds = [];
    private readonly HashSet<int> _sent = [];
    private readonly HashSet<int> _done = [];
    private readonly Dictionary<int, News> _moved = [];
    private Task<bool>? _coming;
    private int _entries;
    private string? _problem;
    private TimeSpan _limit;

    /// <summary>Takes news of a role of this row. Called by a worker.</summary>
    public void Hear(News news) => _news.Writer.TryWrite(news);

    /// <summary>Plays the row.</summary>
    /// <param name="place">The place of the first role.</param>
    /// <param name="limit">The longest time in which the row makes no progress.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public async Task<TourRow> PlayAsync(string place, TimeSpan limit, CancellationToken cancellationToken)
    {
        _limit = limit;
        try
        {
            return await PlayAsync(place, cancellationToken);
        }
        catch (TimeoutException)
        {
            _problem = $"no progress for {limit.TotalSeconds:0.#} s: {string.Join(", ", Missing())} did not finish";
            return Conclude();
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
            var news = await NextAsync(cancellationToken);
            var seat = news.Role - firstRole;
            switch (news.Kind)
            {
                case NewsKind.Moved when seat >= 0 && seat < seats.Count:
                    _moved[seat] = news;
                    break;
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

    /// <summary>Returns the next news.</summary>
    /// <exception cref="TimeoutException">There were none for longer than the limit.</exception>
    private async Task<News> NextAsync(CancellationToken cancellationToken)
    {
        var tick = _limit < LongestTick ? _limit : LongestTick;
        for (var idle = TimeSpan.Zero; ; idle += tick)
        {
            if (_news.Reader.TryRead(out var news))
            {
                return news;
            }

            if (idle >= _limit)
            {
                throw new TimeoutException();
            }

            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _coming = _coming is { IsCompleted: false } ? _coming : _news.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
            await Task.WhenAny(_coming, Task.Delay(tick, clock ?? TimeProvider.System, over.Token));
            cancellationToken.ThrowIfCancellationRequested();
            await over.CancelAsync();
        }
    }

    /// <summary>Returns the row as it is now: of a role that has not closed, what it reported last.</summary>
    private TourRow Conclude()
    {
        var latencies = new Latencies(_nanoseconds);
        News[] open = [.. _moved.Where(moved => !_done.Contains(moved.Key)).Select(static moved => moved.Value)];
        return row with
        {
            Messages = _tallies.Sum(static tally => tally.Messages) + open.Sum(static news => news.Messages),
            Bytes = _tallies.Sum(static tally => tally.Bytes) + open.Sum(static news => news.Bytes),
            Entries = _entries,
            Median = latencies.Median,
            P99 = latencies.P99,
            Problem =
                _problem ?? _tallies.Select(tally => judge.Problem(tally, messages)).FirstOrDefault(static problem => problem is not null),
        };
    }

    private IEnumerable<string> Missing() =>
        Enumerable.Range(0, seats.Count).Where(seat => !_done.Contains(seat)).Select(row.Scenario.RoleOf);

    private void Tell(int seat, Order order) => seats[seat](order);

    private void TellAll(OrderKind kind)
    {
        for (var seat = 0; seat < seats.Count; seat++)
        {
            Tell(seat, new Order(kind, firstRole + seat));
        }
    }
}
