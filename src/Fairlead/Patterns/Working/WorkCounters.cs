namespace Fairlead.Patterns.Working;

/// <summary>Counts the ends of items. No lock: each number is read and written on its own.</summary>
internal sealed class WorkCounters
{
    private readonly long[] _counts = new long[(int)WorkCount.LeftInStore + 1];

    public long this[WorkCount what] => Interlocked.Read(ref _counts[(int)what]);

    public void Count(WorkCount what) => Interlocked.Increment(ref _counts[(int)what]);
}
