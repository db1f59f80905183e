using System.Globalization;
using Fairlead.Memory;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>board write NAME KEYS</c>: becomes the writer of the cells <c>k0</c>, <c>k1</c>… of a board, says <c>ready</c>, then writes blocks in
/// turn, numbered by their versions, until it is ended. <c>board hold NAME KEY</c>: becomes the writer of one cell of <c>long</c>, says
/// <c>ready</c>, and adds one for each line that it gets. <c>board read NAME KEYS</c>: says <c>ready</c>, reads all cells again and again
/// until its input ends, then says <c>ok</c> and how many values; or <c>error</c> at the first that is torn or goes back.
/// <c>board wait NAME KEY</c>: waits for each change of a cell of <c>long</c>, and says it. <c>board layout</c>: says the layout of
/// <see cref="Telemetry"/>.
/// </summary>
internal static class BoardVerb
{
    /// <summary>The key of a number.</summary>
    public static string Key(int number) => string.Create(CultureInfo.InvariantCulture, $"k{number}");

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments[0] == "layout")
        {
            Console.WriteLine(LayoutFingerprint.Describe<Telemetry>());
            return 0;
        }

        using var board = SharedBoard.Open(arguments[1]);
        try
        {
            return arguments[0] switch
            {
                "write" => Write(board, int.Parse(arguments[2], CultureInfo.InvariantCulture)),
                "hold" => Hold(board, arguments[2]),
                "read" => Read(board, int.Parse(arguments[2], CultureInfo.InvariantCulture)),
                _ => await WaitAsync(board, arguments[2]),
            };
        }
        catch (FairleadException error)
        {
            Console.WriteLine($"error {error.Code} {error.Message}");
            return 1;
        }
    }

    private static int Write(SharedBoard board, int keys)
    {
        BoardWriter<CellBlock>[] writers = [.. Enumerable.Range(0, keys).Select(number => board.Write<CellBlock>(Key(number)))];
        long[] numbers = [.. writers.Select(writer => board.Cell<CellBlock>(writer.Key).Version)];
        for (long i = 0; ; i++)
        {
            int key = (int)(i % keys);
            writers[key].Write(CellBlock.Of(++numbers[key]));
            if (i == keys)
            {
                Console.WriteLine("ready");
            }
        }
    }

    private static int Hold(SharedBoard board, string key)
    {
        using BoardWriter<long> writer = board.Write<long>(key);
        Console.WriteLine("ready");
        while (Console.ReadLine() is not null)
        {
            writer.Value++;
        }

        return 0;
    }

    private static int Read(SharedBoard board, int keys)
    {
        using CancellationTokenSource ended = new();
        Thread input = new(() =>
        {
            _ = Console.ReadLine();
            ended.Cancel();
        });
        input.Start();
        BoardCell<CellBlock>[] cells = [.. Enumerable.Range(0, keys).Select(number => board.Cell<CellBlock>(Key(number)))];
        long[] versions = new long[keys];
        long count = 0;
        Console.WriteLine("ready");
        while (!ended.IsCancellationRequested)
        {
            for (int i = 0; i < keys; i++)
            {
                long before = versions[i];
                if (cells[i].TryReadNew(ref versions[i], out CellBlock block))
                {
                    count++;
                    if (CellBlock.NumberIn(block) != versions[i] || versions[i] <= before)
                    {
                        Console.WriteLine($"error {cells[i].Key}: version {versions[i]} holds {CellBlock.NumberIn(block)}, after {before}");
                        return 1;
                    }
                }
            }
        }

        Console.WriteLine($"ok {count}");
        return 0;
    }

    private static async Task<int> WaitAsync(SharedBoard board, string key)
    {
        BoardCell<long> cell = board.Cell<long>(key);
        Console.WriteLine("ready");
        while (true)
        {
            BoardChange change = await cell.ChangedAsync();
            Console.WriteLine(change.WriterDied ? "died" : $"{cell.Read()}");
        }
    }
}
