// Shared memory: two processes count together, and one reads the position of another. No message is sent.
//
//   dotnet run --project samples/SharedMemory -- count [TIMES]     adds to one counter; start several at once
//   dotnet run --project samples/SharedMemory -- move [STEPS]      moves in a circle, and writes its position
//   dotnet run --project samples/SharedMemory -- watch [STEPS]     reads that position, for STEPS steps
//   dotnet run --project samples/SharedMemory -- remove            removes what the others have left
//
// Try also: kill -9 of the moving one, while another watches. Start it again, and it continues from its last position.
using System.Globalization;
using Fairlead;
using Fairlead.Memory;

int number = args is [_, var text] && int.TryParse(text, CultureInfo.InvariantCulture, out int given) ? given : 1000;

try
{
    switch (args.FirstOrDefault())
    {
        case "count":
            Count(number);
            return 0;
        case "move":
            Move(number);
            return 0;
        case "watch":
            await WatchAsync(number);
            return 0;
        case "remove":
            Console.WriteLine($"counters: {SharedRegion.Remove("counters")}, position: {SharedRegion.Remove("position")}");
            return 0;
        default:
            Console.Error.WriteLine("usage: count [TIMES] | move [STEPS] | watch [STEPS] | remove");
            return 2;
    }
}
catch (FairleadException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

static void Count(int times)
{
    using var region = SharedRegion.Open("counters", 4096);
    ref long hits = ref region.At<long>(0);
    for (int i = 0; i < times; i++)
    {
        Interlocked.Increment(ref hits);
    }

    Console.WriteLine($"{times} counted here, {Volatile.Read(ref hits)} in all");
}

static void Move(int steps)
{
    using var position = SharedCell<Position>.Open("position");
    long first = position.Read().Step;
    for (long step = first + 1; step <= first + steps; step++)
    {
        double x = Math.Cos(step / 100.0), y = Math.Sin(step / 100.0);
        position.Write(new Position(step, x, y));
    }

    Console.WriteLine($"{first + steps} steps gone");
}

static async Task WatchAsync(int steps)
{
    using var position = SharedCell<Position>.Open("position");
    using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
    Console.Error.WriteLine("watching");
    long version = 0, last = 0;
    while (last < steps)
    {
        if (position.TryReadNew(ref version, out Position now))
        {
            // Never a mix of two positions: the point is on the circle.
            bool onCircle = Math.Abs((now.X * now.X) + (now.Y * now.Y) - 1) < 1e-9;
            Console.WriteLine($"step {now.Step}: {now.X:F3} {now.Y:F3}{(onCircle ? "" : ", which is torn")}");
            last = now.Step;
        }
        else
        {
            await beat.WaitForNextTickAsync();
        }
    }
}

internal readonly record struct Position(long Step, double X, double Y);
