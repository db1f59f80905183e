namespace Fairlead.Cli.Bench;

/// <summary>Durations in order, and the values that given parts of them do not exceed, in microseconds.</summary>
internal sealed class Percentiles
{
    private readonly long[] _nanoseconds;

    public Percentiles(IEnumerable<long> nanoseconds)
    {
        _nanoseconds = [.. nanoseconds];
        Array.Sort(_nanoseconds);
    }

    public int Count => _nanoseconds.Length;

    /// <summary>Returns the smallest duration that the given part of all durations does not exceed; 0 without any.</summary>
    public double At(double part) =>
        _nanoseconds.Length == 0
            ? 0
            : Math.Round(_nanoseconds[Math.Max(1, (int)Math.Ceiling(part * _nanoseconds.Length)) - 1] / 1000.0, 1);
}
