using Xunit.v3;

namespace Fairlead.Runs;

/// <summary>
/// A class of tests that starts processes, waits for a clock or repeats a race, so that it takes seconds: the trait <c>Run=slow</c>. The
/// default run has it, and <c>./test.sh quick</c> and <c>./test.sh changed</c> leave it out.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class SlowRunAttribute : Attribute, ITraitAttribute
{
    /// <summary>Why a class of the default run may take longer than the budget of a class, if it does.</summary>
    public string? Reason { get; init; }

    /// <inheritdoc/>
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Run", "slow")];
}
