using System.Globalization;
using Fairlead.Rpc.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace Fairlead.Rpc.Tests.Generator;

/// <summary>The same properties of a type travel wherever the type is compiled, and generated code compiles without a warning.</summary>
public sealed class TypeMatrixTests
{
    /// <summary>Where the types of a contract are compiled.</summary>
    public enum Place
    {
        Here,
        OtherAssembly,
        ReferenceAssembly,
    }

    public static TheoryData<string, string, Place> Types
    {
        get
        {
            (string Type, string Shape)[] types =
            [
                ("class T { public T() { } public T(int id, string name) => (Id, Name) = (id, name); public int Id { get; } "
                    + "public string Name { get; set; } = \"\"; }", "{Id:i32,Name:text}"),
                ("struct T { public T(int id) => Id = id; public int Id { get; } public int Twice => Id * 2; }", "{Id:i32}"),
                ("class T(string name) { public string Name => name; }", "{Name:text}"),
                ("class T { public T() { } public T(int from, int to) => (From, Length) = (from, to - from); public int From { get; set; } "
                    + "public int Length { get; set; } public int To => From + Length; }", "{From:i32,Length:i32}"),
                ("record T(int A, string? B);", "{A:i32,B:text?}"),
                ("record struct T(int A) { public int B { get; init; } }", "{A:i32,B:i32}"),
                ("class T { public int A { get; set; } [RpcIgnore] public int B { get; } [RpcIgnore] public object? C; }", "{A:i32}"),
                ("class T { public T(string name) => Name = name; public required string Name { get; init; } }", "{Name:text}"),
                ("class T { [System.Diagnostics.CodeAnalysis.SetsRequiredMembers] public T(string name) => Name = name; "
                    + "public required string Name { get; init; } }", "{Name:text}"),
                ("record T(System.Uri A, System.Version? B, System.Net.IPAddress[] C, System.Net.IPEndPoint? D);",
                    "{A:uri,B:version?,C:[ip],D:endpoint?}"),
                ("record struct T(System.Collections.Generic.IEnumerable<int?> A, "
                    + "System.Collections.Generic.KeyValuePair<string, int[]?> B);",
                    "{A:[i32?],B:{Key:text,Value:[i32]?}}"),
                ("class T { public System.Collections.Immutable.ImmutableArray<string?> A = []; "
                    + "public System.Collections.Immutable.ImmutableArray<long>? B { get; set; } "
                    + "public System.Collections.Immutable.ImmutableList<long>? C { get; init; } "
                    + "public required System.Collections.Immutable.IImmutableSet<System.Uri> D { get; init; } "
                    + "public required System.Collections.Immutable.IImmutableDictionary<string, int?[]> E { get; init; } }",
                    "{A:[text?],B:[i64]?,C:[i64]?,D:{uri},E:{text=[i32?]}}"),
                ("class T { public int?[]?[] A = []; public byte[]?[] B = []; }", "{A:[[i32?]?],B:[bytes?]}"),
                ("class T { [System.Diagnostics.CodeAnalysis.DisallowNull] public string? A { get; set; } }", "{A:text?}"),
                ("class T { [RpcMember(1)] public string? A { get; init; } = \"unnamed\"; [RpcMember(2)] public int B = 5; }",
                    "#{1:A:text?,2:B:i32}"),
                ("record T([property: RpcMember(1)] int X) { [RpcMember(2)] public int Y { get; init; } = 5; }", "#{1:X:i32,2:Y:i32}"),
            ];
            TheoryData<string, string, Place> data = [];
            foreach ((string type, string shape) in types)
            {
                foreach (Place place in Enum.GetValues<Place>())
                {
                    data.Add(type, shape, place);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_type_has_one_shape_wherever_it_is_compiled(string type, string shape, Place place)
    {
        string types = $"using Fairlead.Rpc; public {type}";
        const string Contract = "[Fairlead.Rpc.RpcContract] public interface IOne { T Same(T value); }";
        Compilation compiled = place == Place.Here
            ? Compilations.Of("Contracts", [types, Contract])
            : Compilations.Of("Contracts", [Contract], Emitted(types, isReference: place == Place.ReferenceAssembly));
        (Compilation whole, GeneratorDriverRunResult result) = Compilations.Generate(compiled);
        Assert.Empty(result.Diagnostics);
        Assert.Empty(whole.GetDiagnostics().Where(static found => found.Severity >= DiagnosticSeverity.Warning));
        Assert.Contains($"\"({shape})->{shape}\"", $"{Assert.Single(result.GeneratedTrees)}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Place.Here)]
    [InlineData(Place.OtherAssembly)]
    [InlineData(Place.ReferenceAssembly)]
    public void A_property_that_cannot_be_marshalled_is_an_error(Place place)
    {
        const string Types = "public class T { public int Id { get; } public int A { get; set; } }";
        const string Contract = "[Fairlead.Rpc.RpcContract] public interface IOne { T Same(T value); }";
        Compilation compiled = place == Place.Here
            ? Compilations.Of("Contracts", [Types, Contract])
            : Compilations.Of("Contracts", [Contract], Emitted(Types, isReference: place == Place.ReferenceAssembly));
        Diagnostic found = Assert.Single(Compilations.Generate(compiled).Result.Diagnostics);
        Assert.Equal("FLRPC002", found.Id);
        Assert.Contains("[RpcIgnore]", found.GetMessage(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("class T { [RpcMember(0)] public int A; }")]
    [InlineData("class T { [RpcMember(-1)] public int A; [RpcMember(1)] public int B; }")]
    public void A_member_number_below_1_is_an_error(string type)
    {
        Compilation compiled = Compilations.Of(
            "Contracts", [$"using Fairlead.Rpc; public {type}", "[Fairlead.Rpc.RpcContract] public interface IOne { T Same(T value); }"]);
        Diagnostic found = Assert.Single(Compilations.Generate(compiled).Result.Diagnostics);
        Assert.Contains("begin with 1", found.GetMessage(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    [Fact]
    public void Contracts_whose_names_differ_only_in_case_are_both_generated()
    {
        Compilation compiled = Compilations.Of(
            "Contracts",
            ["using Fairlead.Rpc; [RpcContract] public interface IFoo { void A(); } [RpcContract] public interface IFOO { void A(); }"]);
        (_, GeneratorDriverRunResult result) = Compilations.Generate(compiled);
        Assert.Empty(result.Diagnostics);
        Assert.Equal(2, result.GeneratedTrees.Length);
    }

    [Fact]
    public void A_warning_can_be_suppressed_at_its_location()
    {
        Compilation compiled = Compilations.Of(
            "Contracts",
            [
                """
                using System.Threading.Tasks;
                using Fairlead.Rpc;
                [RpcContract] public interface IOne
                {
                #pragma warning disable FLRPC003
                    Task AAsync();
                #pragma warning restore FLRPC003
                    Task BAsync();
                }
                """,
            ]);
        Diagnostic found = Assert.Single(Compilations.Generate(compiled).Result.Diagnostics, static one => !one.IsSuppressed);
        Assert.StartsWith("'BAsync'", found.GetMessage(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        Assert.True(found.Location.IsInSource);
    }

    private static PortableExecutableReference Emitted(string types, bool isReference)
    {
        using MemoryStream stream = new();
        EmitResult emitted = Compilations.Of("Types", [types]).Emit(
            stream, options: new EmitOptions(metadataOnly: isReference, includePrivateMembers: !isReference));
        Assert.True(emitted.Success, string.Join('\n', emitted.Diagnostics));
        return MetadataReference.CreateFromImage(stream.ToArray());
    }
}
