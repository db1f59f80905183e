using Fairlead.Memory;

namespace Fairlead.Conformance;

/// <summary>
/// Records in a region which processes are inside something that admits several: each has a slot, in which it writes the number of its
/// stay. A process that is about to be killed is marked first; from then on it does not count.
/// </summary>
public sealed class Crowd(SharedRegion region, int size)
{
    private const int DoomedAt = 8;
    private const int StaysAt = 16;
    private const int OverAt = 24;
    private const int BalanceAt = 32;
    private const int IsChangingAt = 40;

    /// <summary>Returns the size in bytes.</summary>
    public static int SizeOf(int size) => size * 64;

    /// <summary>The number of stays of all together.</summary>
    public long Stays => Enumerable.Range(0, size).Sum(index => Volatile.Read(ref At(index, StaysAt)));

    /// <summary>Whether all are to stop.</summary>
    public bool IsOver
    {
        get => Volatile.Read(ref At(0, OverAt)) != 0;
        set => Volatile.Write(ref At(0, OverAt), value ? 1 : 0);
    }

    /// <summary>The process is inside from now on.</summary>
    public void Come(int index) => Interlocked.Exchange(ref At(index, 0), ++At(index, StaysAt));

    /// <summary>The process is no longer inside.</summary>
    public void Go(int index) => Volatile.Write(ref At(index, 0), 0);

    /// <summary>The sum of all changes.</summary>
    public long Balance => Enumerable.Range(0, size).Sum(index => Volatile.Read(ref At(index, BalanceAt)));

    /// <summary>The process is about to make a change.</summary>
    public void BeginChange(int index) => Interlocked.Exchange(ref At(index, IsChangingAt), 1);

    /// <summary>The process has made a change by this amount.</summary>
    public void EndChange(int index, int by)
    {
        Volatile.Write(ref At(index, BalanceAt), At(index, BalanceAt) + by);
        Volatile.Write(ref At(index, IsChangingAt), 0);
    }

    /// <summary>
    /// Whether the process died between the two, and its last change may be missing from the balance. Reading it resets it.
    /// </summary>
    public bool TakeDoubt(int index) => Interlocked.Exchange(ref At(index, IsChangingAt), 0) != 0;

    /// <summary>To be called before the process is killed.</summary>
    public void Doom(int index) => Interlocked.Exchange(ref At(index, DoomedAt), 1);

    /// <summary>To be called when the process is gone.</summary>
    public void Forget(int index)
    {
        Go(index);
        Interlocked.Exchange(ref At(index, DoomedAt), 0);
    }

    /// <summary>
    /// Returns the number inside at one moment, or fewer: those seen in two passes, the second of which begins after the first.
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
