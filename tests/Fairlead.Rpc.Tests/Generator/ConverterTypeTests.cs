using System.Globalization;
using Fairlead.Rpc.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Fairlead.Rpc.Tests.Generator;

/// <summary>The generator takes converters of any assembly, and says what is wrong with one.</summary>
[SlowRun]
public sealed class ConverterTypeTests
{
    private const string Point = "class Point { private Point() { } } ";

    [Theory]
    [InlineData("class C;", "does not implement IRpcConverter")]
    [InlineData(Point + "abstract class C : IRpcConverter<Point, int>, IRpcConverter<System.Text.Rune, int> { "
        + "public static int ToParts(Point a) => 0; static Point IRpcConverter<Point, int>.FromParts(int a) => null!; "
        + "public static int ToParts(System.Text.Rune a) => 0; "
        + "static System.Text.Rune IRpcConverter<System.Text.Rune, int>.FromParts(int a) => default; }",
        "does not implement IRpcConverter")]
    [InlineData("class C : IRpcConverter<int, long> { public static long ToParts(int a) => a; public static int FromParts(long a) => 0; }",
        "'int' travels without a converter")]
    [InlineData(
        "class C : IRpcConverter<int[], long> { public static long ToParts(int[] a) => 0; public static int[] FromParts(long a) => []; }",
        "travels without a converter")]
    [InlineData(
        "class C : IRpcConverter<int?, long> { public static long ToParts(int? a) => 0; public static int? FromParts(long a) => null; }",
        "travels without a converter")]
    [InlineData("class C : IRpcConverter<System.Threading.CancellationToken, int> { "
        + "public static int ToParts(System.Threading.CancellationToken a) => 0; "
        + "public static System.Threading.CancellationToken FromParts(int a) => default; }",
        "is not a value")]
    [InlineData(Point + "class C : IRpcConverter<Point, string?> { public static string? ToParts(Point a) => null; "
        + "public static Point FromParts(string? a) => null!; }",
        "may be null")]
    [InlineData(Point + "class C : IRpcConverter<Point, object> { public static object ToParts(Point a) => a; "
        + "public static Point FromParts(object a) => (Point)a; }",
        "'object' cannot be marshalled")]
    [InlineData(Point + "class P { public object A = 0; } class C : IRpcConverter<Point, P[]> { public static P[] ToParts(Point a) => []; "
        + "public static Point FromParts(P[] a) => null!; }",
        "'object' cannot be marshalled")]
    [InlineData(Point + "class C : IRpcConverter<Point, Point> { public static Point ToParts(Point a) => a; "
        + "public static Point FromParts(Point a) => a; }",
        "parts that are 'Point' again")]
    [InlineData(Point + "class C : IRpcConverter<Point, Point?[]> { public static Point?[] ToParts(Point a) => []; "
        + "public static Point FromParts(Point?[] a) => null!; }",
        "parts that are 'Point' again")]
    [InlineData(Point + "class Outer { private struct P { public int A; } internal class C : IRpcConverter<Point, P> { "
        + "static P IRpcConverter<Point, P>.ToParts(Point a) => default; static Point IRpcConverter<Point, P>.FromParts(P a) => null!; } }",
        "'Outer.P' is hidden",
        "Outer.C")]
    [InlineData("class C<T>;", "generic without arguments", "C<>")]
    [InlineData("", "not a class or struct", "int[]")]
    public void An_unusable_converter_is_reported_at_its_attribute(string types, string why, string converter = "C")
    {
        GeneratorDriverRunResult onAssembly = GeneratorTests.Run(
            $"#nullable enable\nusing Fairlead.Rpc;\n[assembly: RpcConverter(typeof({converter}))]\n"
                + $"[RpcContract] public interface IOne {{ void A(int value); }} {types}");
        GeneratorDriverRunResult onContract = GeneratorTests.Run(
            $"#nullable enable\nusing Fairlead.Rpc;\n\n[RpcConverter(typeof({converter})), RpcContract]\n"
                + $"public interface IOne {{ void A(int value); }} {types}");
        foreach (GeneratorDriverRunResult result in new[] { onAssembly, onContract })
        {
            Diagnostic found = Assert.Single(result.Diagnostics);
            Assert.Equal("FLRPC010", found.Id);
            Assert.Contains(why, found.GetMessage(CultureInfo.InvariantCulture), StringComparison.Ordinal);
            Assert.True(found.Location.IsInSource);
            GeneratorTests.AssertHelp(found);
        }

        Assert.Equal(2, onAssembly.Diagnostics[0].Location.GetLineSpan().StartLinePosition.Line);
        Assert.Equal(3, onContract.Diagnostics[0].Location.GetLineSpan().StartLinePosition.Line);
    }

    [Fact]
    public void Two_converters_of_a_type_are_an_error_at_the_second()
    {
        const string Attributes = "[assembly: RpcConverter(typeof(C))]\n[assembly: RpcConverter(typeof(D))]";
        Diagnostic found = Assert.Single(Run(Attributes, "", C + D).Diagnostics);
        Assert.Contains("'D' cannot convert a type of a contract: two converters convert 'Point'", $"{found}", StringComparison.Ordinal);
    }

    [Fact]
    public void A_converter_of_the_contract_takes_precedence_over_one_of_the_assembly()
    {
        GeneratorDriverRunResult result = Run("[assembly: RpcConverter(typeof(C))]", "[RpcConverter(typeof(D))] ", C + D);
        Assert.Empty(result.Diagnostics);
        Assert.Contains("\"(text)->[text]\"", $"{Assert.Single(result.GeneratedTrees)}", StringComparison.Ordinal);
    }

    [Fact]
    public void Two_converters_that_need_each_other_are_errors()
    {
        const string Types = "class A1 { private A1() { } } class B1 { private B1() { } } "
            + "class C : IRpcConverter<A1, B1> { public static B1 ToParts(A1 a) => null!; public static A1 FromParts(B1 a) => null!; } "
            + "class D : IRpcConverter<B1, A1[]> { public static A1[] ToParts(B1 a) => []; public static B1 FromParts(A1[] a) => null!; }";
        GeneratorDriverRunResult result = GeneratorTests.Run(
            "using Fairlead.Rpc; [assembly: RpcConverter(typeof(C)), RpcConverter(typeof(D))] "
                + $"[RpcContract] public interface IOne {{ void A(A1 a); }} {Types}");
        Assert.NotEmpty(result.Diagnostics);
        Assert.All(result.Diagnostics, static one => Assert.Equal("FLRPC010", one.Id));
    }

    [Fact]
    public void A_case_of_a_union_has_no_converter()
    {
        Diagnostic found = Assert.Single(GeneratorTests.Run(
            "using Fairlead.Rpc; [assembly: RpcConverter(typeof(C))] [RpcContract] public interface IOne { void A(U a); } "
                + "[RpcUnion(1, typeof(Point))] public abstract class U; public sealed class Point : U { public int X; } "
                + C).Diagnostics);
        Assert.Contains("a case travels as its own parts", $"{found}", StringComparison.Ordinal);
    }

    [Fact]
    public void A_contract_with_a_serializer_has_no_converter()
    {
        Diagnostic found = Assert.Single(GeneratorTests.Run(
            "using Fairlead.Rpc; [RpcConverter(typeof(C)), RpcContract(Serializer = typeof(S))] public interface IOne { void A(int a); } "
                + "[RpcFormat(\"x\")] public abstract class B : RpcSerializer; public class S() : JsonRpcSerializer(null!); "
                + Point + C).Diagnostics);
        Assert.Equal("FLRPC010", found.Id);
        Assert.Contains("serializer", $"{found}", StringComparison.Ordinal);
    }

    /// <summary>The type, its converter and the contract may each stand in an assembly of their own.</summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void A_converter_may_be_in_another_assembly(bool isTypeElsewhere, bool isConverterElsewhere)
    {
        const string Types = "public sealed class Point(int x) { private readonly int _x = x; public int Sum() => _x; }";
        const string Converter = "public sealed class C : Fairlead.Rpc.IRpcConverter<Point, string> { "
            + "public static string ToParts(Point a) => $\"{a.Sum()}\"; public static Point FromParts(string a) => new(a.Length); }";
        const string Contract = "[assembly: Fairlead.Rpc.RpcConverter(typeof(C))] [Fairlead.Rpc.RpcContract] public interface IOne { "
            + "Point? A(Point?[] a, System.Collections.Generic.Dictionary<Point, Point?> b); }";
        MetadataReference[] references = isTypeElsewhere ? [Emitted("Types", [Types])] : [];
        references = isConverterElsewhere
            ? [.. references, Emitted("Converters", isTypeElsewhere ? [Converter] : [Types, Converter], references)]
            : references;
        string[] rest = [isConverterElsewhere ? "" : Converter, isTypeElsewhere || isConverterElsewhere ? "" : Types, Contract];
        (Compilation whole, GeneratorDriverRunResult result) = Compilations.Generate(Compilations.Of("Contracts", rest, references));
        Assert.Empty(result.Diagnostics);
        Assert.Empty(whole.GetDiagnostics().Where(static found => found.Severity >= DiagnosticSeverity.Warning));
        Assert.Contains("\"([text?],{text=text?})->text?\"", $"{Assert.Single(result.GeneratedTrees)}", StringComparison.Ordinal);
    }

    [Fact]
    public void A_contract_that_is_passed_for_callbacks_has_the_converters_of_its_own_assembly()
    {
        const string Library = "[assembly: Fairlead.Rpc.RpcConverter(typeof(C))] public class Point { private Point() { } } "
            + "class C : Fairlead.Rpc.IRpcConverter<Point, int> { "
            + "public static int ToParts(Point a) => 0; public static Point FromParts(int a) => null!; } "
            + "[Fairlead.Rpc.RpcContract] public interface IBack { void A(Point a); }";
        Compilation library = Compilations.Generate(Compilations.Of("Library", [Library])).Whole;
        const string Contract = "[Fairlead.Rpc.RpcContract] public interface IOne { void A(IBack a); }";
        CSharpCompilation contracts = Compilations.Of("Contracts", [Contract], Emitted(library));
        (Compilation whole, GeneratorDriverRunResult result) = Compilations.Generate(contracts);
        Assert.Empty(result.Diagnostics);
        Assert.Empty(whole.GetDiagnostics().Where(static found => found.Severity >= DiagnosticSeverity.Warning));
        Assert.Contains("\"(&{A(i32)})\"", $"{Assert.Single(result.GeneratedTrees)}", StringComparison.Ordinal);
    }

    private const string C = "class C : IRpcConverter<Point, int> { "
        + "public static int ToParts(Point a) => 0; public static Point FromParts(int a) => null!; } ";

    private const string D = "class D : IRpcConverter<Point, string> { "
        + "public static string ToParts(Point a) => \"\"; public static Point FromParts(string a) => null!; } ";

    private static GeneratorDriverRunResult Run(string attributes, string onContract, string types) => GeneratorTests.Run(
        $"using Fairlead.Rpc; {attributes} {onContract}[RpcContract] interface IOne {{ Point[] A(Point a); }} {Point}{types}");

    private static PortableExecutableReference Emitted(string name, string[] code, params MetadataReference[] references) =>
        Emitted(Compilations.Of(name, code, references));

    private static PortableExecutableReference Emitted(Compilation compilation)
    {
        using MemoryStream stream = new();
        Assert.True(compilation.Emit(stream).Success);
        return MetadataReference.CreateFromImage(stream.ToArray());
    }
}
