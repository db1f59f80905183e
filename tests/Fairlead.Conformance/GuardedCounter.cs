using Fairlead.Memory;

namespace Fairlead.Conformance;

/// <summary>
/// A counter in a region that is only correct while one process at a time changes it. It can be repaired after a death, because each
/// process first records what it is about to do. A reader under the lock sees whether another process is inside, too.
/// </summary>
public sealed class GuardedCounter(SharedRegion region)
{
    /// <summary>The size in bytes, for 32 counting processes.</summary>
    public const int Size = 4096;

    private const int ValueAt = 0;
    private const int DoneAt = 64;
    private const int WhoAt = 128;
    private const int HisNextAt = 136;
    private const int NextAt = 144;
    private const int OverAt = 192;
    private const int RepairsAt = 256;
    private const int SharesAt = 1024;

    /// <summary>The number of increments.</summary>
    public long Value => Volatile.Read(ref region.At<long>(ValueAt));

    /// <summary>How often a process was told of a dead owner, and repaired the state that the owner had left.</summary>
    public long Repairs => Volatile.Read(ref region.At<long>(RepairsAt));

    /// <summary>Returns the number of increments by each process.</summary>
    public long Share(int index) => Volatile.Read(ref Place(index));

    /// <summary>Whether all may stop.</summary>
    public bool IsOver
    {
        get => Volatile.Read(ref region.At<long>(OverAt)) != 0;
        set => Volatile.Write(ref region.At<long>(OverAt), value ? 1 : 0);
    }

    /// <summary>Increments the counter.</summary>
    public void Increment(int index)
    {
        long next = Value + 1;
        Volatile.Write(ref region.At<long>(WhoAt), index);
        Volatile.Write(ref region.At<long>(HisNextAt), Share(index) + 1);
        Volatile.Write(ref region.At<long>(NextAt), next);
        Volatile.Write(ref region.At<long>(ValueAt), next);
        Volatile.Write(ref Place(index), Share(index) + 1);
        Volatile.Write(ref region.At<long>(DoneAt), next);
    }

    /// <summary>Completes the change that a dead process had begun. May be repeated.</summary>
    public void Repair()
    {
        Volatile.Write(ref region.At<long>(RepairsAt), Repairs + 1);
        long next = region.At<long>(NextAt);
        if (next == region.At<long>(DoneAt) + 1)
        {
            region.At<long>(ValueAt) = next;
            Place((int)region.At<long>(WhoAt)) = region.At<long>(HisNextAt);
            Volatile.Write(ref region.At<long>(DoneAt), next);
        }
    }

    /// <summary>Returns the problem: another process is inside, or died inside and no process was told.</summary>
    public string? Problem()
    {
        long value = Value;
        long done = region.At<long>(DoneAt);
        long next = region.At<long>(NextAt);
        return value == done && next == done ? null : $"value {value}, done {done}, next {next}";
    }

    private ref long Place(int index) => ref region.At<long>(SharesAt + (index * 64));
}
