using System.Globalization;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>scribbler ADDRESS SEED</c>: connects, talks, and writes random bytes over all the memory that it shares, again and again, until it is
/// killed. Its own fate does not matter.
/// </summary>
internal static class ScribblerVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var random = new Random(int.Parse(arguments[1], CultureInfo.InvariantCulture));
        var pair = await Pair.ConnectAsync(arguments[0]);
        pair.Send("hello"u8);
        Console.WriteLine("ready");
        var rings = (
            from line in await File.ReadAllLinesAsync("/proc/self/maps")
            where line.Contains("fairlead ring", StringComparison.Ordinal)
            select Range(line)).ToList();
        var talking = new Thread(() => Talk(pair, new byte[random.Next(8_000)])) { IsBackground = true };
        talking.Start();
        while (true)
        {
            var (start, length) = rings[random.Next(rings.Count)];

            // Mostly the words that steer, and what comes first behind them.
            var reach = random.Next(4) == 0 ? length : Math.Min(length, 8192);
            Scribble(start, reach, random);
        }
    }

    private static (nint Start, nint Length) Range(string line)
    {
        var ends = line[..line.IndexOf(' ', StringComparison.Ordinal)].Split('-');
        var start = nint.Parse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (start, nint.Parse(ends[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) - start);
    }

    private static unsafe void Scribble(nint start, nint length, Random random)
    {
        var at = start + (nint)random.NextInt64(length - 16);
        switch (random.Next(4))
        {
            case 0:
                random.NextBytes(new Span<byte>((void*)at, 1 + random.Next(16)));
                break;
            case 1:
                *(long*)(at & ~7) = random.NextInt64(-1024, 4 * 1024 * 1024);
                break;
            case 2:
                *(long*)(start + (new[] { 128, 256, 384, 512 }[random.Next(4)])) =
                    random.Next(3) == 0 ? random.NextInt64() : random.Next(8 * 1024 * 1024) & ~7;
                break;
            default:
                *(uint*)(at & ~3) = (uint)random.Next();
                break;
        }
    }

    private static void Talk(Pair pair, byte[] content)
    {
        try
        {
            while (true)
            {
                pair.Send(content);
            }
        }
        catch (FairleadException)
        {
            // The other side has had enough.
        }
    }
}
