using System.Text.Json;
using System.Text.Json.Serialization;
using Fairlead.Bench.Running;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Reporting;

/// <summary>
/// The report for programs: an object for the machine, then one for each contender of each scenario, a line each. Times are nanoseconds.
/// </summary>
internal sealed class JsonLines(TextWriter output) : IReport
{
    public void Begin(Machine machine, Plan plan) =>
        output.WriteLine(
            JsonSerializer.Serialize(new Header(machine, plan.Rounds, plan.RoundLength.TotalSeconds), ReportJson.Default.Header));

    public void Add(Scenario scenario, IReadOnlyList<Result> results)
    {
        foreach (var result in results.Where(result => result.Rounds.Count > 0))
        {
            var line = new Line(
                scenario.Name, scenario.Measures, scenario.MessageSize, result.Pairs.Count == 0, Figures.Of(scenario, result));
            output.WriteLine(JsonSerializer.Serialize(line, ReportJson.Default.Line));
        }
    }
}

internal sealed record Header(Machine Machine, int Rounds, double RoundSeconds);

internal sealed record Line(string Scenario, string Measures, int MessageSize, bool IsBaseline, Figures Figures);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Header))]
[JsonSerializable(typeof(Line))]
internal sealed partial class ReportJson : JsonSerializerContext;
