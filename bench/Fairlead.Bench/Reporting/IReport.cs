using Fairlead.Bench.Running;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Reporting;

/// <summary>Receives results as they come.</summary>
internal interface IReport
{
    void Begin(Machine machine, Plan plan);

    void Add(Scenario scenario, IReadOnlyList<Result> results);
}
