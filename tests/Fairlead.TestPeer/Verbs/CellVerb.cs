using System.Globalization;
using Fairlead.Memory;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>cell write NAME</c>: becomes the writer, says <c>ready</c>, then writes one block behind the other, numbered by its version, until it
/// is ended. <c>cell read NAME COUNT</c>: says <c>ready</c>, reads so many new blocks, and says <c>ok</c>, or <c>error</c> at the first
/// that is torn or goes back.
/// </summary>
internal static class CellVerb
{
    public static Task<int> RunAsync(string[] arguments)
    {
        using var cell = SharedCell<CellBlock>.Open(arguments[1]);
        return Task.FromResult(arguments[0] == "write" ? Write(cell) : Read(cell, long.Parse(arguments[2], CultureInfo.InvariantCulture)));
    }

    private static int Write(SharedCell<CellBlock> cell)
    {
        try
        {
            long number = cell.Version + 1;
            cell.Write(CellBlock.Of(number));
            Console.WriteLine("ready");
            while (true)
            {
                number++;
                cell.Write(CellBlock.Of(number));
            }
        }
        catch (FairleadException error)
        {
            Console.WriteLine($"error {error.Code} {error.Message}");
            return 1;
        }
    }

    private static int Read(SharedCell<CellBlock> cell, long count)
    {
        Console.WriteLine("ready");
        long version = 0;
        long before = 0;
        for (long i = 0; i < count;)
        {
            if (!cell.TryReadNew(ref version, out CellBlock block))
            {
                Thread.Yield();
                continue;
            }

            long number = CellBlock.NumberIn(block);
            if (number != version || number <= before)
            {
                Console.WriteLine($"error version {version} holds {number}, after {before}");
                return 1;
            }

            before = number;
            i++;
        }

        Console.WriteLine("ok");
        return 0;
    }
}
