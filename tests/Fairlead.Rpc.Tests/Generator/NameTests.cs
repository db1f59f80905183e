using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Tests.Generator;

/// <summary>Contracts whose names, attributes and own members meet the generated code: it compiles without a warning.</summary>
[SlowRun]
public sealed class NameTests
{
    private const string Usings =
        "using System; using System.Collections.Generic; using System.Threading; using System.Threading.Tasks; using Fairlead.Rpc; ";

    [Theory]
    [InlineData("int Dial(string channel, int call, int reply, int reader, int writer, int value, int arguments, int member);")]
    [InlineData("Task A(IAsyncEnumerable<int> call, IOne channel, CancellationToken value);")]
    [InlineData("IAsyncEnumerable<int> B(int read, CancellationToken reply);")]
    [InlineData("int a0(int a1, int a0, CancellationToken a2);")]
    [InlineData("void @class(int @int, string @event, CancellationToken @default); int @return(); Task @await(CancellationToken @ref);")]
    [InlineData("void GetHashCode(); int ToString(); bool Equals(int a); Task GetType(CancellationToken c);")]
    [InlineData("void Stub(); void Skeleton(); void Channel(); void InvokeAsync(); void Register(); void CreateStub();")]
    [InlineData("string Näme(int ñ);")]
    public void Members_and_parameters_may_have_any_name(string members) =>
        Compiles($"[RpcContract] public interface IOne {{ {members} }}");

    /// <summary>The compiler has already reported their use in the contract, where a program can suppress it.</summary>
    [Theory]
    [InlineData("[System.Diagnostics.CodeAnalysis.Experimental(\"TRY1\")] public record Part(int A);")]
    [InlineData("[System.Obsolete(\"old\")] public record Part(int A);")]
    [InlineData("[System.Obsolete(\"old\", DiagnosticId = \"TRY1\")] public record Part(int A);")]
    [InlineData("public class Part { [System.Diagnostics.CodeAnalysis.Experimental(\"TRY1\")] public int A { get; set; } }")]
    [InlineData("public record Part([property: System.Diagnostics.CodeAnalysis.Experimental(\"TRY1\")] int A);")]
    public void Experimental_and_obsolete_types_can_be_marshalled(string part) => Compiles(
        "\n" + $$"""
        #pragma warning disable TRY1, CS0618
        {{part}}
        public record Whole(Part Part);
        [RpcContract] public interface IOne { Part Same(Part part); List<Part> Several(Whole whole); }
        [Obsolete("old", DiagnosticId = "TRY1"), RpcContract] public interface ITwo { void A(Part part); }
        [System.Diagnostics.CodeAnalysis.Experimental("TRY1"), RpcContract] public interface IThree { void A(Part part); }
        """);

    [Theory]
    [InlineData("public record One(int @class, int Class, int cLASS);")]
    [InlineData("public record One(int Part, int part, int number, int whole, int defaults, int reader);")]
    [InlineData("public class One { [RpcMember(1)] public int part { get; set; } [RpcMember(2)] public int @int { get; set; } }")]
    [InlineData("public class One { public int a { get; set; } public int A { get; set; } }")]
    public void Parts_may_have_any_name(string type) => Compiles($"[RpcContract] public interface IOne {{ One Same(One one); }} {type}");

    [Theory]
    [InlineData("[RpcContract] public interface @interface { @int A(@int a, @enum e); } public record @int(int A); public enum @enum { }")]
    [InlineData("namespace @class.@int { [RpcContract] public interface IOne { int A(E e); } public record E(int A); }")]
    [InlineData("namespace A_B { [RpcContract] public interface I { void A(); } } namespace A.B { [RpcContract] public interface I; }")]
    [InlineData("namespace Q.System { public class X; } namespace Q { [RpcContract] public interface IOne { int A(DateTime d); } }")]
    [InlineData("namespace Q.Fairlead { public class X; } namespace Q { [RpcContract] public interface IOne { int A(string s); } }")]
    public void Contracts_types_and_namespaces_may_have_any_name(string code) => Compiles(code);

    [Theory]
    [InlineData("[RpcContract] public interface IOne { [Obsolete] int A(); [Obsolete(\"b\", true)] int B(); }")]
    [InlineData("[Obsolete] [RpcContract] public interface IOne { int A(); }")]
    [InlineData("[RpcContract] public interface IOne { int A(C c); } public record C { [Obsolete] public int A { get; set; } }")]
    public void Obsolete_members_and_contracts_are_served(string code) => Compiles(code);

    [Theory]
    [InlineData("static int Twice(int a) => 2 * a;")]
    [InlineData("static virtual int One() => 1;")]
    [InlineData("private int One() => 1;")]
    [InlineData("sealed int One() => 1; sealed int Two => 2;")]
    public void Members_with_a_body_in_the_interface_are_not_called_remotely(string member)
    {
        GeneratorDriverRunResult result = Compiles($"[RpcContract] public interface IOne {{ int Called(); {member} }}");
        Assert.DoesNotContain("new RpcMember(\"One\"", $"{Assert.Single(result.GeneratedTrees)}", StringComparison.Ordinal);
        Assert.Contains("new RpcMember(\"Called\"", $"{Assert.Single(result.GeneratedTrees)}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#nullable disable\n{0}[RpcContract] public interface IOne {{ string A(string a, List<string> b); }}")]
    [InlineData("{0}[RpcContract] public interface IOne {{ }}")]
    [InlineData("{0}[RpcContract] public interface IOne : IBase {{ void IBase.A() {{ }} }} public interface IBase {{ void A(); }}")]
    public void Unusual_contracts_compile(string code) => Assert.Empty(GeneratorTests.Run(string.Format(null, code, Usings)).Diagnostics);

    private static GeneratorDriverRunResult Compiles(string code)
    {
        GeneratorDriverRunResult result = GeneratorTests.Run(Usings + code);
        Assert.Empty(result.Diagnostics.Where(static found => found.Severity == DiagnosticSeverity.Error));
        Assert.All(result.Results, static one => Assert.Null(one.Exception));
        return result;
    }
}
