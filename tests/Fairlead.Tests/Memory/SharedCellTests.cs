using Fairlead.Diagnostics;
using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Registry;
using Fairlead.TestPeer;

namespace Fairlead.Tests.Memory;

public sealed class SharedCellTests : IDisposable
{
    private readonly string _name = $"c-{Guid.NewGuid():N}";

    public void Dispose() => SharedRegion.Remove(_name);

    [Fact]
    public void The_fields_of_a_cell_are_at_their_documented_offsets()
    {
        Assert.Equal(
            (0, 8, 16, 24, 64, 4),
            (CellLayout.HeaderAt, CellLayout.WriterAt, CellLayout.BegunAt, CellLayout.DoneAt, CellLayout.SlotsAt, CellLayout.Slots));
        Assert.Equal(
            (320L, 320L, 576L, 320L), (CellLayout.Size(1), CellLayout.Size(64), CellLayout.Size(65), SharedCell<long>.SizeInRegion));
        using var region = SharedRegion.Create(1024);
        using var cell = region.Cell<long>(128);
        for (long i = 1; i <= 5; i++)
        {
            cell.Write(i * 11);
        }

        Assert.Equal("FLC1"u8, region.Span<byte>(132, 4));
        Assert.Equal(
            (8, Environment.ProcessId, 5L, 5L), (region.At<int>(128), region.At<int>(136), region.At<long>(144), region.At<long>(152)));
        Assert.Equal([44L, 55L, 22L, 33L], [region.At<long>(192), region.At<long>(256), region.At<long>(320), region.At<long>(384)]);
    }

    [Fact]
    public void The_newest_value_is_read()
    {
        using var writer = SharedCell<(long, long)>.Open(_name);
        using var reader = SharedCell<(long, long)>.Open(_name);
        long version = 0;
        Assert.Equal((0L, (0L, 0L)), (reader.Version, reader.Read()));
        Assert.False(reader.TryReadNew(ref version, out _));

        writer.Write((1, 2));
        writer.Write((3, 4));

        Assert.Equal((2L, (3L, 4L)), (reader.Version, reader.Read()));
        Assert.True(reader.TryReadNew(ref version, out (long, long) value));
        Assert.Equal((2L, (3L, 4L)), (version, value));
        Assert.False(reader.TryReadNew(ref version, out _));
    }

    [Fact]
    public void The_value_outlives_its_writer_and_another_may_follow()
    {
        using (var writer = SharedCell<int>.Open(_name))
        {
            writer.Write(7);
        }

        using var next = SharedCell<int>.Open(_name);
        Assert.Equal(7, next.Read());
        next.Write(8);
        Assert.Equal((2L, 8), (next.Version, next.Read()));
    }

    [Fact]
    public void Another_size_is_incompatible_and_both_are_named()
    {
        using var cell = SharedCell<long>.Open(_name);
        var size = Assert.Throws<FairleadException>(() => SharedCell<int>.Open(_name));
        Assert.Equal(ErrorCode.Incompatible, size.Code);
        Assert.Contains("has values of 8 bytes, but the requested type has 4", size.Message, StringComparison.Ordinal);
        Assert.Contains(
            "has values of 8 bytes, but the requested type has 2048",
            Assert.Throws<FairleadException>(() => SharedCell<CellBlock>.Open(_name)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "holds a cell, but a region was requested",
            Assert.Throws<FairleadException>(() => SharedRegion.Open(_name)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_region_can_hold_several_cells()
    {
        using var region = SharedRegion.Create(1024);
        using var one = region.Cell<long>(0);
        using var two = region.Cell<double>(SharedCell<long>.SizeInRegion);
        one.Write(1);
        two.Write(2.5);
        using (var rival = region.Cell<long>(0))
        {
            Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => rival.Write(3)).Code);
        }

        Assert.Equal((1L, 2.5), (one.Read(), two.Read()));

        Assert.Throws<ArgumentOutOfRangeException>(() => region.Cell<long>(1024 - 256));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Cell<long>(-64));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Cell<CellBlock>(0));
        Assert.Throws<ArgumentException>(() => region.Cell<long>(8));
        Assert.Equal(ErrorCode.Incompatible, Assert.Throws<FairleadException>(() => region.Cell<int>(0)).Code);
        region.At<long>(640) = 1;
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(() => region.Cell<long>(640)).Code);

        // A cell ends with its region.
        region.Dispose();
        Assert.Throws<ObjectDisposedException>(() => one.Read());
        Assert.Throws<ObjectDisposedException>(() => one.Write(1));
    }

    [Fact]
    public async Task A_cell_has_one_writer_and_the_error_names_it()
    {
        using var first = SharedCell<CellBlock>.Open(_name);
        using var second = SharedCell<CellBlock>.Open(_name);
        first.Write(CellBlock.Of(1));
        var refused = Assert.Throws<FairleadException>(() => second.Write(CellBlock.Of(2)));
        Assert.Equal((ErrorCode.AlreadyExists, Environment.ProcessId), (refused.Code, refused.Peer?.ProcessId));
        await using (var peer = PeerProcess.Start("cell", "write", _name))
        {
            Assert.StartsWith("error AlreadyExists", await peer.ReadLineAsync(), StringComparison.Ordinal);
        }

        first.Dispose();
        second.Write(CellBlock.Of(2));
        Assert.Equal(2, second.Version);
    }

    [Fact]
    public void Calls_of_a_disposed_cell_throw()
    {
        var cell = SharedCell<long>.Open(_name);
        cell.Write(1);
        cell.Dispose();
        cell.Dispose();
        Assert.Throws<ObjectDisposedException>(() => cell.Read());
        Assert.Throws<ObjectDisposedException>(() => cell.Version);
        Assert.Throws<ObjectDisposedException>(() => cell.Write(2));
    }

    [Fact]
    public void An_unfinished_write_is_not_visible_and_the_next_writer_continues()
    {
        using var region = SharedRegion.Create(1024);
        using (var writer = region.Cell<long>(0))
        {
            writer.Write(11);
            writer.Write(22);
        }

        // The state that a writer leaves when it dies in the middle of write 3.
        region.At<long>(CellLayout.BegunAt) = 3;
        region.At<long>(CellLayout.SlotsAt + (3 * CellLayout.Alignment)) = 0x3333;
        using var next = region.Cell<long>(0);
        Assert.Equal((2L, 22L), (next.Version, next.Read()));
        next.Write(33);
        Assert.Equal((3L, 33L), (next.Version, next.Read()));
    }

    [Fact]
    public void Contradictory_counters_are_corrupt_and_block_no_call()
    {
        using var region = SharedRegion.Create(1024);
        using var cell = region.Cell<long>(0);
        foreach (long begun in (long[])[long.MaxValue, long.MinValue, -1, 4])
        {
            region.At<long>(CellLayout.BegunAt) = begun;
            Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(() => cell.Read()).Code);
        }

        // Whatever the numbers are, each selects one of the slots.
        foreach (long done in (long[])[long.MaxValue, long.MinValue, -1])
        {
            region.At<long>(CellLayout.BegunAt) = done;
            region.At<long>(CellLayout.DoneAt) = done;
            Assert.Equal(0, cell.Read());
        }
    }

    [Fact]
    public void Reading_and_writing_allocate_nothing()
    {
        using var cell = SharedCell<long>.Open(_name);
        Assert.Equal(0, Allocations.Least(() => Work(cell)));

        static void Work(SharedCell<long> cell)
        {
            long version = 0;
            for (int i = 0; i < 1000; i++)
            {
                cell.Write(i);
                cell.Read();
                cell.TryReadNew(ref version, out _);
            }
        }
    }

    [Fact]
    public void Threads_can_write_one_cell_concurrently()
    {
        const int Threads = 4, PerThread = 5_000;
        using var cell = SharedCell<CellBlock>.Open(_name);
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
                Assert.NotEqual(-1, CellBlock.NumberIn(cell.Read()));
            }
        });
        Assert.Equal(Threads * PerThread, cell.Version);
    }

    [Fact]
    public async Task Readers_in_other_processes_see_whole_values_in_order()
    {
        await using var writer = PeerProcess.Start("cell", "write", _name);
        Assert.Equal("ready", await writer.ReadLineAsync());
        var count = $"{TestSize.Of(4_000, full: 20_000)}";
        await using var one = PeerProcess.Start("cell", "read", _name, count);
        await using var two = PeerProcess.Start("cell", "read", _name, count);
        Assert.Equal(("ready", "ready"), (await one.ReadLineAsync(), await two.ReadLineAsync()));
        Assert.Equal(("ok", "ok"), (await one.ReadLineAsync(), await two.ReadLineAsync()));
    }

    [Fact]
    public async Task A_writer_that_is_stopped_or_killed_during_a_write_blocks_no_reader()
    {
        using var cell = SharedCell<CellBlock>.Open(_name);
        long last = 0;
        int unfinished = 0;
        for (int round = 0; round < 8; round++)
        {
            await using var writer = PeerProcess.Start("cell", "write", _name);
            Assert.Equal("ready", await writer.ReadLineAsync());
            last = ReadWhole(cell, last, 100);
            await writer.StopAsync();

            // Every other process is killed in the middle of a write; the others at a random moment.
            bool isInTheMiddle = round % 2 == 0;
            while (isInTheMiddle && !Unfinished())
            {
                writer.Continue();
                last = ReadWhole(cell, last, 10);
                await writer.StopAsync();
            }

            last = ReadWhole(cell, last, 2);
            Assert.Equal(last, cell.Version);
            if (!isInTheMiddle)
            {
                writer.Continue();
                last = ReadWhole(cell, last, 100);
            }

            await writer.KillRunningAsync();
            last = ReadWhole(cell, last, 2);
            Assert.Equal(last, cell.Version);
            unfinished += Unfinished() ? 1 : 0;
        }

        Assert.InRange(unfinished, 4, 8);
        cell.Write(CellBlock.Of(last + 1));
        Assert.Equal(last + 1, CellBlock.NumberIn(cell.Read()));
    }

    [Fact]
    public void A_cell_whose_creator_died_before_the_first_use_accepts_only_values_of_its_size()
    {
        NamedRegion.Open(_name, SharedCell<int>.SizeInRegion, RegionContent.Cell).Dispose();

        var refused = Assert.Throws<FairleadException>(() => SharedCell<CellBlock>.Open(_name));

        Assert.Equal(ErrorCode.Incompatible, refused.Code);
        using var cell = SharedCell<int>.Open(_name);
        cell.Write(7);
        Assert.Equal(7, cell.Read());
    }

    private static long ReadWhole(SharedCell<CellBlock> cell, long before, int times)
    {
        for (int i = 0; i < times; i++)
        {
            long number = CellBlock.NumberIn(cell.Read());
            Assert.True(number >= before, $"{number} was read after {before}");
            before = number;
        }

        return before;
    }

    private bool Unfinished()
    {
        byte[] file = File.ReadAllBytes($"{FairleadDirectory.Runtime}/{NamedRegion.Folder}/{_name}");
        return BitConverter.ToInt64(file, RegionLayout.HeaderSize + CellLayout.BegunAt)
            != BitConverter.ToInt64(file, RegionLayout.HeaderSize + CellLayout.DoneAt);
    }
}
