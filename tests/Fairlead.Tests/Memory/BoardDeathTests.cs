using System.Globalization;
using Fairlead.Diagnostics;
using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Memory.Boards.Storage;
using Fairlead.Registry;
using Fairlead.TestPeer;

namespace Fairlead.Tests.Memory;

/// <summary>FAIRLEAD_KILLS writers of 100 cells are killed (6), every other one in the middle of a write.</summary>
[SlowRun(Reason = "the kill test of boards")]
public sealed class BoardDeathTests(ITestOutputHelper output) : IDisposable
{
    private const int Keys = 100;
    private const int Threads = 8;
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private static readonly int Kills = TestSize.Given("FAIRLEAD_KILLS", 6);

    private readonly string _name = $"b-{Guid.NewGuid():N}";

    public void Dispose() => SharedBoard.Remove(_name);

    [Fact]
    public async Task A_writer_that_is_killed_tears_nothing_is_seen_to_be_dead_and_is_followed()
    {
        using var board = SharedBoard.Open(_name, new SharedBoardOptions { MaxCells = Keys, MaxBytes = Keys * 8256 });
        for (int i = 0; i < Keys; i++)
        {
            _ = board.Cell<CellBlock>(Key(i));
        }

        board.Seal();
        using CancellationTokenSource ended = new();
        Task<long[]> threads = Task.WhenAll(
            Enumerable
                .Range(0, Threads)
                .Select(_ => Task.Factory.StartNew(
                    () => ReadOn(ended.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        await using var one = PeerProcess.Start("board", "read", _name, $"{Keys}");
        await using var two = PeerProcess.Start("board", "read", _name, $"{Keys}");
        Assert.Equal(("ready", "ready"), (await one.ReadLineAsync(), await two.ReadLineAsync()));

        BoardWatch watch = board.Watch();
        int unfinished = 0;
        for (int round = 0; round < Kills; round++)
        {
            await using var writer = PeerProcess.Start("board", "write", _name, $"{Keys}");
            Assert.Equal("ready", await writer.ReadLineAsync());
            bool isInTheMiddle = round % 2 == 0;
            while (isInTheMiddle)
            {
                await writer.StopAsync();
                if (Unfinished())
                {
                    break;
                }

                writer.Continue();
                _ = watch.Wait(Watchdog);
            }

            await writer.KillRunningAsync();
            unfinished += Unfinished() ? 1 : 0;

            // All deaths are reported, each once.
            HashSet<string> dead = [];
            while (dead.Count < Keys)
            {
                foreach (BoardChange change in watch.Wait(Watchdog).Where(change => change.WriterDied))
                {
                    Assert.True(dead.Add(change.Key), $"the death of the writer of {change.Key} was told twice");
                }
            }

            Assert.All(board.Cells, cell => Assert.Equal((true, null), (cell.WriterDied, cell.Writer)));
        }

        await ended.CancelAsync();
        long[] counts = await threads;
        long count = counts.Sum();
        foreach (PeerProcess reader in (PeerProcess[])[one, two])
        {
            await reader.TellAsync("end");
            count += long.Parse(await reader.AnswerAsync(), CultureInfo.InvariantCulture);
        }

        output.WriteLine($"{Kills} writers were killed, {unfinished} in the middle of a write; {count} values were read whole");
        Assert.InRange(unfinished, (Kills + 1) / 2, Kills);
        BoardCell<CellBlock> last = board.Cell<CellBlock>(Key(0));
        long version = last.Version;
        last.Write(CellBlock.Of(version + 1));
        Assert.Equal((version + 1, version + 1), (last.Version, CellBlock.NumberIn(last.Read())));
    }

    private static string Key(int number) => string.Create(CultureInfo.InvariantCulture, $"k{number}");

    private long ReadOn(CancellationToken cancellationToken)
    {
        using var board = SharedBoard.Open(_name);
        BoardCell<CellBlock>[] cells = [.. Enumerable.Range(0, Keys).Select(i => board.Cell<CellBlock>(Key(i)))];
        long[] versions = new long[Keys];
        long count = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            for (int i = 0; i < Keys; i++)
            {
                long before = versions[i];
                if (cells[i].TryReadNew(ref versions[i], out CellBlock block))
                {
                    count++;
                    Assert.Equal(versions[i], CellBlock.NumberIn(block));
                    Assert.True(versions[i] > before);
                }
            }

            // Let other threads run.
            Thread.Yield();
        }

        return count;
    }

    private bool Unfinished()
    {
        byte[] file = File.ReadAllBytes($"{FairleadDirectory.Runtime}/{NamedRegion.Folder}/{_name}");
        return Enumerable.Range(0, Keys).Any(i =>
        {
            int entry = RegionLayout.HeaderSize + BoardLayout.EntriesAt(Keys) + (i * BoardLayout.EntrySize);
            int cell = RegionLayout.HeaderSize + (int)BitConverter.ToInt64(file, entry + BoardLayout.EntryOffsetAt);
            return BitConverter.ToInt64(file, cell + CellLayout.BegunAt) != BitConverter.ToInt64(file, cell + CellLayout.DoneAt);
        });
    }
}
