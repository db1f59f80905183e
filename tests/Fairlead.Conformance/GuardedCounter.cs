using Fairlead.Memory;

namespace Fairlead.Conformance;

/// <summary>
/// A counter in a region that is only right while one at a time changes it, and that can be put right when he dies meanwhile: he writes
/// down first what he is about to do. Whoever looks at it under the lock sees whether somebody else is inside, too.
/// </summary>
public sealed class GuardedCounter(SharedRegion region)
{
    /// <summary>Bytes that it takes, with 32 who count.</summary>
    public const int Size = 4096;

    private const int ValueAt = 0;
    private const int DoneAt = 64;
    private const int WhoAt = 128;
    private const int HisNextAt = 136;
    private const int NextAt = 144;
    private const int OverAt = 192;
    private const int RepairsAt = 256;
    private const int SharesAt = 1024;

    /// <summary>How often it was incremented.</summary>
    public long Value => Volatile.Read(ref region.At<long>(ValueAt));

    /// <summary>How often somebody was told of a dead owner, and put right what that one had left.</summary>
    public long Repairs => Volatile.Read(ref region.At<long>(RepairsAt));

    /// <summary>How often by each.</summary>
    public long Share(int index) => Volatile.Read(ref Place(index));

    /// <summary>It is enough: all may stop.</summary>
    public bool IsOver
    {
        get => Volatile.Read(ref region.At<long>(OverAt)) != 0;
        set => Volatile.Write(ref region.At<long>(OverAt), value ? 1 : 0);
    }

    /// <summary>One more.</summary>
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

    /// <summary>Does to the end what a dead process had begun. May be done again and again.</summary>
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

    /// <summary>What is wrong: somebody else is inside, or was when he died and nobody has been told.</summary>
    public string? Problem()
    {
        long value = Value;
        long done = region.At<long>(DoneAt);
        long next = region.At<long>(NextAt);
        return value == done && next == done ? null : $"value {value}, done {done}, next {next}";
    }

    private ref long Place(int index) => ref region.At<long>(SharesAt + (index * 64));
}
