using System.Collections.Immutable;
using Fairlead.NamedHandles.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Fairlead.NamedHandles.Tests.Generator;

/// <summary>Compiles code as a project of the SDK that uses the package, and as one that does not.</summary>
internal static class Compilations
{
    public static readonly CSharpParseOptions Options = new CSharpParseOptions(LanguageVersion.Preview).WithFeatures(
        [new("InterceptorsNamespaces", "Fairlead.NamedHandles.Generated")]);

    // What a console program of the SDK has without saying so.
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;

        """;

    // The warnings that the SDK leaves out: a package was compiled with older assemblies of the platform than the program.
    private static readonly Dictionary<string, ReportDiagnostic> NoWarn =
        new() { ["CS1701"] = ReportDiagnostic.Suppress, ["CS1702"] = ReportDiagnostic.Suppress };

    private static readonly ImmutableArray<string> Assemblies =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(':')];

    private static readonly ImmutableArray<MetadataReference> Platform =
    [
        .. Assemblies
            .Where(static path => path.StartsWith(Path.GetDirectoryName(typeof(object).Assembly.Location)!, StringComparison.Ordinal))
            .Select(static path => MetadataReference.CreateFromFile(path)),
    ];

    private static readonly MetadataReference Package = MetadataReference.CreateFromFile(typeof(NamedWaitHandles).Assembly.Location);

    /// <summary>Every switch, on.</summary>
    public static string[] AllKinds => ProjectProperties.AllKinds;

    /// <summary>Compiles files that have nothing but the platform, as a project for Windows does.</summary>
    public static CSharpCompilation WithoutPackage(params string[] code) => Of(Platform, ImplicitUsings, code);

    /// <summary>Compiles files with the package and the aliases of its props.</summary>
    public static CSharpCompilation WithPackage(params string[] code) =>
        Of([.. Platform, Package], ImplicitUsings + BuildFiles.GlobalUsings, code);

    /// <summary>Compiles files with more references, too: libraries of others, compiled without the package.</summary>
    public static CSharpCompilation WithLibrary(string library, string code) =>
        WithPackage(code).AddReferences(WithoutPackage(library).WithAssemblyName("Library").ToMetadataReference());

    public static GeneratorDriver Driver(string[] kinds, bool tracksSteps = false) => CSharpGeneratorDriver.Create(
        [new InterceptorGenerator().AsSourceGenerator()],
        parseOptions: Options,
        optionsProvider: new ProjectProperties(kinds),
        driverOptions: new(IncrementalGeneratorOutputKind.None, tracksSteps));

    /// <summary>Runs the generator, and checks that the whole compiles without a warning.</summary>
    /// <returns>The generated code; empty: none.</returns>
    public static string Generate(Compilation compiled, params string[] kinds)
    {
        GeneratorDriver driver = Driver(kinds).RunGeneratorsAndUpdateCompilation(compiled, out Compilation whole, out _);
        Assert.Empty(Findings(whole));
        using MemoryStream image = new();
        Assert.Empty(whole.Emit(image).Diagnostics.Where(static found => found.Severity >= DiagnosticSeverity.Warning));
        return string.Concat(driver.GetRunResult().GeneratedTrees.Select(static tree => tree.ToString()));
    }

    /// <summary>Returns what the analyzer says.</summary>
    public static async Task<ImmutableArray<Diagnostic>> AnalyzeAsync(Compilation compiled, params string[] kinds)
    {
        CompilationWithAnalyzers analyzed = compiled.WithAnalyzers(
            [new NamedHandlesAnalyzer()], new AnalyzerOptions([], new ProjectProperties(kinds)));
        return await analyzed.GetAnalyzerDiagnosticsAsync();
    }

    /// <summary>Returns the errors and warnings of the compiler.</summary>
    public static Diagnostic[] Findings(Compilation compiled) =>
        [.. compiled.GetDiagnostics().Where(static found => found.Severity >= DiagnosticSeverity.Warning)];

    private static CSharpCompilation Of(ImmutableArray<MetadataReference> references, string usings, string[] code) =>
        CSharpCompilation.Create(
            "Program",
            [
                CSharpSyntaxTree.ParseText(usings, Options, "Usings.cs"),
                .. code.Select(static (text, number) => CSharpSyntaxTree.ParseText(text, Options, $"/place/File{number}.cs")),
            ],
            references,
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary,
                specificDiagnosticOptions: NoWarn,
                nullableContextOptions: NullableContextOptions.Enable));
}
