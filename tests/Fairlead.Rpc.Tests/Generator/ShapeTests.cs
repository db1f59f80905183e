using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Tests.Generator;

/// <summary>The shapes that the generator writes: the language of docs/rpc-format.md.</summary>
public sealed partial class ShapeTests
{
    [Theory]
    [InlineData("void A();", "()")]
    [InlineData("void A(RpcCallOptions? options = null, CancellationToken token = default);", "()")]
    [InlineData("int A(string a, string? b, int? c);", "(text,text?,i32?)->i32")]
    [InlineData("byte[] A(System.Memory<byte> a, byte[][] b);", "(bytes,[bytes])->bytes")]
    [InlineData("List<int> A(HashSet<string> a, IReadOnlyDictionary<string, int?> b);", "({text},{text=i32?})->[i32]")]
    [InlineData("void A((int First, (bool, char) Second) a);", "((i32,(bool,char)))")]
    [InlineData("void A(Kind a); enum Kind : short { One }", "(i16)")]
    [InlineData("void A(Plain a); record Plain(int Left, Kind? Right); enum Kind { One }", "({Left:i32,Right:i32?})")]
    [InlineData(
        "void A(Later a); class Later { [RpcMember(7)] public int B { get; set; } [RpcMember(2)] public string C { get; set; } = \"\"; }",
        "(#{2:C:text,7:B:i32})")]
    [InlineData("IAsyncEnumerable<int> A(IAsyncEnumerable<string> a, CancellationToken cancellationToken = default);", "(*text)->*i32")]
    [InlineData(
        "ValueTask<System.IO.Stream> A(System.IO.Stream a, IAsyncEnumerable<int> b, CancellationToken token = default);",
        "(*bytes,*i32)->*bytes")]
    [InlineData("System.IO.Stream A(CancellationToken token = default);", "()->*bytes")]
    [InlineData(
        "void A(IBack a); [RpcContract] interface IBack { [OneWay] void Told(int a); string Asked(); }", "(&{Told(i32)!;Asked()->text})")]
    [InlineData(
        "Task A(System.IProgress<int> a, System.IProgress<Kind?>? b = null, CancellationToken token = default); enum Kind : byte { One }",
        "(&call{Report(i32)},&call{Report(u8?)}?)")]
    [InlineData(
        "int A([DuringCall] IBack a, [DuringCall] IBack? b); [RpcContract] interface IBack { void Told(); }",
        "(&call{Told()},&call{Told()}?)->i32")]
    public void A_member_has_the_shape_of_its_types(string members, string shape) => Assert.Equal([shape], Shapes(members));

    [Theory]
    [InlineData("class Node { public int Id; public Node? Next; }", "Node", "{Id:i32,Next:^1?}")]
    [InlineData("class Node { public int Id; public List<Node> All = []; }", "Node", "{Id:i32,All:[^1]}")]
    [InlineData("class A1 { public B1? B; } class B1 { public A1? A; public B1? Next; }", "A1", "{B:{A:^2?,Next:^1?}?}")]
    [InlineData("class A1 { public B1? B; } class B1 { public A1? A; public B1? Next; }", "B1", "{A:{B:^2?}?,Next:^1?}")]
    [InlineData("class Tree { [RpcMember(1)] public (int, Tree?) Pair; }", "Tree", "#{1:Pair:(i32,^2?)}")]
    [InlineData(
        "[RpcUnion(2, typeof(N)), RpcUnion(1, typeof(L))] abstract class E; sealed class L : E; "
            + "sealed class N : E { public E? A; public N? B; }",
        "E",
        "|{1:L:{},2:N:{A:^2?,B:^1?}}")]
    [InlineData(
        "[RpcUnion(1, typeof(N))] abstract class E; sealed class N : E { public E? A; public N? B; }", "N", "{A:|{1:N:^2}?,B:^1?}")]
    [InlineData(
        "[RpcUnion(1, typeof(E)), RpcUnion(2, typeof(N))] class E { public E? A; } sealed class N : E { public N? B; }",
        "E",
        "|{1:E:{A:^2?},2:N:{A:^2?,B:^1?}}")]
    [InlineData("[RpcUnion(1, typeof(S))] interface I; struct S : I { public int A; public I? B; }", "I", "|{1:S:{A:i32,B:^2?}}")]
    public void A_recursive_type_is_written_as_its_distance(string types, string type, string shape) =>
        Assert.Equal([$"({shape})"], Shapes($"void M({type} value); {types}"));

    /// <summary>Each side generates its own code: the shape of a type may not depend on what is beside it.</summary>
    [Fact]
    public void The_shape_of_a_type_does_not_depend_on_other_members()
    {
        const string Types = "class A1 { public B1? B; } class B1 { public A1? A; public int Id; }";
        string[] one = Shapes($"void M(A1 a); void N(B1 b); void O(A1 a, B1 b); {Types}");
        string[] other = Shapes($"void O(A1 a, B1 b); void N(B1 b); void M(A1 a); {Types}");
        Assert.Equal(one, other.Reverse());
        Assert.Equal(["({B:{A:^2?,Id:i32}?})", "({A:{B:^2?}?,Id:i32})", "({B:{A:^2?,Id:i32}?},{A:{B:^2?}?,Id:i32})"], one);
    }

    [Fact]
    public void A_shape_that_doubles_with_each_level_is_refused()
    {
        string types = string.Concat(Enumerable.Range(0, 30).Select(
            static i => $"class L{i} {{ public L{i + 1}? Left; public L{i + 1}? Right; }} "));
        Diagnostic found = Assert.Single(GeneratorTests.Run(Source($"void A(L0 a); {types} class L30 {{ public int Id; }}")).Diagnostics);
        Assert.Equal("FLRPC002", found.Id);
        Assert.Contains("100000 characters", found.GetMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_generic_type_that_grows_within_itself_is_refused()
    {
        Diagnostic[] found =
            [.. GeneratorTests.Run(Source("void A(Box<int> a); class Box<T> { public T? One; public Box<Box<T>>? More; }")).Diagnostics];
        Assert.All(found, static one => Assert.Equal("FLRPC002", one.Id));
        Assert.NotEmpty(found);
    }

    private static string[] Shapes(string members)
    {
        GeneratorDriverRunResult result = GeneratorTests.Run(Source(members));
        Assert.Empty(result.Diagnostics);
        string code = result.GeneratedTrees
            .Select(static tree => $"{tree}")
            .Single(static text => text.Contains("class IContract_Rpc", StringComparison.Ordinal));
        return [.. Described().Matches(code).Select(static match => match.Groups[1].Value)];
    }

    private static string Source(string members) => $$"""
        using System.Collections.Generic;
        using System.Threading;
        using System.Threading.Tasks;
        using Fairlead.Rpc;
        [RpcContract] public interface IContract { {{members}} }
        """;

    // new RpcMember("Name", "declaration", "shape", kinds, "summary")
    [GeneratedRegex("""new RpcMember\("\w+", "(?:[^"\\]|\\.)*", "([^"]*)",""")]
    private static partial Regex Described();
}
