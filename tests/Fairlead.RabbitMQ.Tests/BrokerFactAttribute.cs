using System.Runtime.CompilerServices;
using Xunit.v3;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>A test that needs a broker, in the full run only. Skipped, and counted, if there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrokerFactAttribute : FactAttribute, ITraitAttribute
{
    public BrokerFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = Broker.Missing;

    /// <inheritdoc/>
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Run", "full")];
}

/// <summary>The same with arguments.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrokerTheoryAttribute : TheoryAttribute, ITraitAttribute
{
    public BrokerTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = Broker.Missing;

    /// <summary>Whether the default run has it, too.</summary>
    public bool IsInDefaultRun { get; init; }

    /// <inheritdoc/>
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => IsInDefaultRun ? [] : [new("Run", "full")];
}
