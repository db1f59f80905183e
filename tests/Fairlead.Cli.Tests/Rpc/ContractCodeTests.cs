using System.Collections.Immutable;
using System.Reflection;
using System.Text.RegularExpressions;
using Fairlead.Cli.Output;
using Fairlead.Cli.Rpc;
using Fairlead.Cli.Tests.Running;
using Fairlead.Rpc;
using Fairlead.Rpc.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Fairlead.Cli.Tests.Rpc;

/// <summary>The file that <c>fairlead describe --output csharp</c> writes, and the arguments that <c>--template</c> writes.</summary>
[FullRun(Reason.Variants)]
[SlowRun]
public sealed partial class ContractCodeTests : IDisposable
{
    private static readonly ImmutableArray<MetadataReference> References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(':')
            .Where(static path => Path.GetFileName(path) != "Fairlead.Cli.Tests.dll")
            .Select(static path => MetadataReference.CreateFromFile(path)),
    ];

    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Generated_contract_code_compiles_to_the_same_contract() => await CompareAsync<IEverything>(new EverythingService());

    [Fact]
    public async Task Generated_code_of_a_named_contract_compiles_to_the_same_contract() => await CompareAsync<IWarehouse>(new Warehouse());

    [Fact]
    public async Task Generated_code_of_a_contract_with_callbacks_compiles_to_the_same_contract() =>
        await CompareAsync<IPress>(new Press());

    [Fact]
    public async Task Describe_as_csharp_needs_a_choice_among_several_contracts()
    {
        await using RpcServer server = await Fairlead.Rpc.Rpc.ServeAsync(
            $"unix://{_home.Work}/both", new RpcServices().Add<IWarehouse>(new Warehouse()).Add<IPress>(new Press()));
        string address = $"unix://{_home.Work}/both";
        Outcome both = await _home.RunAsync("describe", address, "--output", "csharp");
        Assert.True(both is { ExitCode: 2, Output: "" }, both.ToString());
        Assert.Contains("choose one with --contract", both.Error, StringComparison.Ordinal);
        Outcome one = await _home.RunAsync("describe", address, "--output", "csharp", "--contract", "IPress");
        Assert.True(one is { ExitCode: 0, Error: "" }, one.ToString());
        Assert.Contains("public interface IPress\n", one.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("public record Order(int A); } class Evil { static Evil() { } record B(int C);")]
    [InlineData("public record Order(int A, string B = \"\" /* */);")]
    [InlineData("public record Order(int A\u2028, int B);")]
    [InlineData("public enum Grade { A = 1; }")]
    [InlineData("public enum Grade { A = System.Environment.Exit(1) }")]
    [InlineData("public record Order(System.Diagnostics.Process A);")]
    [InlineData("class Evil { }")]
    [InlineData("public interface IEvil\n{\n    void A() { }\n}")]
    [InlineData("[RpcUnion(1, typeof(A))] [System.Obsolete] public abstract class B;")]
    [InlineData("using Order = System.Diagnostics.Process;")]
    public void Generated_code_contains_only_valid_type_declarations(string declaration) =>
        AssertDeclares(new RpcDescription("Shop.IOrders", [new RpcMember("A", "void A(Order order);", "(i32)")], [declaration]));

    [Theory]
    [InlineData("void A(int a) => throw null;")]
    [InlineData("void A(int a, params string[] b);")]
    [InlineData("System.IO.File A(int a);")]
    [InlineData("void A(int if\n);")]
    [InlineData("void A(int a = Evil());")]
    [InlineData("void A(int a); } class Evil { static Evil() { }")]
    public void Generated_code_contains_only_valid_member_declarations(string declaration) =>
        AssertDeclares(new RpcDescription("Shop.IOrders", [new RpcMember("A", declaration, "(i32)")]));

    [Fact]
    public void A_summary_cannot_end_its_comment()
    {
        RpcDescription contract = new(
            "Shop.IOrders", [new RpcMember("A", "void A();", "()", Summary: "</summary>\nclass Evil;")], [], "a\u2028b\u0085c\rd");
        string code = ContractCode.Of(contract, "shop\nclass Evil;");
        Assert.Equal(
            [],
            code.Split('\n', '\r', '\u2028', '\u2029', '\u0085')
                .Where(static line => line.TrimStart().StartsWith("class", StringComparison.Ordinal)));
        Assert.Contains("/// <summary>&lt;/summary&gt; class Evil;</summary>", code, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_of_a_serializer_are_refused_with_the_reason()
    {
        RpcDescription contract = new("Shop.IOrders", [new RpcMember("A", "void A(Order order);", "(~json)")]);
        ToolException refused = Assert.Throws<ToolException>(() => ContractCode.Of(contract, "shop"));
        Assert.Contains("in the format of a serializer", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Echo")]
    [InlineData("Lines")]
    [InlineData("Turn")]
    [InlineData("Grow")]
    [InlineData("Note")]
    public async Task A_template_is_a_valid_argument_of_call(string member)
    {
        await using RpcServer server = await ServeAsync<IEverything>(new EverythingService());
        Outcome template = await _home.RunAsync("describe", Address, "--template", member);
        Assert.True(template is { ExitCode: 0, Error: "" }, template.ToString());
        Outcome called = await _home.RunAsync("call", Address, member, template.Output);
        Assert.True(called is { ExitCode: 0, Error: "" }, $"{template.Output}\n{called}");
    }

    [Fact]
    public async Task A_template_shows_names_and_omits_streams_and_callbacks()
    {
        await using RpcServer server = await ServeAsync<IEverything>(new EverythingService());
        Outcome note = await _home.RunAsync("describe", Address, "--template", "Lines");
        Assert.Equal(
            """
            {
              "page": {
                "Number": 0,
                "Items": [
                  {
                    "Item": "text",
                    "Price": 0
                  }
                ]
              },
              "pages": {
                "Number": 0,
                "Items": [
                  {
                    "Number": 0,
                    "Items": [
                      "text"
                    ]
                  }
                ]
              },
              "event": 0
            }

            """,
            note.Output);
        Outcome watch = await _home.RunAsync("describe", Address, "--template", "Watch");
        Assert.Equal("{}\n", watch.Output);
        Outcome none = await _home.RunAsync("describe", Address, "--template", "Nothing");
        Assert.True(none is { ExitCode: 2, Output: "" }, none.ToString());
    }

    /// <summary>Either the description is refused, or its code declares types and members, and runs nothing.</summary>
    private static void AssertDeclares(RpcDescription contract)
    {
        string code;
        try
        {
            code = ContractCode.Of(contract, "shop");
        }
        catch (ToolException refused)
        {
            Assert.Contains("cannot be written as C#", refused.Message, StringComparison.Ordinal);
            return;
        }

        SyntaxNode root = CSharpSyntaxTree.ParseText(code).GetRoot();
        Assert.Equal([], root.GetDiagnostics());
        Assert.DoesNotContain(
            root.DescendantNodes(),
            static node => node is ClassDeclarationSyntax or BlockSyntax or ArrowExpressionClauseSyntax or InvocationExpressionSyntax);
        Assert.DoesNotContain("Process", code, StringComparison.Ordinal);
    }

    private string Address => $"unix://{_home.Work}/service";

    private ValueTask<RpcServer> ServeAsync<T>(T service)
        where T : class =>
        Fairlead.Rpc.Rpc.ServeAsync(Address, service);

    private async Task CompareAsync<T>(T service)
        where T : class
    {
        await using RpcServer server = await ServeAsync(service);
        Outcome described = await _home.RunAsync("describe", Address, "--output", "csharp");
        Assert.True(described is { ExitCode: 0, Error: "" }, described.ToString());
        CSharpParseOptions latest = new(LanguageVersion.Latest, DocumentationMode.Diagnose);
        CSharpCompilation compiled = CSharpCompilation.Create(
            "Client",
            [CSharpSyntaxTree.ParseText(described.Output, latest, "Contract.cs")],
            References,
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary,
                nullableContextOptions: NullableContextOptions.Enable,
                specificDiagnosticOptions: [new("CS1701", ReportDiagnostic.Suppress)]));
        CSharpGeneratorDriver
            .Create([new RpcGenerator().AsSourceGenerator()], parseOptions: latest)
            .RunGeneratorsAndUpdateCompilation(compiled, out Compilation whole, out ImmutableArray<Diagnostic> found);
        Assert.Equal([], found.Concat(whole.GetDiagnostics()).Where(static one => one.Severity >= DiagnosticSeverity.Warning));

        // The contract that is compiled into a client is the server's: its description says so.
        using MemoryStream assembly = new();
        Assert.True(whole.Emit(assembly).Success);
        Match comment = Comment().Match(described.Output);
        Assert.Equal(
            comment.Groups["hash"].Value, InstanceLine.HashOf(HashOf(Assembly.Load(assembly.ToArray()), comment.Groups["name"].Value)));
    }

    [GeneratedRegex("^// .*: (?<name>.*), hash (?<hash>[0-9a-f]+)\\.")]
    private static partial Regex Comment();

    private static ulong HashOf(Assembly assembly, string name)
    {
        IEnumerable<RpcDescription> contracts = assembly.GetTypes()
            .Where(static type =>
                type.BaseType is { IsGenericType: true } parent && parent.GetGenericTypeDefinition() == typeof(RpcContract<>))
            .Select(static type => Activator.CreateInstance(type, nonPublic: true)!)
            .Select(static contract => contract.GetType().GetProperty(nameof(RpcContract<>.Description))!.GetValue(contract))
            .Cast<RpcDescription>();
        return Assert.Single(contracts, contract => contract.Name == name).Hash;
    }
}
