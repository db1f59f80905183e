using Fairlead.Memory;

namespace Fairlead.Cli.Tour.Locks;

/// <summary>
/// Memory in common behind a lock, in which those who are inside count: that goes right only if the lock keeps the others out.
/// </summary>
/// <param name="memory">All zeroes at first; <see cref="Size"/> bytes at least.</param>
internal sealed class LockFloor(SharedRegion memory)
{
    /// <summary>A counter each, on cache lines of their own.</summary>
    private const int InsideAt = 0, EntriesAt = 64, ToldAt = 128;

    /// <summary>Bytes that it takes.</summary>
    public const int Size = 192;

    /// <summary>Each so manieth entry lets others run while it is inside.</summary>
    private const int Lingering = 16;

    private int _entries;

    private ref int Inside => ref memory.At<int>(InsideAt);

    /// <summary>Counted inside.</summary>
    private ref long Entries => ref memory.At<long>(EntriesAt);

    /// <summary>Counted by each for himself.</summary>
    private ref long Told => ref memory.At<long>(ToldAt);

    /// <summary>How many have been inside until now: for one who is there.</summary>
    public long Counted => Volatile.Read(ref Entries);

    /// <summary>One is inside now: says so to the others, looks who else is, counts himself, looks again, and goes.</summary>
    /// <param name="most">How many may be inside at once.</param>
    /// <exception cref="ToolException">More are.</exception>
    public void Pass(int most)
    {
        var inside = Interlocked.Increment(ref Inside);
        if (inside > most)
        {
            throw TooMany(inside, most);
        }

        if (++_entries % Lingering == 0)
        {
            Thread.Yield();
        }

        // Who is alone needs no atomic instruction: what another process wrote before is seen, and nothing is written over.
        if (most == 1)
        {
            Entries++;
        }
        else
        {
            Interlocked.Increment(ref Entries);
        }

        inside = 1 + Interlocked.Decrement(ref Inside);
        if (inside > most)
        {
            throw TooMany(inside, most);
        }
    }

    /// <summary>So many have been inside by now, or more.</summary>
    /// <exception cref="ToolException">Fewer have.</exception>
    public void Expect(long least)
    {
        var counted = Counted;
        if (counted < least)
        {
            throw new ToolException(ExitCode.Failure, $"a process continued after {counted} arrivals instead of {least}");
        }
    }

    /// <summary>One has entered so often.</summary>
    public void Tell(int entries) => Interlocked.Add(ref Told, entries);

    /// <summary>When all have told.</summary>
    /// <exception cref="ToolException">Something else was counted inside.</exception>
    public void Compare()
    {
        var (counted, told) = (Counted, Volatile.Read(ref Told));
        if (counted != told)
        {
            throw new ToolException(ExitCode.Failure, $"{told} entries were counted as {counted}: another process was inside");
        }
    }
    private static ToolException TooMany(int inside, int most) => new(ExitCode.Failure, $"{inside} were inside at once; {most} may be");
}
