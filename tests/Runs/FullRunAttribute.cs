using Xunit.v3;

namespace Fairlead.Runs;

/// <summary>
/// A test, or a class of tests, that only <c>./test.sh full</c> runs: the trait <c>Run=full</c>. The default run has all others.
/// </summary>
/// <param name="reason">Why, and which tests of the default run show the same: a constant of <see cref="Reason"/>.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class FullRunAttribute(string reason) : Attribute, ITraitAttribute
{
    /// <summary>Why the default run leaves it out.</summary>
    public string Reason { get; } = reason;

    /// <inheritdoc/>
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Run", "full")];
}
