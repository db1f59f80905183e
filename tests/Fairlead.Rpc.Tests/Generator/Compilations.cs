using Fairlead.Rpc.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Fairlead.Rpc.Tests.Generator;

/// <summary>Compiles code for tests of the generator, as a project of the SDK does, and runs the generator.</summary>
internal static class Compilations
{
    /// <summary>
    /// The options of a library. As in a project of the SDK, a reference that was built with an earlier base library (CS1701) is
    /// nothing to warn of.
    /// </summary>
    private static readonly CSharpCompilationOptions Library = new(
        OutputKind.DynamicallyLinkedLibrary,
        nullableContextOptions: NullableContextOptions.Enable,
        specificDiagnosticOptions: [new("CS1701", ReportDiagnostic.Suppress)]);

    /// <summary>Compiles files, without what the generator adds.</summary>
    public static CSharpCompilation Of(string name, string[] code, params MetadataReference[] more) => CSharpCompilation.Create(
        name,
        code.Select(static (text, number) => CSharpSyntaxTree.ParseText(text, GeneratorTests.Latest, $"File{number}.cs")),
        [.. GeneratorTests.References, .. more],
        Library);

    /// <summary>Runs the generator.</summary>
    public static (Compilation Whole, GeneratorDriverRunResult Result) Generate(Compilation compiled)
    {
        GeneratorDriver driver = CSharpGeneratorDriver
            .Create([new RpcGenerator().AsSourceGenerator()], parseOptions: GeneratorTests.Latest)
            .RunGeneratorsAndUpdateCompilation(compiled, out Compilation whole, out _);
        return (whole, driver.GetRunResult());
    }
}
