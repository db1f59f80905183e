using System.Threading.Channels;
using Fairlead.Cli.Tour;
using Fairlead.Conformance;

namespace Fairlead.Cli.Tests.Tour;

/// <summary>A row of the tour, with roles that the test plays, by a clock that it moves.</summary>
public sealed class RowRunTests : IDisposable
{
    private const int Sent = 2930;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly ManualClock _clock = new();
    private readonly TourInput _input = TourInput.Open(TourCut.Of(new MemoryStream("one line\n"u8.ToArray()), null));
    private readonly Channel<(int Seat, OrderKind Kind)> _orders = Channel.CreateUnbounded<(int, OrderKind)>();
    private readonly RowRun _run;

    public RowRunTests()
    {
        TourRow row = new("unix", Scenarios.Named("message"), Processes: 2) { Messages = 120 };
        Action<Order>[] seats =
            [.. Enumerable.Range(0, 2).Select(seat => (Action<Order>)(order => _orders.Writer.TryWrite((seat, order.Kind))))];
        _run = new RowRun(row, seats, new Judge(_input), firstRole: 0, Sent, _clock);
    }

    public void Dispose() => _input.Dispose();

    [Fact]
    public async Task A_row_that_makes_progress_may_take_longer_than_the_limit()
    {
        Task<TourRow> playing = await BeginAsync();
        for (int round = 1; round <= 5; round++)
        {
            await PassAsync((int)(Limit / Tick) - 10);
            _run.Hear(new News(NewsKind.Moved, Role: 0, Messages: 100 * round));
        }

        _run.Hear(new News(NewsKind.Failed, Role: 1, Text: "the test ends it"));

        Assert.Equal("the test ends it", (await playing).Problem);
    }

    [Fact]
    public async Task A_row_that_makes_no_progress_is_ended_and_reports_what_had_arrived()
    {
        Task<TourRow> playing = await BeginAsync();
        _run.Hear(new News(NewsKind.Moved, Role: 0, Messages: 1091, Bytes: 12_345));

        await Polling.Until(() =>
        {
            _clock.Advance(Tick);
            return playing.IsCompleted;
        });

        TourRow row = await playing;
        Assert.Equal("no progress for 60 s: the binding end, connecting end 1 did not finish", row.Problem);
        Assert.Equal((1091, 12_345), (row.Messages, row.Bytes));
    }

    /// <summary>Plays until both roles have been told to begin.</summary>
    private async Task<Task<TourRow>> BeginAsync()
    {
        Task<TourRow> playing = _run.PlayAsync("unix://here", Limit, CancellationToken.None);
        Assert.Equal((0, OrderKind.Play), await _orders.Reader.ReadAsync().AsTask());
        _run.Hear(new News(NewsKind.Ready, Role: 0, Place: "unix://here"));
        Assert.Equal((1, OrderKind.Play), await _orders.Reader.ReadAsync().AsTask());
        _run.Hear(new News(NewsKind.Ready, Role: 1));
        Assert.Equal((0, OrderKind.Go), await _orders.Reader.ReadAsync().AsTask());
        return playing;
    }

    private async Task PassAsync(int ticks)
    {
        for (int i = 0; i < ticks; i++)
        {
            await Polling.Until(() => _clock.Armed > 0);
            _clock.Advance(Tick);
        }
    }
}
