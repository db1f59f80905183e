using Fairlead.Memory;

namespace Fairlead.Cli.Tour.Locks;

/// <summary>
/// Shared memory behind a lock, in which the processes inside count: the count is right only if the lock keeps others out.
/// </summary>
/// <param name="memory">All zeroes at first; at least <see cref="Size"/> bytes.</param>
internal sealed class LockFloor(SharedRegion memory)
{
    /// <summary>The counters, each on a separate cache line.</summary>
    private const int InsideAt = 0, EntriesAt = 64, ToldAt = 128;

    /// <summary>The size in bytes.</summary>
    public const int Size = 192;

    /// <summary>How many entries pass between those in which the thread yields inside.</summary>
    private const int Lingering = 16;

    private int _entries;

    private ref int Inside => ref memory.At<int>(InsideAt);

    /// <summary>The entries counted inside.</summary>
    private ref long Entries => ref memory.At<long>(EntriesAt);

    /// <summary>The entries that each process counted for itself.</summary>
    private ref long Told => ref memory.At<long>(ToldAt);

    /// <summary>How many have been inside until now, for a process that is inside.</summary>
    public long Counted => Volatile.Read(ref Entries);

    /// <summary>Passes through once: announces itself, checks who else is inside, counts, checks again, and leaves.</summary>
    /// <param name="most">How many may be inside at the same time.</param>
    /// <exception cref="ToolException">More are inside.</exception>
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

        // A process that is alone inside needs no atomic instruction: it sees earlier writes, and no other overwrites its own.
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

    /// <summary>Checks that at least this many have been inside.</summary>
    /// <exception cref="ToolException">Fewer have.</exception>
    public void Expect(long least)
    {
        var counted = Counted;
        if (counted < least)
        {
            throw new ToolException(ExitCode.Failure, $"a process continued after {counted} arrivals instead of {least}");
        }
    }

    /// <summary>Reports how often one process has entered.</summary>
    public void Tell(int entries) => Interlocked.Add(ref Told, entries);

    /// <summary>Compares the counts when all have reported.</summary>
    /// <exception cref="ToolException">The count inside differs.</exception>
    public void Compare()
    {
        var (counted, told) = (Counted, Volatile.Read(ref Told));
        if (counted != told)
        {
            throw new ToolException(ExitCode.Failure, $"{told} entries were counted as {counted}: another process was inside");
        }
    }

    private static ToolException TooMany(int inside, int most) =>
        new(ExitCode.Failure, $"{inside} were inside at the same time; {most} may be");
}
