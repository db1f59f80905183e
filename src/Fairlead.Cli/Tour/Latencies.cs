namespace Fairlead.Cli.Tour;

/// <summary>The median and 99th percentile of the measurements of a row, in microseconds.</summary>
internal sealed class Latencies
{
    private readonly long[] _nanoseconds;

    public Latencies(IEnumerable<long> nanoseconds)
    {
        _nanoseconds = [.. nanoseconds];
        Array.Sort(_nanoseconds);
    }

    public double? Median => At(0.5);

    public double? P99 => At(0.99);

    /// <summary>Returns the smallest value that the given part of all values does not exceed.</summary>
    private double? At(double part)
    {
        if (_nanoseconds.Length == 0)
        {
            return null;
        }

        var rank = Math.Max(1, (int)Math.Ceiling(part * _nanoseconds.Length));
        return Math.Round(_nanoseconds[rank - 1] / 1000.0, 1);
    }
}
