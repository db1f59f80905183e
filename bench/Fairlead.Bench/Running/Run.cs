using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Running;

/// <summary>
/// The results of a contender: all its rounds, and for all but the baseline its ratio to each baseline round beside them.
/// </summary>
/// <param name="Goal">The ratio to reach; null for the baseline.</param>
internal sealed record Result(string Name, double? Goal, IReadOnlyList<Round> Rounds, IReadOnlyList<Pair> Pairs)
{
    public static Result OfPairs(string name, double? goal, IReadOnlyList<Pair> pairs) =>
        new(name, goal, [.. pairs.Select(static pair => pair.Contender)], pairs);
}

/// <summary>A round of a contender and the round of the baseline next to it in time.</summary>
internal sealed record Pair(Round Contender, Round Baseline)
{
    // Alternately before and after: a drift of the machine then favours neither.
    public static Pair Measure(WorkerPair contender, WorkerPair baseline, int number, TimeSpan length) =>
        number % 2 == 0
            ? new(Baseline: baseline.Measure(length), Contender: contender.Measure(length))
            : new(Contender: contender.Measure(length), Baseline: baseline.Measure(length));
}

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
                    (contender, i) => contender.Missing is null ? Alone(scenario, i, plan) : new Result(contender.Name, null, [], [])),
            ];
        }

        using var directory = new RunDirectory();
        var baseline = scenario.Contenders[0];
        using var first = new WorkerPair(scenario, 0, $"{scenario.Name}-0", directory.Path);
        var others = new List<(string Name, double? Goal, WorkerPair Workers, List<Pair> Pairs)>();
        try
        {
            for (int i = 1; i < scenario.Contenders.Count; i++)
            {
                var contender = scenario.Contenders[i];
                if (contender.Missing is not null)
                {
                    continue;
                }

                others.Add((contender.Name, contender.Goal, new WorkerPair(scenario, i, $"{scenario.Name}-{i}", directory.Path), []));
            }

            if (plan.WithControl)
            {
                others.Add(
                    (baseline.Name + ", again", null, new WorkerPair(scenario, 0, $"{scenario.Name}-again", directory.Path), []));
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
                    var pair = Pair.Measure(workers, first, i, plan.RoundLength);
                    pairs.Add(pair);
                    rounds.Add(pair.Baseline);
                }
            }

            return
            [
                new Result(baseline.Name, null, rounds, []),
                .. others.Select(static other => Result.OfPairs(other.Name, other.Goal, other.Pairs)),
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
        var rounds = Enumerable.Range(0, plan.Rounds).Select(_ => workers.Measure(plan.RoundLength));
        return new Result(scenario.Contenders[contender].Name, null, [.. rounds], []);
    }
}
