using Fairlead.Bench.Contenders;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Running;

/// <summary>
/// The results of a contender: all its rounds, and for all but the baseline its ratio to each baseline round beside them.
/// </summary>
internal sealed record Result(Contender Contender, string Name, IReadOnlyList<Round> Rounds, IReadOnlyList<Pair> Pairs);

/// <summary>A round of a contender and the round of the baseline next to it in time.</summary>
internal sealed record Pair(Round Contender, Round Baseline);

/// <summary>One scenario: starts all its processes, warms all up, and lets one pair work at a time.</summary>
internal static class Run
{
    public static IReadOnlyList<Result> Of(Scenario scenario, Plan plan)
    {
        if (scenario.Contenders[0].Missing is not null)
        {
            return
            [
                .. scenario.Contenders.Select(
                    (contender, i) => contender.Missing is null ? Alone(scenario, i, plan) : new Result(contender, contender.Name, [], [])),
            ];
        }

        using var directory = new RunDirectory();
        var baseline = scenario.Contenders[0];
        using var first = new WorkerPair(scenario, 0, $"{scenario.Name}-0", directory.Path);
        var others = new List<(string Name, Contender Contender, WorkerPair Workers, List<Pair> Pairs)>();
        try
        {
            for (int i = 1; i < scenario.Contenders.Count; i++)
            {
                var contender = scenario.Contenders[i];
                if (contender.Missing is not null)
                {
                    continue;
                }

                others.Add((contender.Name, contender, new WorkerPair(scenario, i, $"{scenario.Name}-{i}", directory.Path), []));
            }

            if (plan.WithControl)
            {
                others.Add(
                    (baseline.Name + ", again", baseline, new WorkerPair(scenario, 0, $"{scenario.Name}-again", directory.Path), []));
            }

            first.Measure(plan.WarmUp(scenario));
            others.ForEach(other => other.Workers.Measure(plan.WarmUp(scenario)));

            var rounds = new List<Round>();
            for (int i = 0; i < plan.Rounds; i++)
            {
                if (others.Count == 0)
                {
                    rounds.Add(first.Measure(plan.RoundLength));
                }

                foreach (var (_, _, workers, pairs) in others)
                {
                    // Alternately before and after: a drift of the machine then favours neither.
                    var pair = i % 2 == 0
                        ? new Pair(Baseline: first.Measure(plan.RoundLength), Contender: workers.Measure(plan.RoundLength))
                        : new Pair(Contender: workers.Measure(plan.RoundLength), Baseline: first.Measure(plan.RoundLength));
                    pairs.Add(pair);
                    rounds.Add(pair.Baseline);
                }
            }

            return
            [
                new Result(baseline, baseline.Name, rounds, []),
                .. others.Select(other => new Result(
                    other.Contender, other.Name, [.. other.Pairs.Select(pair => pair.Contender)], other.Pairs)),
            ];
        }
        finally
        {
            others.ForEach(other => other.Workers.Dispose());
        }
    }

    /// <summary>Runs without a baseline: figures, without ratios.</summary>
    private static Result Alone(Scenario scenario, int contender, Plan plan)
    {
        using var directory = new RunDirectory();
        using var workers = new WorkerPair(scenario, contender, $"{scenario.Name}-{contender}", directory.Path);
        workers.Measure(plan.WarmUp(scenario));
        var who = scenario.Contenders[contender];
        return new Result(who, who.Name, [.. Enumerable.Range(0, plan.Rounds).Select(_ => workers.Measure(plan.RoundLength))], []);
    }
}
