using System.Globalization;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>spoiler publish|subscribe ADDRESS SEED</c>: a publisher that scribbles over its broadcast ring, or a subscriber that scribbles over
/// what it says of itself, while messages flow, until it is killed.
/// </summary>
internal static class SpoilerVerb
{
    private static readonly int[] OfPublisher = [128, 256, 384];
    private static readonly int[] OfSubscriber = [640, 648, 656, 664];

    public static async Task<int> RunAsync(string[] arguments)
    {
        var random = new Random(int.Parse(arguments[2], CultureInfo.InvariantCulture));
        if (arguments[0] == "subscribe")
        {
            var subscriber = await Subscriber.ConnectAsync(arguments[1]);
            Console.WriteLine("ok");
            (await subscriber.ReceiveAsync()).Dispose();
            Start(() => Read(subscriber));
            Spoil(Maps("fairlead ring", "rw"), OfSubscriber, random);
        }

        var publisher = await Publisher.BindAsync(arguments[1]);
        Console.WriteLine("ok");
        while (publisher.Publish("t", new byte[random.Next(500)]) == 0)
        {
            await Task.Yield();
        }

        Start(() => Write(publisher, random.Next()));
        while (Maps("fairlead broadcast", "rw").Count == 0)
        {
            await Task.Yield();
        }

        Spoil(Maps("fairlead broadcast", "rw"), OfPublisher, random);
        return 0;
    }

    private static void Start(ThreadStart body) => new Thread(body) { IsBackground = true }.Start();

    private static void Read(Subscriber subscriber)
    {
        try
        {
            while (true)
            {
                subscriber.Receive().Dispose();
            }
        }
        catch (FairleadException)
        {
            // The other side has had enough.
        }
    }

    private static void Write(Publisher publisher, int seed)
    {
        var random = new Random(seed);
        while (true)
        {
            publisher.Publish("t", new byte[random.Next(5) == 0 ? random.Next(20_000) : random.Next(100)]);
        }
    }

    private static List<(nint Start, nint Length)> Maps(string name, string rights)
    {
        List<(nint, nint)> maps = [];
        foreach (var line in File.ReadAllLines("/proc/self/maps")
            .Where(line => line.Contains(name, StringComparison.Ordinal) && line.Contains($" {rights}", StringComparison.Ordinal)))
        {
            var ends = line[..line.IndexOf(' ', StringComparison.Ordinal)].Split('-');
            var start = nint.Parse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            maps.Add((start, nint.Parse(ends[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) - start));
        }

        return maps;
    }

    private static unsafe void Spoil(List<(nint Start, nint Length)> maps, int[] words, Random random)
    {
        while (true)
        {
            var (start, length) = maps[random.Next(maps.Count)];
            var word = (long*)(start + words[random.Next(words.Length)]);
            switch (random.Next(5))
            {
                case 0:
                    *word += (random.Next(64) - 32) * 8;
                    break;
                case 1:
                    *word = random.NextInt64();
                    break;
                case 2:
                    *(int*)word += random.Next(100) - 50;
                    break;
                case 3:
                    *word = random.Next(8 * 1024 * 1024) & ~7;
                    break;
                default:
                    random.NextBytes(
                        new Span<byte>((void*)(start + 4096 + (nint)random.NextInt64(length - 4096 - 16)), 1 + random.Next(16)));
                    break;
            }

            // Now and then, to have something to spoil.
            Thread.SpinWait(random.Next(20_000));
        }
    }
}
