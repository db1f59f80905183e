using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>Two processes read, add and write: one addition is lost. A mutex mends it.</summary>
internal sealed class LostUpdate : Experiment
{
    private const int Times = 100_000;

    // On one processor the two meet only if the kernel interrupts one of them between reading and writing.
    private static readonly TimeSpan LongestRace = TimeSpan.FromSeconds(20);

    public override string Name => "lost-update";

    public override string Question => "Two processes add one to the same number: is the sum right?";

    public override string Watch => "Both read 0 before either writes, so two additions give 1. Inside a mutex every addition counts.";

    public override IReadOnlyList<Role> Roles => [new("first", Add), new("second", Add)];

    public override async Task PlayAsync(Director director)
    {
        ActorProcess first = director.Start("first");
        ActorProcess second = director.Start("second");
        await first.PassAsync("begin");
        await second.PassAsync("begin");

        // The order that loses an update: both read, and then both write.
        await first.ReachesAsync("read");
        await second.ReachesAsync("read");
        await first.PassAsync("read");
        await first.ReachesAsync("written");
        await second.PassAsync("read");
        await second.ReachesAsync("written");
        long sum = second.Number("sum");
        director.Claim("Two additions, and the number has grown by one.", sum == 1, $"0 + 1 + 1 = {sum}");
        first.Go("written");
        second.Go("written");

        // As fast as it goes, until a loss is seen; and then a hundred thousand times each inside a mutex.
        await first.ReachesAsync("raced");
        await second.ReachesAsync("raced");
        first.Go("raced");
        second.Go("raced");
        await first.FinishesAsync();
        await second.FinishesAsync();
        long raced = Math.Max(first.Number("raced sum"), second.Number("raced sum"));
        long added = first.Number("raced times") + second.Number("raced times");
        long guarded = Math.Max(first.Number("guarded sum"), second.Number("guarded sum"));
        director.Claim(
            "Without a lock additions are lost.", raced < added, $"{added:N0} additions gave {raced:N0}: {added - raced:N0} were lost");
        director.Claim("Inside a mutex every addition counts.", guarded == 2 * Times, $"{2 * Times:N0} additions gave {guarded:N0}");
    }

    private static void Add(Actor actor)
    {
        using SharedRegion region = SharedRegion.Open("numbers", 4096);
        ref long number = ref region.At<long>(0);
        ref long raced = ref region.At<long>(512);
        ref long guarded = ref region.At<long>(1024);
        actor.Turn("begin");
        long read = Volatile.Read(ref number);
        actor.Says($"reads {read}");
        actor.Turn("read");
        Volatile.Write(ref number, read + 1);
        actor.Says($"writes {read + 1}");
        actor.Fact("sum", Volatile.Read(ref number));
        actor.Turn("written");

        actor.Says("adds without a lock, until an addition is lost");
        actor.Fact("raced times", Race(region));
        actor.Turn("raced");
        actor.Fact("raced sum", Volatile.Read(ref raced));
        actor.Says($"adds {Times:N0} times inside a mutex");
        using NamedMutex mutex = NamedMutex.Open("numbers");
        for (int i = 0; i < Times; i++)
        {
            using (mutex.Enter())
            {
                Volatile.Write(ref guarded, Volatile.Read(ref guarded) + 1);
            }
        }

        actor.Fact("guarded sum", Volatile.Read(ref guarded));
        actor.Says("has added all");
    }

    /// <summary>Adds until one of the two has seen a loss; returns how many times.</summary>
    private static long Race(SharedRegion region)
    {
        ref long raced = ref region.At<long>(512);
        ref int racers = ref region.At<int>(2048);
        ref int isOver = ref region.At<int>(2560);

        // Both begin at the same time.
        Interlocked.Increment(ref racers);
        while (Volatile.Read(ref racers) < 2)
        {
            Thread.Yield();
        }

        long begun = TimeProvider.System.GetTimestamp();
        long times = 0;
        while (Volatile.Read(ref isOver) == 0 && (times % Times != 0 || TimeProvider.System.GetElapsedTime(begun) < LongestRace))
        {
            long next = Volatile.Read(ref raced) + 1;
            Volatile.Write(ref raced, next);
            times++;

            // The other has written a number that it had computed before this one was written: this addition is lost.
            if (Volatile.Read(ref raced) < next)
            {
                Volatile.Write(ref isOver, 1);
            }
        }

        return times;
    }
}
