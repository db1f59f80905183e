using Fairlead.Cli.Tour.Patterns;

namespace Fairlead.Cli.Tour;

/// <summary>The parts list of the tour: every communication type and model, in the order of its rows.</summary>
internal static class Scenarios
{
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new MessageScenario(),
        new DeliveryScenario(),
        new AsyncRequestScenario(),
        new RequestScenario(),
        new SurveyScenario(),
        new PairScenario(),
        new HubScenario(),
        new PublishScenario(),
        new WorkScenario(),
    ];

    public static Scenario Named(string name) => All.First(scenario => scenario.Name == name);
}
