using System.Collections.Immutable;
using Fairlead.NamedHandles.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Fairlead.NamedHandles.Tests.Generator;

/// <summary>Warnings of members that only Windows supports: none where Fairlead supports them.</summary>
public sealed class SuppressorTests
{
    [Theory]
    [InlineData("MemoryMappedFile.CreateOrOpen(\"x\", 1)", "Map", false)]
    [InlineData("MemoryMappedFile.CreateOrOpen(\"x\", 1)", "Pipe", true)]
    [InlineData("PipeTransmissionMode.Message", "Pipe", false)]
    [InlineData("PipeTransmissionMode.Message", "Map", true)]
    [InlineData("PipeTransmissionMode.Byte", "Pipe", true)]
    [InlineData("Console.Title", "Map", true)]
    public async Task A_member_that_Fairlead_supports_is_not_reported(string member, string kind, bool isReported)
    {
        Compilation compiled = Compilations.WithPackage(
            $"using System.IO.MemoryMappedFiles; using System.IO.Pipes; class C {{ object A() => {member}; }}");

        ImmutableArray<Diagnostic> found = await compiled
            .WithAnalyzers(
                [new EachMember(), new PlatformWarningSuppressor()], new AnalyzerOptions([], new ProjectProperties([kind])))
            .GetAnalyzerDiagnosticsAsync();

        Assert.Equal(isReported, found.Any(static one => one.Id == EachMember.Id));
    }

    // No compiler loads this analyzer, and its id is that of the SDK's on purpose.
#pragma warning disable RS1029, RS1036, RS1041, RS2008

    /// <summary>Reports each call, field and property, by the id of the SDK's warning.</summary>
    [DiagnosticAnalyzer(LanguageNames.CSharp)]
    private sealed class EachMember : DiagnosticAnalyzer
    {
        public const string Id = "CA1416";

        private static readonly DiagnosticDescriptor Member = new(Id, "Member", "a member", "Tests", DiagnosticSeverity.Warning, true);

        public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Member];

        public override void Initialize(AnalysisContext context)
        {
            context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
            context.EnableConcurrentExecution();
            context.RegisterOperationAction(
                static found => found.ReportDiagnostic(Diagnostic.Create(Member, found.Operation.Syntax.GetLocation())),
                OperationKind.Invocation,
                OperationKind.FieldReference,
                OperationKind.PropertyReference);
        }
    }
}
