using Fairlead.Memory;

namespace Fairlead.Conformance;

/// <summary>
/// Who is inside of something that lets several in, in a region: each has a place, in which he writes the number of his stay. Who is about
/// to be killed is marked before, so that nobody counts him from then on.
/// </summary>
public sealed class Crowd(SharedRegion region, int size)
{
    private const int DoomedAt = 8;
    private const int StaysAt = 16;
    private const int OverAt = 24;
    private const int BalanceAt = 32;
    private const int IsChangingAt = 40;

    /// <summary>Bytes that it takes.</summary>
    public static int SizeOf(int size) => size * 64;

    /// <summary>How often all have been inside.</summary>
    public long Stays => Enumerable.Range(0, size).Sum(index => Volatile.Read(ref At(index, StaysAt)));

    /// <summary>All are to go home.</summary>
    public bool IsOver
    {
        get => Volatile.Read(ref At(0, OverAt)) != 0;
        set => Volatile.Write(ref At(0, OverAt), value ? 1 : 0);
    }

    /// <summary>He is inside from now on.</summary>
    public void Come(int index) => Interlocked.Exchange(ref At(index, 0), ++At(index, StaysAt));

    /// <summary>He is not any more.</summary>
    public void Go(int index) => Volatile.Write(ref At(index, 0), 0);

    /// <summary>What all have changed something by, added up.</summary>
    public long Balance => Enumerable.Range(0, size).Sum(index => Volatile.Read(ref At(index, BalanceAt)));

    /// <summary>It is about to change it.</summary>
    public void BeginChange(int index) => Interlocked.Exchange(ref At(index, IsChangingAt), 1);

    /// <summary>It has changed it by this much.</summary>
    public void EndChange(int index, int by)
    {
        Volatile.Write(ref At(index, BalanceAt), At(index, BalanceAt) + by);
        Volatile.Write(ref At(index, IsChangingAt), 0);
    }

    /// <summary>Whether it died between the two, so that its last change may lack in the balance; asked once.</summary>
    public bool TakeDoubt(int index) => Interlocked.Exchange(ref At(index, IsChangingAt), 0) != 0;

    /// <summary>Before he is killed.</summary>
    public void Doom(int index) => Interlocked.Exchange(ref At(index, DoomedAt), 1);

    /// <summary>When he is gone.</summary>
    public void Forget(int index)
    {
        Go(index);
        Interlocked.Exchange(ref At(index, DoomedAt), 0);
    }

    /// <summary>
    /// How many are inside at one moment, or fewer: those who are there at two looks, all of the second after all of the first.
    /// </summary>
    public int Count()
    {
        long[] first = [.. Enumerable.Range(0, size).Select(Stay)];
        Interlocked.MemoryBarrier();
        return Enumerable.Range(0, size).Count(index => first[index] != 0 && Stay(index) == first[index]);
    }

    private long Stay(int index) => Volatile.Read(ref At(index, 0)) is var stay && Volatile.Read(ref At(index, DoomedAt)) == 0 ? stay : 0;

    private ref long At(int index, int offset) => ref region.At<long>((index * 64) + offset);
}
