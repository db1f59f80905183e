using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Running;

/// <summary>How much is measured.</summary>
/// <param name="Rounds">Rounds of each contender, each with a round of the baseline beside it.</param>
/// <param name="RoundLength">How long a round lasts.</param>
/// <param name="WithControl">Whether the baseline also runs against itself.</param>
internal sealed record Plan(int Rounds, TimeSpan RoundLength, bool WithControl)
{
    /// <summary>How long to measure and discard rounds before the first that counts: the JIT compiles hot loops twice.</summary>
    /// <param name="scenario">Gives the least number of rounds.</param>
    public TimeSpan WarmUp(Scenario scenario) =>
        RoundLength * scenario.WarmUpRounds > TimeSpan.FromSeconds(1) ? RoundLength * scenario.WarmUpRounds : TimeSpan.FromSeconds(1);
}
