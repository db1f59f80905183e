using Fairlead.Bench.Contenders;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Running;

/// <summary>
/// One scenario in this version of Fairlead and in another, which is the baseline: one contender after the other, the pairs of both
/// versions taking turns. Compares contenders that have the same place in the scenario.
/// </summary>
internal static class Comparison
{
    public static IReadOnlyList<Result> Of(Scenario scenario, BenchProgram other, Plan plan)
    {
        using var directory = new RunDirectory();
        var session = new Session(scenario.Name, scenario.MessageSize) { Directory = directory.Path };
        List<Result> results = [];
        for (int i = 0; i < scenario.Contenders.Count; i++)
        {
            // A program in another language is the same in both versions.
            if (scenario.Contenders[i].Missing is null && scenario.Contenders[i].Program(Worker.ServerRole, session) is null)
            {
                results.AddRange(Of(scenario, i, other, plan, directory.Path));
            }
        }

        return results;
    }

    private static IReadOnlyList<Result> Of(Scenario scenario, int contender, BenchProgram other, Plan plan, string directory)
    {
        using WorkerPair theirs = Start(other, "theirs");
        using WorkerPair ours = Start(BenchProgram.This, "ours");
        using WorkerPair? again = plan.WithControl ? Start(other, "again") : null;
        theirs.Measure(plan.WarmUp(scenario));
        ours.Measure(plan.WarmUp(scenario));
        again?.Measure(plan.WarmUp(scenario));

        List<Pair> pairs = [];
        List<Pair> controls = [];
        for (int i = 0; i < plan.Rounds; i++)
        {
            pairs.Add(Pair.Measure(ours, theirs, i, plan.RoundLength));
            if (again is not null)
            {
                controls.Add(Pair.Measure(again, theirs, i, plan.RoundLength));
            }
        }

        string name = scenario.Contenders[contender].Name;
        var baseline = new Result(name + ", other version", null, [.. pairs.Concat(controls).Select(static pair => pair.Baseline)], []);
        var result = Result.OfPairs(name, null, pairs);
        return again is null ? [baseline, result] : [baseline, Result.OfPairs(baseline.Name + ", again", null, controls), result];

        WorkerPair Start(BenchProgram program, string whose) =>
            new(scenario, contender, $"{scenario.Name}-{contender}-{whose}", directory, program);
    }
}
