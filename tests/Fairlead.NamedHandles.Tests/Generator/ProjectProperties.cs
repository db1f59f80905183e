using System.Diagnostics.CodeAnalysis;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Fairlead.NamedHandles.Tests.Generator;

/// <summary>The properties of a project that the compiler sees: the switches.</summary>
/// <param name="kinds">The kinds that are on.</param>
internal sealed class ProjectProperties(string[] kinds) : AnalyzerConfigOptionsProvider
{
    /// <summary>Every switch.</summary>
    public static readonly string[] AllKinds = ["Mutex", "Semaphore", "Event", "Pipe", "Map"];

    public override AnalyzerConfigOptions GlobalOptions { get; } = new Values(kinds);

    public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

    public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;

    private sealed class Values(string[] kinds) : AnalyzerConfigOptions
    {
        private const string Beginning = "build_property.UseFairleadNamed";

        public override bool TryGetValue(string key, [NotNullWhen(true)] out string? value)
        {
            value = !key.StartsWith(Beginning, StringComparison.Ordinal) ? null
                : kinds.Contains(key[Beginning.Length..]) ? "true"
                : "false";
            return value is not null;
        }
    }
}
