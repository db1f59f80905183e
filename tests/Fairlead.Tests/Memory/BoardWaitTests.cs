using Fairlead.Memory;

namespace Fairlead.Tests.Memory;

/// <summary>Waiting for changes of a board, in this process and across processes.</summary>
public sealed class BoardWaitTests : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly string _name = $"b-{Guid.NewGuid():N}";

    public void Dispose() => SharedBoard.Remove(_name);

    [Fact]
    public async Task A_change_ends_a_wait_and_counts_as_read()
    {
        using var board = SharedBoard.Open(_name);
        using var writer = SharedBoard.Open(_name);
        BoardCell<int> cell = board.Cell<int>("gear");
        ValueTask<BoardChange> changed = cell.ChangedAsync(Watchdog);
        Assert.False(changed.IsCompleted);
        writer.Cell<int>("gear").Write(1);
        Assert.Equal(new BoardChange("gear", 1, WriterDied: false), await changed);
        Assert.False(cell.TryWaitForChange(TimeSpan.Zero));

        // A value written between two waits ends the second at once, unless it was read.
        writer.Cell<int>("gear").Write(2);
        writer.Cell<int>("gear").Write(3);
        Assert.Equal(3, cell.WaitForChange(Watchdog).Version);
        writer.Cell<int>("gear").Write(4);
        Assert.Equal(4, cell.Read());
        Assert.False(await cell.TryChangedAsync(TimeSpan.Zero));
    }

    [Fact]
    public async Task A_wait_ends_at_its_timeout_or_token()
    {
        using var board = SharedBoard.Open(_name);
        BoardCell<int> cell = board.Cell<int>("gear");
        BoardWatch watch = board.Watch("gear");
        TimeSpan soon = TimeSpan.FromMilliseconds(20);
        var late = Assert.Throws<FairleadException>(() => cell.WaitForChange(soon));
        Assert.Equal(ErrorCode.Timeout, late.Code);
        Assert.Contains("did not change within 0.02 s (no writer lives)", late.Message, StringComparison.Ordinal);
        Assert.False(cell.TryWaitForChange(soon));
        Assert.False(await cell.TryChangedAsync(soon));
        Assert.Equal(ErrorCode.Timeout, (await Assert.ThrowsAsync<FairleadException>(async () => await cell.ChangedAsync(soon))).Code);
        Assert.Throws<FairleadException>(() => watch.Wait(soon));
        Assert.False(watch.TryWait(soon, out _));
        Assert.Empty(await watch.TryWaitAsync(soon));
        Assert.Throws<ArgumentOutOfRangeException>(() => cell.TryWaitForChange(TimeSpan.FromSeconds(-2)));
        board.Cell<int>("gear").Write(1);
        _ = cell.Read();
        Assert.Contains(
            $"(written by pid {Environment.ProcessId}",
            Assert.Throws<FairleadException>(() => cell.WaitForChange(soon)).Message,
            StringComparison.Ordinal);
        _ = watch.Wait(Watchdog);

        using CancellationTokenSource source = new();
        Task<BoardChange> cancelled = cell.ChangedAsync(source.Token).AsTask();
        Task<IReadOnlyList<BoardChange>> watched = watch.WaitAsync(source.Token).AsTask();
        Task blocked = Task.Run(() => board.Cell<int>("gear").WaitForChange(cancellationToken: source.Token));
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Watchdog));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watched.WaitAsync(Watchdog));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blocked.WaitAsync(Watchdog));
        Assert.ThrowsAny<OperationCanceledException>(() => cell.TryWaitForChange(TimeSpan.Zero, source.Token));
    }

    [Fact]
    public async Task A_watch_reports_some_cells_or_all()
    {
        using var board = SharedBoard.Open(_name);
        using var writer = SharedBoard.Open(_name);
        writer.Cell<int>("a").Write(1);
        writer.Cell<int>("b").Write(1);
        writer.Cell<int>("c").Write(1);
        BoardWatch some = board.Watch("a", "b");
        BoardWatch all = board.Watch();
        Assert.False(some.TryWait(TimeSpan.Zero, out _));

        writer.Cell<int>("c").Write(2);
        Assert.False(some.TryWait(TimeSpan.Zero, out _));
        Assert.Equal(["c"], all.Wait(Watchdog).Select(change => change.Key));
        ValueTask<IReadOnlyList<BoardChange>> waiting = some.WaitAsync(Watchdog);
        Assert.Throws<InvalidOperationException>(() => some.TryWait(TimeSpan.Zero, out _));
        writer.Cell<int>("c").Write(3);
        writer.Cell<int>("b").Write(2);
        Assert.Equal([new BoardChange("b", 2, WriterDied: false)], await waiting);

        // A cell that did not exist when the watch was created.
        Assert.Equal(["b", "c"], all.Wait(Watchdog).Select(change => change.Key));
        Task<IReadOnlyList<BoardChange>> added = all.WaitAsync(Watchdog).AsTask();
        writer.Cell<int>("new").Write(1);
        Assert.Equal([new BoardChange("new", 1, WriterDied: false)], await added);
    }

    [Fact]
    public async Task ReadAllAsync_returns_the_newest_value_and_then_each_newer_value()
    {
        using var board = SharedBoard.Open(_name);
        using var writer = SharedBoard.Open(_name);
        BoardWriter<long> count = writer.Write<long>("count");
        count.Write(1);
        using CancellationTokenSource source = new(Watchdog);
        long before = 0;
        await foreach (long value in board.Cell<long>("count").ReadAllAsync(source.Token))
        {
            Assert.True(value > before);
            before = value;
            if (value >= 1000)
            {
                break;
            }

            count.Write(value + 1);
        }

        Assert.Equal(1000, before);
    }

    [Fact]
    public async Task A_wait_continues_to_its_end_when_the_board_is_disposed()
    {
        var board = SharedBoard.Open(_name);
        using var writer = SharedBoard.Open(_name);
        Task<BoardChange> waiting = board.Cell<int>("gear").ChangedAsync(Watchdog).AsTask();
        board.Dispose();
        writer.Cell<int>("gear").Write(1);
        Assert.Equal(1, (await waiting).Version);
    }

    /// <summary>A lost wake-up ends this test by its watchdog.</summary>
    [Fact]
    public void No_wake_up_is_lost_between_threads()
    {
        const int Rounds = 5_000;
        using var ping = SharedBoard.Open(_name);
        using var pong = SharedBoard.Open(_name);
        BoardCell<int> there = ping.Cell<int>("there");
        BoardCell<int> back = pong.Cell<int>("back");
        InParallel.Run(2, thread =>
        {
            BoardCell<int> mine = thread == 0 ? there : back;
            BoardCell<int> others = thread == 0 ? pong.Cell<int>("back") : ping.Cell<int>("there");
            BoardWatch watch = (thread == 0 ? pong : ping).Watch(others.Key);
            for (int i = 1; i <= Rounds; i++)
            {
                if (thread == 0)
                {
                    mine.Write(i);
                }

                while (others.Read() != i)
                {
                    if (i % 2 == 0)
                    {
                        others.WaitForChange(Watchdog);
                    }
                    else
                    {
                        _ = watch.Wait(Watchdog);
                    }
                }

                if (thread == 1)
                {
                    mine.Write(i);
                }
            }
        });
    }

    [Fact]
    public async Task A_write_wakes_another_process_which_also_learns_of_a_writers_death()
    {
        using var board = SharedBoard.Open(_name);
        await using var waiter = PeerProcess.Start("board", "wait", _name, "count");
        Assert.Equal("ready", await waiter.ReadLineAsync());
        BoardCell<long> cell = board.Cell<long>("count");
        for (int round = 1; round <= 2; round++)
        {
            await using var writer = PeerProcess.Start("board", "hold", _name, "count");
            Assert.Equal("ready", await writer.ReadLineAsync());
            Assert.Equal(writer.Id, cell.Writer?.Peer.ProcessId);
            var refused = Assert.Throws<FairleadException>(() => board.Write<long>("count"));
            Assert.Equal((ErrorCode.AlreadyExists, writer.Id), (refused.Code, refused.Peer?.ProcessId));
            Assert.Contains("board hold", refused.Message, StringComparison.Ordinal);
            await writer.TellAsync("add");
            Assert.Equal($"{round}", await waiter.ReadLineAsync());
            Assert.Equal(round, cell.WaitForChange(Watchdog).Version);
            BoardCell<long> second = board.Cell<long>("count");
            Task<BoardChange> blocking = Task.Run(() => second.WaitForChange(Watchdog));
            await writer.KillRunningAsync();
            Assert.Equal("died", await waiter.ReadLineAsync());
            Assert.Equal(new BoardChange("count", round, WriterDied: true), cell.WaitForChange(Watchdog));
            Assert.Equal(new BoardChange("count", round, WriterDied: true), await blocking);
            Assert.Equal((null, true, (long)round), (cell.Writer, cell.WriterDied, cell.Read()));
            Assert.True(Assert.Single(board.Cells).WriterDied);

            // Reported once.
            Assert.False(cell.TryWaitForChange(TimeSpan.Zero));
        }

        board.Cell<long>("count").Write(9);
        Assert.Equal("9", await waiter.ReadLineAsync());
        Assert.False(cell.WriterDied);
    }

    [Fact]
    public async Task A_watch_of_all_cells_reports_a_writer_that_started_and_died_between_two_waits()
    {
        using var board = SharedBoard.Open(_name);
        BoardWatch watch = board.Watch();
        await using (var writer = PeerProcess.Start("board", "hold", _name, "count"))
        {
            Assert.Equal("ready", await writer.ReadLineAsync());
            await writer.KillRunningAsync();
        }

        Assert.Equal([new BoardChange("count", 0, WriterDied: true)], watch.Wait(Watchdog));
        Assert.Empty(await watch.TryWaitAsync(TimeSpan.Zero));
    }
}
