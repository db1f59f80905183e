using System.Collections.Immutable;
using System.Globalization;
using System.Xml.Linq;
using Fairlead.Rpc.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Fairlead.Rpc.Tests.Generator;

[SlowRun]
public sealed class GeneratorTests
{
    internal static readonly CSharpParseOptions Latest = new(LanguageVersion.Latest);

    internal static readonly ImmutableArray<MetadataReference> References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(':')
            .Select(static path => MetadataReference.CreateFromFile(path)),
    ];

    public static TheoryData<string, string> Mistakes => new()
    {
        { "FLRPC001", "int Property { get; }" },
        { "FLRPC001", "event System.Action Happened;" },
        { "FLRPC001", "void Generic<T>();" },
        { "FLRPC001", "void ByReference(ref int a);" },
        { "FLRPC001", "[OneWay] int Answering();" },
        { "FLRPC001", "static abstract int Nowhere();" },
        { "FLRPC001", "protected int Hidden();" },
        { "FLRPC001", "void Twice(RpcCallOptions? a, RpcCallOptions? b);" },
        { "FLRPC001", "\n#nullable enable\nvoid Never(RpcCallOptions options);" },
        { "FLRPC001", "void Block(System.IProgress<int> a);" },
        { "FLRPC001", "[OneWay] Task WayAsync(System.IProgress<int> a, System.Threading.CancellationToken b = default);" },
        { "FLRPC001", "void Block(System.IO.Stream a);" },
        { "FLRPC001", "[OneWay] System.IO.Stream Way(System.Threading.CancellationToken b = default);" },
        { "FLRPC001", "\n#nullable enable\nTask Absent(System.IO.Stream? a, System.Threading.CancellationToken b = default);" },
        { "FLRPC001", "\n#nullable enable\nTask<System.IO.Stream?> Absent(System.Threading.CancellationToken b = default);" },
        { "FLRPC001", "void Value([DuringCall] int a);" },
        { "FLRPC001", "[OneWay] void Way([DuringCall] IBack a); [RpcContract] interface IBack { void Told(); }" },
        { "FLRPC002", "Task AnyAsync(System.IProgress<object> a, System.Threading.CancellationToken b = default);" },
        { "FLRPC002", "void Any(object value);" },
        { "FLRPC002", "System.IO.FileStream Open();" },
        { "FLRPC002", "void Stack(Short value); ref struct Short { public int A; }" },
        { "FLRPC002", "void Circle(Hidden value); class Hidden { private Hidden() { } }" },
        { "FLRPC002", "void Half(Numbered value); class Numbered { [RpcMember(1)] public int A; public int B; }" },
        { "FLRPC002", "void Twice(Same value); class Same { [RpcMember(1)] public int A; [RpcMember(1)] public int B; }" },
        { "FLRPC003", "ValueTask<int> EndlessAsync();" },
        { "FLRPC004", "void Same(int a); void Same(long a);" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_reported_at_its_location(string id, string member)
    {
        Diagnostic found = Assert.Single(Run($$"""
            using System.Threading.Tasks;
            using Fairlead.Rpc;
            [RpcContract] public interface IWrong { {{member}} }
            """).Diagnostics);
        Assert.Equal(id, found.Id);
        Assert.NotEqual(Location.None, found.Location);
        AssertHelp(found);
    }

    [Fact]
    public void A_generic_type_that_cannot_be_marshalled_is_named_as_in_the_code()
    {
        const string Code =
            "[Fairlead.Rpc.RpcContract] public interface IWrong { void A(System.Collections.Generic.Queue<int> a); }";
        Diagnostic found = Assert.Single(Run(Code).Diagnostics);
        Assert.Contains("'System.Collections.Generic.Queue<int>'", $"{found}", StringComparison.Ordinal);
        Assert.Contains("(primitives, string,", $"{found}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("public class Outer { [RpcContract] private interface IHidden { void A(); } }")]
    [InlineData("[RpcContract] public interface IGeneric<T> { void A(); }")]
    [InlineData("[RpcContract] file interface ILocal { void A(); }")]
    public void A_contract_that_generated_code_cannot_name_is_refused(string code) =>
        Assert.Equal("FLRPC005", Assert.Single(Run("using Fairlead.Rpc; " + code).Diagnostics).Id);

    [Theory]
    [InlineData("")]
    [InlineData("My Service")]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("a\\n")]
    [InlineData("a/b")]
    [InlineData(
        "a2345678901234567890123456789012345678901234567890123456789012345"
            + "a234567890123456789012345678901234567890123456789012345678901234567")]
    public void An_invalid_contract_name_is_refused(string name)
    {
        Diagnostic found = Assert.Single(
            Run($$"""[Fairlead.Rpc.RpcContract(Name = "{{name}}")] public interface IOne { void A(); }""").Diagnostics);
        Assert.Equal("FLRPC008", found.Id);
        AssertHelp(found);
    }

    [Theory]
    [InlineData("My-Service_2.v1")]
    [InlineData("Größe.हिन्दी")]
    public void A_name_may_have_letters_of_any_script(string name) => Assert.Empty(
        Run($$"""[Fairlead.Rpc.RpcContract(Name = "{{name}}")] public interface IOne { void A(); }""").Diagnostics);

    [Theory]
    [InlineData("[Serial, Ordered, RpcContract] public interface IOne { void A(); }")]
    [InlineData("[Ordered, RpcContract] public interface IOne : IA { void A(); } public interface IA : IB; [Serial] public interface IB;")]
    public void An_order_without_effect_is_a_warning(string code)
    {
        GeneratorDriverRunResult result = Run("using Fairlead.Rpc; " + code);
        Diagnostic found = Assert.Single(result.Diagnostics);
        Assert.Equal(("FLRPC007", DiagnosticSeverity.Warning), (found.Id, found.Severity));
        AssertHelp(found);
        Assert.Contains("Concurrency => RpcConcurrency.Serial;", $"{Assert.Single(result.GeneratedTrees)}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[Serial, RpcContract] public interface IOne : IBase { void A(); } [Ordered] public interface IBase;", "Serial")]
    [InlineData("[RpcContract] public interface IOne : IBase { void A(); } [Serial] public interface IBase;", "Serial")]
    [InlineData(
        "[RpcContract] public interface IOne : IA, IB { void A(); } [Ordered] public interface IA; [Serial] public interface IB;",
        "Serial")]
    [InlineData("[RpcContract] public interface IOne : IBase { void A(); } [Ordered] public interface IBase;", "Ordered")]
    [InlineData("[RpcContract] public interface IOne : IBase { void A(); } public interface IBase;", null)]
    public void Attributes_of_base_interfaces_hold_for_the_contract(string code, string? turns)
    {
        GeneratorDriverRunResult result = Run("using Fairlead.Rpc; " + code);
        Assert.Empty(result.Diagnostics);
        string source = $"{Assert.Single(result.GeneratedTrees)}";
        string? written = source.Split('\n').SingleOrDefault(static line => line.Contains("Concurrency", StringComparison.Ordinal))?.Trim();
        Assert.Equal(turns is null ? null : $"public override RpcConcurrency Concurrency => RpcConcurrency.{turns};", written);
    }

    [Theory]
    [InlineData("public class Wrong;")]
    [InlineData("[RpcFormat(\"a\")] public abstract class Wrong : RpcSerializer;")]
    [InlineData("public class Wrong : Good;")]
    [InlineData("[RpcFormat(\"A b\")] public class Wrong : Good;")]
    [InlineData("[RpcFormat(\"a\")] public class Wrong : Good { private Wrong() { } }")]
    [InlineData("[RpcFormat(\"a\")] public class Wrong : Good { public Wrong(int a) { } }")]
    [InlineData("[RpcFormat(\"a\")] file class Wrong : Good;")]
    public void A_serializer_that_cannot_be_used_is_refused(string type)
    {
        Diagnostic found = Assert.Single(Run($$"""
            using System;
            using System.Buffers;
            using Fairlead.Rpc;
            [RpcContract(Serializer = typeof(Wrong))] public interface IOne { void A(int a); }
            public class Good : RpcSerializer
            {
                public override void Serialize<T>(T value, IBufferWriter<byte> destination) { }
                public override T Deserialize<T>(ReadOnlySpan<byte> source) => default!;
            }
            {{type}}
            """).Diagnostics);
        Assert.Equal("FLRPC006", found.Id);
        AssertHelp(found);
    }

    [Theory]
    [InlineData("Wrong<int>")]
    [InlineData("Wrong<>")]
    public void A_generic_serializer_is_named_as_in_code(string type)
    {
        Diagnostic found = Assert.Single(Run($$"""
            using Fairlead.Rpc;
            [RpcContract(Serializer = typeof({{type}}))] public interface IOne { void A(int a); }
            [RpcFormat("a")] public abstract class Wrong<T> : RpcSerializer;
            """).Diagnostics);
        Assert.Equal(
            ("FLRPC006", $"'{type}' cannot marshal a contract: it is abstract or generic"),
            (found.Id, found.GetMessage(CultureInfo.InvariantCulture)));
    }

    /// <summary>Holds the whole text: each change of the generated code is seen. FAIRLEAD_RENEW=1 writes it anew.</summary>
    [Fact]
    public void The_generated_code_matches_the_stored_text()
    {
        string generated = Assert.Single(Run(
            """
            using System.Collections.Generic;
            using System.Threading;
            using System.Threading.Tasks;
            using Fairlead.Rpc;

            namespace Shop;

            [RpcContract]
            public interface IStore
            {
                int Count(string item);

                [Idempotent]
                ValueTask<Item?> FindAsync(string name, CancellationToken cancellationToken = default);

                [OneWay]
                void Put(IReadOnlyList<Item> items);
            }

            public sealed record Item(string Name, decimal Price, string? Note);
            """).GeneratedTrees).ToString();
        string snapshot = Path.Combine(Root(), "tests/Fairlead.Rpc.Tests/Generator/Store.snapshot.txt");
        if (Environment.GetEnvironmentVariable("FAIRLEAD_RENEW") == "1")
        {
            File.WriteAllText(snapshot, generated);
        }

        Assert.Equal(File.ReadAllText(snapshot), generated);
    }

    [Theory]
    [InlineData("public readonly record struct Value(int A, double B);", true)]
    [InlineData("public struct Value { public int A; public Inner B { get; set; } } public enum Inner : byte { One }", true)]
    [InlineData("public readonly record struct Value(int A, bool B);", false)]
    [InlineData("public readonly record struct Value(int A, string B);", false)]
    [InlineData("public record Value(int A, int B);", false)]
    [InlineData("public struct Value { private int _a; public int A { get => _a; set => _a = value & 1; } }", false)]
    [InlineData(
        "public struct Value { public int A { get; set; } private int _b; public Value() => _b = 1; public int B() => _b; }", false)]
    [InlineData("public record struct Value(int A) { public int A { get; set; } = A & 1; }", false)]
    [InlineData("public struct Value { public Value(int a) => A = a & 1; public int A { get; } }", false)]
    [InlineData("public struct Value { [RpcMember(1)] public int A; }", false)]
    [InlineData(
        "[System.Runtime.InteropServices.StructLayoutAttribute((short)3)] public struct Value { public int A; }",
        false)]
    public void Only_a_plain_struct_is_copied_as_bytes(string type, bool isCopied)
    {
        GeneratorDriverRunResult result = Run(
            $"using Fairlead.Rpc; [RpcContract] public interface IOne {{ Value[] Same(Value[] values); }} {type}");
        Assert.Empty(result.Diagnostics);
        Assert.Equal(isCopied, $"{Assert.Single(result.GeneratedTrees)}".Contains("RpcWriter.Copies<", StringComparison.Ordinal));
    }

    [Fact]
    public void A_change_in_other_code_does_not_generate_again()
    {
        CSharpCompilation before = Compile("using Fairlead.Rpc; [RpcContract] public interface IOne { void A(); }");
        GeneratorDriver driver = CSharpGeneratorDriver
            .Create(
                [new RpcGenerator().AsSourceGenerator()],
                parseOptions: Latest,
                driverOptions: new(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true))
            .RunGenerators(before);
        CSharpCompilation after = before.AddSyntaxTrees(CSharpSyntaxTree.ParseText("class Other;", Latest));
        ImmutableArray<IncrementalGeneratorRunStep> steps = driver
            .RunGenerators(after)
            .GetRunResult()
            .Results[0]
            .TrackedSteps[RpcGenerator.Step];
        Assert.All(
            steps.SelectMany(static step => step.Outputs),
            static output => Assert.True(
                output.Reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged, $"{output.Reason}"));
    }

    [FullRun(Reason.Repeats)]
    [Fact]
    public void A_contract_of_five_hundred_members_compiles()
    {
        string members = string.Concat(Enumerable.Range(0, 500).Select(static i => $"int M{i}(int a, string b);\n"));
        GeneratorDriverRunResult result = Run($"using Fairlead.Rpc; [RpcContract] public interface IMany {{ {members} }}");
        Assert.Empty(result.Diagnostics);
    }

    internal static GeneratorDriverRunResult Run(string code)
    {
        (Compilation whole, GeneratorDriverRunResult result) = Compilations.Generate(Compile(code));
        if (result.Diagnostics.All(static found => found.Severity != DiagnosticSeverity.Error))
        {
            Assert.Empty(whole.GetDiagnostics().Where(static found => found.Severity >= DiagnosticSeverity.Warning));
        }

        return result;
    }

    /// <summary>Compiles code with what the generator adds to it.</summary>
    internal static Compilation Complete(string code) => Compilations.Generate(Compile(code)).Whole;

    private static CSharpCompilation Compile(string code) => Compilations.Of("Contracts", [code]);

    /// <summary>Checks that the help of a diagnostic is a page of the repository, by an address that opens from a package.</summary>
    internal static void AssertHelp(Diagnostic found)
    {
        string url = XDocument.Load(Path.Combine(Root(), "Directory.Build.props")).Descendants("FairleadUrl").Single().Value;
        string pages = $"{url}/blob/main/";
        Assert.StartsWith(pages, found.Descriptor.HelpLinkUri, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Root(), found.Descriptor.HelpLinkUri[pages.Length..])), found.Descriptor.HelpLinkUri);
    }

    internal static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder!, "Fairlead.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder!;
    }
}
