using Fairlead.Cli.Tour.Locks;
using Fairlead.Cli.Tour.Patterns;

namespace Fairlead.Cli.Tour;

/// <summary>The scenarios of the tour: every communication type and model, and every lock, in the order of their rows.</summary>
internal static class Scenarios
{
    public static IReadOnlyList<TalkScenario> Talks { get; } =
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
        new ChatScenario(),
        new EchoScenario(),
        new UnaryCallScenario(),
        new CallStreamScenario(),
        new CallbackScenario(),
    ];

    public static IReadOnlyList<LockScenario> Locks { get; } =
    [
        new MutexScenario(),
        new SemaphoreScenario(),
        new EventScenario(),
        new CountdownScenario(),
        new ConditionScenario(),
        new ReaderWriterScenario(),
        new BarrierScenario(),
    ];

    public static Scenario Named(string name) => Talks.Concat<Scenario>(Locks).First(scenario => scenario.Name == name);
}
