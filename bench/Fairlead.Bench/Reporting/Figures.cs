using Fairlead.Bench.Running;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Reporting;

/// <summary>A contender's rounds in a few figures. Ratios are to the baseline: of times below 1 is better, of rates above 1.</summary>
/// <param name="P50">Nanoseconds; median over the rounds of each round's p50. Absent for rates, as the next three.</param>
/// <param name="Rate">Operations a second, over the rounds.</param>
/// <param name="Ratio">Contender to baseline, pair by pair: of the p50, or of the rate.</param>
/// <param name="Allocated">Bytes that the client's process allocated for each operation, median over the rounds.</param>
/// <param name="AllocatedByServer">Bytes that the server's process allocated for each operation; absent if it was not asked.</param>
/// <param name="AllocatedByReaders">Bytes that a reader's process allocated for each message; absent if it does not say so.</param>
internal sealed record Figures(
    string Contender, int Rounds, double? P50, double? P99, double? Min, double? Max, Spread Rate, double BytesPerSecond,
    Spread? Ratio, Spread? RatioP99, double? Goal, bool? IsGoalMet, double Allocated, double? AllocatedByServer,
    double? AllocatedByReaders)
{
    public static Figures Of(Scenario scenario, Result result)
    {
        bool isTime = scenario.IsTime;
        double? Time(Func<IEnumerable<double>, double> of, Func<Round, double> figure) => isTime ? of(result.Rounds.Select(figure)) : null;
        Spread? Ratio(Func<Round, double> figure) =>
            result.Pairs.Count > 0 ? Spread.Of(result.Pairs.Select(pair => figure(pair.Contender) / figure(pair.Baseline))) : null;

        double Median(IEnumerable<double> figures) => Spread.Of(figures).Median;
        double? PerOperation(Func<Round, long?> bytes) => result.Rounds.All(round => bytes(round) is not null)
            ? Median(result.Rounds.Select(round => (double)bytes(round)!.Value / round.Operations))
            : null;
        var rate = Spread.Of(result.Rounds.Select(round => round.Rate));
        var ratio = Ratio(round => isTime ? round.P50 : round.Rate);
        return new Figures(
            result.Name,
            result.Rounds.Count,
            Time(Median, round => round.P50),
            Time(Median, round => round.P99),
            Time(Enumerable.Min, round => round.Min),
            Time(Enumerable.Max, round => round.Max),
            rate,
            rate.Median * scenario.MessageSize,
            ratio,
            isTime ? Ratio(round => round.P99) : null,
            result.Goal,
            result.Goal is { } goal ? isTime ? ratio!.Value.Median <= goal : ratio!.Value.Median >= goal : null,
            Median(result.Rounds.Select(round => (double)round.Allocated / round.Operations)),
            PerOperation(round => round.AllocatedByServer),
            PerOperation(round => round.AllocatedByReaders));
    }
}
