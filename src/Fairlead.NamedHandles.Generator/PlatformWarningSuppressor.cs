using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Fairlead.NamedHandles.Generator;

/// <summary>
/// Suppresses the warning that something is only supported on Windows (CA1416) at what Fairlead supports: calls that go to Fairlead, and
/// the message mode of pipes. The compiler warns of the platform's member, because that is what the source names.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class PlatformWarningSuppressor : DiagnosticSuppressor
{
    private static readonly SuppressionDescriptor Supported = new(
        "FLN101", "CA1416", "Fairlead.NamedHandles supports it on Linux");

    /// <inheritdoc/>
    public override ImmutableArray<SuppressionDescriptor> SupportedSuppressions { get; } = [Supported];

    /// <inheritdoc/>
    public override void ReportSuppressions(SuppressionAnalysisContext context)
    {
        Switches switches = Switches.Read(context.Options.AnalyzerConfigOptionsProvider);
        foreach (Diagnostic warning in context.ReportedDiagnostics)
        {
            if (warning.Location.SourceTree is { } tree && IsSupported(context, tree, warning.Location, switches))
            {
                context.ReportSuppression(Suppression.Create(Supported, warning));
            }
        }
    }

    private static bool IsSupported(SuppressionAnalysisContext context, SyntaxTree tree, Location location, Switches switches)
    {
        SyntaxNode place = tree.GetRoot(context.CancellationToken).FindNode(location.SourceSpan, getInnermostNodeForTie: true);
        return context.GetSemanticModel(tree).GetSymbolInfo(place, context.CancellationToken).Symbol switch
        {
            IMethodSymbol method => PlatformMethods.CounterpartOf(method, switches) is not null,
            IFieldSymbol { Name: "Message" } mode =>
                switches.Pipe && mode.ContainingType.ToDisplayString() == "System.IO.Pipes.PipeTransmissionMode",
            _ => false,
        };
    }
}
