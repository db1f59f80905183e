using System.Diagnostics;

namespace Fairlead.Bench.Scenarios;

/// <summary>The result of one round of one contender. Times are nanoseconds; a scenario of rates has no percentiles.</summary>
/// <param name="Operations">Calls made, or messages that the receiver has acknowledged.</param>
/// <param name="Elapsed">Nanoseconds from the first operation to the end of the last.</param>
/// <param name="Allocated">Bytes of managed memory that the client's process allocated meanwhile.</param>
internal sealed record Round(
    long Operations, double Elapsed, long Allocated, double P50 = 0, double P99 = 0, double Min = 0, double Max = 0)
{
    /// <summary>
    /// Bytes of managed memory that the processes of the readers allocated from the end of the round before to the end of this one, summed
    /// over them; null if they do not report it.
    /// </summary>
    public long? AllocatedByReaders { get; init; }

    /// <summary>Bytes of managed memory that the server's process allocated in the round; null if it was not asked.</summary>
    public long? AllocatedByServer { get; init; }

    /// <summary>Operations a second.</summary>
    public double Rate => Operations / Elapsed * 1e9;

    /// <summary>Creates the result from the times of all operations, in ticks of <see cref="Stopwatch"/>; sorts them.</summary>
    public static Round Of(Span<long> samples, long elapsed, long allocated)
    {
        samples.Sort();
        double nanoseconds = 1e9 / Stopwatch.Frequency;
        return new Round(samples.Length, elapsed * nanoseconds, allocated,
            P50: samples[samples.Length / 2] * nanoseconds,
            P99: samples[samples.Length * 99 / 100] * nanoseconds,
            Min: samples[0] * nanoseconds,
            Max: samples[^1] * nanoseconds);
    }
}
