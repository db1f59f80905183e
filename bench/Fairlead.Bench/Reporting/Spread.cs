namespace Fairlead.Bench.Reporting;

/// <summary>The median of some figures, and their range.</summary>
internal readonly record struct Spread(double Median, double Lowest, double Highest)
{
    public static Spread Of(IEnumerable<double> figures)
    {
        double[] sorted = [.. figures.Order()];
        double median = (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }
}
