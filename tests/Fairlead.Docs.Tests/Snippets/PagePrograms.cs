using System.Runtime.Loader;
using Fairlead.NamedHandles.Generator;
using Fairlead.NamedHandles.Tests.Generator;
using Fairlead.Rpc.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>The blocks of C# in pages, and a compiler for those that are whole programs.</summary>
internal static class PagePrograms
{
    // What a new console application of the SDK has without saying so.
    private const string ImplicitUsings =
        "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; "
        + "global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;";

    /// <summary>The pages whose programs need the packages of a host. All of their code stands in samples, which are compiled.</summary>
    public static readonly string[] OfHosts =
        ["docs/hosting.md", "docs/package/Fairlead.Hosting.md", "docs/package/Fairlead.OpenTelemetry.md"];

    /// <summary>The pages whose programs are for Windows, and run with the package of named handles.</summary>
    public static readonly string[] OfNamedHandles = ["docs/named-handles.md", "docs/package/Fairlead.NamedHandles.md"];

    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(':')
            .Where(static path => !Path.GetFileName(path).StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal))
            .Select(static path => MetadataReference.CreateFromFile(path)),
    ];

    /// <summary>The pages that show C#.</summary>
    public static IEnumerable<string> Pages => Repository.Pages.Where(static page => Blocks(page).Any());

    /// <summary>Returns the blocks of C# of a page, in their order.</summary>
    public static IEnumerable<string> Blocks(string page) =>
        Repository.Read(page).Split("```csharp\n").Skip(1).Select(static part => part[..part.IndexOf("```", StringComparison.Ordinal)]);

    /// <summary>Compiles a program as a new console application that references Fairlead's packages.</summary>
    /// <param name="program">The program.</param>
    /// <param name="usesNamedHandles">Whether one of the packages is Fairlead.NamedHandles.</param>
    /// <exception cref="InvalidOperationException">It does not compile, or not without a warning.</exception>
    public static byte[] Compile(string program, bool usesNamedHandles = false)
    {
        CSharpParseOptions version = new CSharpParseOptions(LanguageVersion.Preview).WithFeatures(
            [new("InterceptorsNamespaces", "Fairlead.NamedHandles.Generated")]);
        CSharpCompilation compilation = CSharpCompilation.Create(
            $"page-{Guid.NewGuid():N}",
            [
                CSharpSyntaxTree.ParseText(ImplicitUsings + (usesNamedHandles ? BuildFiles.GlobalUsings : ""), version),
                CSharpSyntaxTree.ParseText(program, version),
            ],
            References,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        CSharpGeneratorDriver.Create(
            [new RpcGenerator().AsSourceGenerator(), new InterceptorGenerator().AsSourceGenerator()],
            parseOptions: version,
            optionsProvider: new ProjectProperties(usesNamedHandles ? ProjectProperties.AllKinds : []))
            .RunGeneratorsAndUpdateCompilation(compilation, out Compilation whole, out _);
        using MemoryStream image = new();
        Diagnostic[] found = [.. whole.Emit(image).Diagnostics.Where(static found => found.Severity >= DiagnosticSeverity.Warning)];
        return found is []
            ? image.ToArray()
            : throw new InvalidOperationException($"{string.Join('\n', found.AsEnumerable())}\n{program}");
    }

    /// <summary>Runs a compiled program to its end.</summary>
    public static void Run(byte[] image)
    {
        using MemoryStream stream = new(image);
        var main = AssemblyLoadContext.Default.LoadFromStream(stream).EntryPoint!;
        object?[] arguments = main.GetParameters() is [] ? [] : [Array.Empty<string>()];
        main.Invoke(null, arguments);
    }

    /// <summary>Returns what is wrong with the syntax of a block that is statements, or members of a type; null: nothing.</summary>
    public static string? Torn(string block)
    {
        CSharpParseOptions version = new(LanguageVersion.Preview);
        Diagnostic? first = CSharpSyntaxTree.ParseText(block, version).GetDiagnostics().FirstOrDefault();
        return first is null || !CSharpSyntaxTree.ParseText($"class X {{\n{block}\n}}", version).GetDiagnostics().Any()
            ? null
            : first.ToString();
    }
}
