using System.Collections.Immutable;
using System.Globalization;
using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Tests.Generator;

/// <summary>The generator refuses unions without a meaning, and warns of values that could not be sent.</summary>
public sealed class UnionTypeTests
{
    [Theory]
    [InlineData("[RpcUnion(0, typeof(B))] public abstract class A; public sealed class B : A;", "begin with 1")]
    [InlineData(
        "[RpcUnion(1, typeof(B)), RpcUnion(1, typeof(C))] public abstract class A; public sealed class B : A; public sealed class C : A;",
        "one number")]
    [InlineData("[RpcUnion(1, typeof(B))] public abstract class A; public sealed class B { public int X; }", "does not derive from it")]
    [InlineData("[RpcUnion(1, typeof(B<>))] public abstract class A; public sealed class B<T> : A;", "generic without arguments")]
    [InlineData("[RpcUnion(1, typeof(int[]))] public abstract class A;", "neither a class nor a struct")]
    [InlineData("[RpcUnion(1, typeof(B))] public abstract class A { private sealed class B : A; }", "hidden from generated code")]
    [InlineData("[RpcUnion(1, typeof(A))] public abstract class A;", "it is abstract")]
    [InlineData("[RpcUnion(1, typeof(B))] public abstract class A; public sealed class B : A { private B() { } }", "public constructor")]
    [InlineData(
        "[RpcUnion(1, typeof(B)), RpcUnion(2, typeof(N.B))] public abstract class A; public sealed class B : A; "
            + "namespace N { public sealed class B : A; }",
        "one name")]
    [InlineData("public abstract class A;", "[RpcUnion]")]
    [InlineData("public interface A;", "[RpcUnion]")]
    [InlineData(
        "[Other.RpcUnion(1)] public abstract class A; namespace Other { class RpcUnionAttribute(int a) : System.Attribute; }", "abstract")]
    public void An_invalid_union_is_refused(string types, string why)
    {
        Diagnostic found = Assert.Single(Run("A", types));
        Assert.Equal("FLRPC002", found.Id);
        Assert.Contains(why, found.GetMessage(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("public class A { public int X; } public sealed class B : A;")]
    [InlineData("public record A(int X); public sealed record B(int X) : A(X);")]
    [InlineData("public class A { public int X; } public abstract class M : A; public class B : M;")]
    [InlineData("[RpcUnion(1, typeof(A))] public class A { public int X; } public class Outer { private sealed class B : A; }")]
    [InlineData("[RpcUnion(1, typeof(C))] public interface A; public sealed class C : A; public struct B : A;")]
    public void A_derived_type_that_would_be_refused_is_a_warning(string types)
    {
        Diagnostic found = Assert.Single(Run("A", types));
        Assert.Equal(("FLRPC009", DiagnosticSeverity.Warning), (found.Id, found.Severity));
        Assert.True(found.Location.IsInSource);
        Assert.Contains("B' derives from 'A'", found.GetMessage(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        GeneratorTests.AssertHelp(found);
    }

    [Theory]
    [InlineData("public class A { public int X; } public abstract class M : A;")]
    [InlineData("public class A { public int X; }")]
    [InlineData("[RpcUnion(1, typeof(A)), RpcUnion(2, typeof(B))] public class A { public int X; } public sealed class B : A;")]
    [InlineData("[RpcUnion(1, typeof(B<int>))] public abstract class A; public sealed class B<T> : A { public T? X; }")]
    public void Types_that_lose_nothing_cause_no_warning(string types)
    {
        Diagnostic[] found = [.. Run("A", types)];

        // The open type is another one than its case.
        Assert.All(found, static one => Assert.Contains("B<T>", $"{one}", StringComparison.Ordinal));
    }

    [Fact]
    public void A_warning_about_a_derived_type_can_be_suppressed()
    {
        GeneratorDriverRunResult result = GeneratorTests.Run(
            """
            using Fairlead.Rpc;
            #pragma warning disable FLRPC009
            [RpcContract] public interface IOne { A Same(A value); }
            #pragma warning restore FLRPC009
            public class A { public int X; }
            public sealed class B : A;
            """);
        Assert.True(Assert.Single(result.Diagnostics).IsSuppressed);
    }

    [Fact]
    public void A_property_that_hides_a_base_property_replaces_it()
    {
        const string Types = "public class A { public int X { get; set; } } "
            + "public sealed class B : A { public new string X { get; set; } = \"\"; } "
            + "public sealed class C : A { [RpcIgnore] public new int X => 1; public int Y; }";
        GeneratorDriverRunResult result = GeneratorTests.Run(
            $"using Fairlead.Rpc; [RpcContract] public interface IOne {{ B Same(B value, C other); }} {Types}");
        Assert.Empty(result.Diagnostics);
        Assert.Contains("\"({X:text},{Y:i32})->{X:text}\"", $"{Assert.Single(result.GeneratedTrees)}", StringComparison.Ordinal);
    }

    private static ImmutableArray<Diagnostic> Run(string type, string types) => GeneratorTests
        .Run($"using Fairlead.Rpc; [RpcContract] public interface IOne {{ {type} Same({type} value); }} {types}")
        .Diagnostics;
}
