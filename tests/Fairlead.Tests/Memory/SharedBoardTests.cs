using System.Globalization;
using Fairlead.Memory;
using Fairlead.Synchronization;
using Fairlead.TestPeer;

namespace Fairlead.Tests.Memory;

public sealed class SharedBoardTests : IDisposable
{
    private readonly string _name = $"b-{Guid.NewGuid():N}";

    public void Dispose() => SharedBoard.Remove(_name);

    [Fact]
    public void The_newest_value_of_each_cell_is_read()
    {
        using var board = SharedBoard.Open(_name);
        Assert.Equal((true, _name, 128, 262_144L), (board.IsNew, board.Name, board.MaxCells, board.MaxBytes));
        using (BoardWriter<Speed> speed = board.Write<Speed>("speed"))
        {
            Assert.Equal(default, speed.Value);
            speed.Write(new Speed(1.5, 7));
            speed.Value = new Speed(2.5, 8);
            Assert.Equal(("speed", new Speed(2.5, 8)), (speed.Key, speed.Value));
        }

        using var other = SharedBoard.Open(_name);
        Assert.False(other.IsNew);
        other.Cell<int>("gear").Write(3);
        Assert.Equal(new Speed(2.5, 8), other.Read<Speed>("speed"));
        Assert.Equal((2L, 1L), (board.Cell<Speed>("speed").Version, board.Cell<int>("gear").Version));
        Assert.Equal(3, board.Read<int>("gear"));

        BoardCell<int> gear = board.Cell<int>("gear");
        long version = 0;
        Assert.True(gear.TryReadNew(ref version, out int value));
        Assert.False(gear.TryReadNew(ref version, out _));
        Assert.Equal((1L, 3), (version, value));
        Assert.Equal($"the cell 'gear' of the board '{_name}'", gear.ToString());
    }

    [Fact]
    public void Cells_are_shown_with_type_size_layout_version_and_writer()
    {
        using var board = SharedBoard.Open(_name);
        board.Cell<Speed>("speed").Write(default);
        _ = board.Cell<int>("gear");
        SharedBoardInfo seen = Assert.Single(SharedBoard.List(), found => found.Name == _name);
        Assert.Equal((128, 262_144L, false, null), (seen.MaxCells, seen.MaxBytes, seen.IsSealed, seen.Damage));
        foreach (IReadOnlyList<BoardCellInfo> cells in new[] { board.Cells, seen.Cells })
        {
            Assert.Equal(
                [("speed", "Speed", 16, 1L, false), ("gear", "Int32", 4, 0L, false)],
                cells.Select(cell => (cell.Key, cell.Type, cell.Size, cell.Version, cell.WriterDied)));
            Assert.Equal(LayoutFingerprint.Of<Speed>().ToString("x16", CultureInfo.InvariantCulture), cells[0].Layout);
            Assert.Equal((Environment.ProcessId, null), (cells[0].Writer?.Peer.ProcessId, cells[1].Writer));
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            Assert.InRange(cells[0].Writer!.Since, now.AddMinutes(-10), now.AddSeconds(1));
        }
    }

    [Fact]
    public void A_cell_of_a_board_has_one_writer_and_the_error_names_it()
    {
        using var board = SharedBoard.Open(_name);
        using var rival = SharedBoard.Open(_name);
        using (BoardWriter<int> gear = board.Write<int>("gear"))
        {
            foreach (Action attempt in (Action[])
                [() => rival.Write<int>("gear"), () => rival.Cell<int>("gear").Write(1), () => board.Write<int>("gear"),
                    () => board.Cell<int>("gear").Write(1)])
            {
                var refused = Assert.Throws<FairleadException>(attempt);
                Assert.Equal((ErrorCode.AlreadyExists, Environment.ProcessId), (refused.Code, refused.Peer?.ProcessId));
                Assert.Contains($"the cell 'gear' of the board '{_name}': its writer is pid", refused.Message, StringComparison.Ordinal);
            }

            Assert.Equal(Environment.ProcessId, rival.Cell<int>("gear").Writer?.Peer.ProcessId);
            gear.Write(1);
        }

        Assert.Null(rival.Cell<int>("gear").Writer);
        Assert.False(rival.Cell<int>("gear").WriterDied);
        rival.Cell<int>("gear").Write(2);
        rival.Cell<int>("gear").Write(3);
        Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => board.Write<int>("gear")).Code);
        rival.Dispose();
        board.Cell<int>("gear").Write(4);
        Assert.Equal((4L, 4), (board.Cell<int>("gear").Version, board.Read<int>("gear")));
    }

    [Fact]
    public void Another_size_or_layout_is_incompatible_and_both_are_named()
    {
        using var board = SharedBoard.Open(_name);
        board.Cell<Speed>("speed").Write(new Speed(1, 2));
        foreach (Action attempt in (Action[])
            [() => board.Cell<Turned>("speed"), () => board.Write<Turned>("speed"), () => board.Read<Turned>("speed")])
        {
            var refused = Assert.Throws<FairleadException>(attempt);
            Assert.Equal(ErrorCode.Incompatible, refused.Code);
            Assert.Contains(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"holds Speed (16 bytes, layout {LayoutFingerprint.Of<Speed>():x16}), but Turned (16 bytes, layout "
                        + $"{LayoutFingerprint.Of<Turned>():x16}) was requested"),
                refused.Message,
                StringComparison.Ordinal);
        }

        Assert.Contains(
            "but Int32 (4 bytes",
            Assert.Throws<FairleadException>(() => board.Read<int>("speed")).Message,
            StringComparison.Ordinal);
        Assert.Equal(new Elsewhere.Speed(1, 2), board.Read<Elsewhere.Speed>("speed"));
    }

    [Fact]
    public void The_error_for_a_missing_key_names_the_existing_keys()
    {
        using var board = SharedBoard.Open(_name);
        Assert.Contains("It has no cells yet", Missing(() => board.Read<int>("gear")), StringComparison.Ordinal);
        _ = board.Cell<int>("gear");
        _ = board.Cell<int>("fuel");
        Assert.Contains("has no cell 'geer'. Did you mean 'gear'?", Missing(() => board.Read<int>("geer")), StringComparison.Ordinal);
        Assert.Contains("It has: gear, fuel.", Missing(() => board.Watch("gear", "temperature")), StringComparison.Ordinal);

        using var other = SharedBoard.Open(_name);
        Assert.False(other.IsSealed);
        board.Seal();
        Assert.True(other.IsSealed);
        Assert.Contains("has no cell 'speed'", Missing(() => other.Cell<int>("speed")), StringComparison.Ordinal);
        other.Cell<int>("gear").Write(1);
        Assert.Equal(2, board.Cells.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("a\u202Eb")]
    [InlineData("ääääääääääääääääääääääääääääääääääääääääääääääääx")]
    public void An_invalid_key_is_refused(string key)
    {
        using var board = SharedBoard.Open(_name);
        Assert.Throws<ArgumentException>(() => board.Cell<int>(key));
        Assert.Throws<ArgumentException>(() => board.Write<int>(key));
        Assert.Throws<ArgumentException>(() => board.Cell<int>("\uD800"));
        Assert.Empty(board.Cells);
        board.Cell<int>("Geschwindigkeit über Grund / 1").Write(1);
        board.Cell<int>("ääääääääääääääääääääääääääääääääääääääääääääääää").Write(1);
        Assert.Equal(2, Assert.Single(SharedBoard.List(), found => found.Name == _name).Cells.Count);
    }

    [Fact]
    public void The_error_of_a_full_board_names_the_exhausted_limit()
    {
        using var board = SharedBoard.Open(_name, new SharedBoardOptions { MaxCells = 2, MaxBytes = 1000 });
        Assert.Contains(
            "it needs 8256 bytes, 1000 of 1000 are free, and 0 of 2 cells are taken",
            Full<CellBlock>("a"),
            StringComparison.Ordinal);
        _ = board.Cell<int>("a");
        _ = board.Cell<int>("b");
        Assert.Contains("2 of 2 cells are taken", Full<int>("c"), StringComparison.Ordinal);
        SharedBoardOptions larger = new() { MaxCells = 3, MaxBytes = 1000 };
        var other = Assert.Throws<FairleadException>(() => SharedBoard.Open(_name, larger));
        Assert.Equal(ErrorCode.Incompatible, other.Code);
        Assert.Contains("room for 2 cells in 1000 bytes, but 3 in 1000 were requested", other.Message, StringComparison.Ordinal);
        SharedBoard.Open(_name, new SharedBoardOptions { MaxCells = 2, MaxBytes = 1000 }).Dispose();
        foreach (SharedBoardOptions options in (SharedBoardOptions[])
            [new() { MaxCells = 0 }, new() { MaxCells = 1025 }, new() { MaxBytes = 0 }, new() { MaxBytes = long.MaxValue }])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => SharedBoard.Open("never", options));
        }

        string Full<T>(string key)
            where T : unmanaged
        {
            var full = Assert.Throws<FairleadException>(() => board.Cell<T>(key));
            Assert.Equal(ErrorCode.Full, full.Code);
            return full.Message;
        }
    }

    [Fact]
    public void The_largest_number_of_cells_can_all_have_writers()
    {
        using var board = SharedBoard.Open(_name, new SharedBoardOptions { MaxCells = 1024, MaxBytes = 1024 * 320 });
        for (int i = 0; i < 1024; i++)
        {
            board.Cell<int>($"k{i}").Write(i);
        }

        using var other = SharedBoard.Open(_name);
        Assert.Equal((1023, 1024), (other.Read<int>("k1023"), other.Cells.Count(cell => cell.Writer is not null)));
        Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => other.Write<int>("k1023")).Code);
    }

    [Fact]
    public void Calls_of_a_disposed_board_or_writer_throw()
    {
        var board = SharedBoard.Open(_name);
        BoardCell<int> cell = board.Cell<int>("gear");
        BoardWriter<int> writer = board.Write<int>("gear");
        BoardWatch watch = board.Watch();
        writer.Dispose();
        writer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => writer.Write(1));
        writer = board.Write<int>("gear");
        writer.Write(1);
        board.Dispose();
        board.Dispose();
        foreach (Action use in (Action[])
            [
                () => writer.Write(1), () => _ = writer.Value, () => cell.Read(), () => cell.Write(1), () => _ = cell.Version,
                () => _ = cell.Writer, () => _ = cell.WriterDied, () => cell.TryWaitForChange(TimeSpan.Zero),
                () => watch.TryWait(TimeSpan.Zero, out _), () => board.Read<int>("gear"), () => board.Cell<int>("gear"),
                () => board.Write<int>("gear"), () => _ = board.Cells, () => board.Watch(), () => board.Seal(), () => board.Verify(),
            ])
        {
            Assert.Throws<ObjectDisposedException>(use);
        }

        writer.Dispose();
        using var again = SharedBoard.Open(_name);
        Assert.Equal((1, null), (again.Read<int>("gear"), again.Cell<int>("gear").Writer));
    }

    [Fact]
    public void Boards_cells_and_regions_share_their_names()
    {
        using (var board = SharedBoard.Open(_name))
        {
            board.Verify();
            Assert.Contains(
                "holds a board, but a region was requested",
                Assert.Throws<FairleadException>(() => SharedRegion.Open(_name)).Message,
                StringComparison.Ordinal);
            Assert.True(SharedBoard.Remove(_name));
            Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(board.Verify).Code);
        }

        Assert.False(SharedBoard.Remove(_name));
        using var cell = SharedCell<int>.Open(_name);
        Assert.Contains(
            "holds a cell, but a board was requested",
            Assert.Throws<FairleadException>(() => SharedBoard.Open(_name)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Reading_and_writing_allocate_nothing()
    {
        using var board = SharedBoard.Open(_name);
        using BoardWriter<long> writer = board.Write<long>("a");
        BoardCell<long> cell = board.Cell<long>("a");
        BoardCell<long> own = board.Cell<long>("b");
        Assert.Equal(0, Allocations.Least(Work));

        void Work()
        {
            long version = 0;
            for (int i = 0; i < 1000; i++)
            {
                writer.Write(i);
                own.Write(i);
                cell.Read();
                cell.TryReadNew(ref version, out _);
                board.Read<long>("a");
            }
        }
    }

    [Fact]
    public void Threads_that_open_a_board_and_add_cells_at_the_same_time_get_the_same_cells()
    {
        const int Threads = 8;
        InParallel.Run(Threads, thread =>
        {
            using var board = SharedBoard.Open(_name);
            for (int i = 0; i < 20; i++)
            {
                _ = board.Cell<long>($"k{i}");
            }

            board.Cell<long>($"k{thread}").Write(thread);
            Assert.Equal(20, board.Cells.Count);
        });
        using var after = SharedBoard.Open(_name);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], Enumerable.Range(0, Threads).Select(thread => after.Read<long>($"k{thread}")));
    }

    [Fact]
    public void Threads_can_write_one_cell_of_a_board_concurrently()
    {
        const int Threads = 4, PerThread = 2_000;
        using var board = SharedBoard.Open(_name);
        BoardCell<CellBlock> cell = board.Cell<CellBlock>("a");
        int writing = Threads;
        InParallel.Run(Threads + 1, thread =>
        {
            if (thread < Threads)
            {
                for (int i = 0; i < PerThread; i++)
                {
                    cell.Write(CellBlock.Of((thread * PerThread) + i));
                }

                Interlocked.Decrement(ref writing);
                return;
            }

            while (Volatile.Read(ref writing) > 0)
            {
                Assert.NotEqual(-1, CellBlock.NumberIn(board.Read<CellBlock>("a")));
            }
        });
        Assert.Equal(Threads * PerThread, cell.Version);
    }

    [Fact]
    public void Threads_that_search_cells_while_others_are_added_find_no_damage()
    {
        const int Cells = 1000;
        using var board = SharedBoard.Open(_name, new SharedBoardOptions { MaxCells = Cells, MaxBytes = Cells * 320 });
        using var looking = SharedBoard.Open(_name);
        bool isOver = false;
        InParallel.Run(4, index =>
        {
            if (index == 0)
            {
                for (int i = 0; i < Cells; i++)
                {
                    _ = board.Cell<int>(string.Create(CultureInfo.InvariantCulture, $"cell {i}"));
                }

                Volatile.Write(ref isOver, true);
                return;
            }

            while (!Volatile.Read(ref isOver))
            {
                looking.Core.Enter();
                for (int i = 0; i < 1000; i++)
                {
                    Assert.Null(looking.Core.Find("none"));
                }

                looking.Core.Exit();
            }
        });
        Assert.Equal(Cells, looking.Cells.Count);
    }

    private static string Missing(Action read)
    {
        var missing = Assert.Throws<FairleadException>(read);
        Assert.Equal(ErrorCode.NotFound, missing.Code);
        return missing.Message;
    }

    private readonly record struct Speed(double MetersPerSecond, long Time);

    private readonly record struct Turned(long Time, double MetersPerSecond);

    private static class Elsewhere
    {
        internal readonly record struct Speed(double MetersPerSecond, long Time);
    }
}
