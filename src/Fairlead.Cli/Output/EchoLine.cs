using Fairlead.Cli.Bench;

namespace Fairlead.Cli.Output;

/// <summary>The measurements of a mode as a line of JSON, latencies in microseconds.</summary>
internal sealed record EchoLine(
    string Mode, double FirstMedian, double FirstP99, double Median, double P90, double P99, double Longest, double AnswersPerSecond)
{
    public static EchoLine Of(EchoRow row) => new(
        row.Mode,
        row.First.At(0.5),
        row.First.At(0.99),
        row.RoundTrip.At(0.5),
        row.RoundTrip.At(0.9),
        row.RoundTrip.At(0.99),
        row.RoundTrip.At(1),
        Math.Round(row.Rate, 1));
}
