namespace Fairlead.Tests;

/// <summary>Measures what code allocates on its thread.</summary>
internal static class Allocations
{
    private const int Rounds = 10;

    /// <summary>Runs code several times, and returns the least number of bytes that a run has allocated.</summary>
    /// <remarks>
    /// The runtime allocates on the same thread when it compiles a loop anew while it runs, which happens once and at any time. Code that
    /// allocates does so in each run.
    /// </remarks>
    public static long Least(Action code)
    {
        long least = long.MaxValue;
        for (int i = 0; i < Rounds && least > 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            code();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
