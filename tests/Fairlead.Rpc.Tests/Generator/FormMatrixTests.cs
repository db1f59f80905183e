using System.Reflection;
using System.Runtime.Loader;
using Fairlead.Rpc.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Fairlead.Rpc.Tests.Generator;

/// <summary>
/// Values of each kind travel in classes, structs and records, of the contract's assembly and of another one. The generated code compiles
/// without a warning.
/// </summary>
[FullRun(Reason.Repeats)]
public sealed class FormMatrixTests
{
    private static readonly (string Type, string Value)[] Kinds =
    [
        ("bool", "true"), ("byte", "200"), ("sbyte", "-3"), ("short", "-4"), ("ushort", "50000"), ("int", "-6"), ("uint", "7u"),
        ("long", "-8L"), ("ulong", "9UL"), ("Int128", "10"), ("UInt128", "11"), ("char", "'ü'"), ("Half", "(Half)1.5"),
        ("float", "1.25f"), ("double", "1e300"), ("decimal", "0.10m"), ("BigInteger", "BigInteger.Pow(3, 100)"), ("string", "\"text\""),
        ("Guid", "new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)"), ("DateTime", "new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc)"),
        ("DateTimeOffset", "new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2))"), ("DateOnly", "new DateOnly(2026, 1, 2)"),
        ("TimeOnly", "new TimeOnly(3, 4, 5)"), ("TimeSpan", "TimeSpan.FromSeconds(6)"), ("DayOfWeek", "DayOfWeek.Friday"),
        ("Uri", "new Uri(\"https://example.org/a\")"), ("Version", "new Version(1, 2, 3)"), ("IPAddress", "IPAddress.IPv6Loopback"),
        ("IPEndPoint", "new IPEndPoint(IPAddress.Loopback, 80)"), ("byte[]", "new byte[] { 1, 2 }"),
        ("int[]", "new[] { 1, 2 }"), ("string?[][]", "new[] { new[] { \"a\", null }, [] }"), ("List<long>", "new List<long> { 1, 2 }"),
        ("IEnumerable<int>", "Enumerable.Range(1, 3)"), ("IReadOnlyList<string>", "new[] { \"a\" }"),
        ("HashSet<int>", "new HashSet<int> { 1 }"), ("IReadOnlySet<Uri>", "new HashSet<Uri> { new(\"a\", UriKind.Relative) }"),
        ("Dictionary<string, int?>", "new Dictionary<string, int?> { [\"a\"] = null }"), ("KeyValuePair<int, string?>", "new(1, null)"),
        ("ImmutableArray<int>", "ImmutableArray.Create(1, 2)"), ("ImmutableList<string>", "ImmutableList.Create(\"a\")"),
        ("ImmutableHashSet<int>", "ImmutableHashSet.Create(1)"),
        ("ImmutableDictionary<int, string>", "ImmutableDictionary<int, string>.Empty.Add(1, \"a\")"),
        ("(int A, (string? B, bool) C)", "(1, (null, true))"), ("Base", "new Case(5)"),
        ("Base[]", "new Base[] { new Case(5), new Empty() }"),
    ];

    private const string Usings = "#nullable enable\nusing System; using System.Collections.Generic; using System.Collections.Immutable; "
        + "using System.Linq; using System.Net; using System.Numerics; using Fairlead.Rpc;\n";

    private const string Run = """
        public static class Program
        {
            public static string Run()
            {
                using RpcServer server = Rpc.Serve<IForms>($"inproc://forms-{Guid.NewGuid():N}", new Forms());
                using RpcClient<IForms> client = Rpc.Connect<IForms>($"{server.Addresses[0]}");
                IForms forms = client.Service;
                return Compare(Values.Class(), forms.A(Values.Class())) + Compare(Values.Struct(), forms.B(Values.Struct()))
                    + Compare(Values.Record(), forms.C(Values.Record())) + Compare(Values.Value(), forms.D(Values.Value()))
                    + Compare(Values.Positional(), forms.E(Values.Positional())) + Compare(Values.Numbered(), forms.F(Values.Numbered()));
            }

            private static string Compare<T>(T sent, T got)
                where T : notnull => string.Concat(typeof(T).GetProperties()
                    .Where(property => Text(property.GetValue(sent)) != Text(property.GetValue(got)))
                    .Select(property => $"{typeof(T)}.{property.Name} {property.PropertyType}: {Text(property.GetValue(got))}\n"));

            private static string Text(object? value) => value switch
            {
                null => "null",
                string text => text,
                System.Collections.IEnumerable several => $"[{string.Join(",", several.Cast<object?>().Select(Text))}]",
                IFormattable one => one.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
                _ => $"{value}",
            };
        }

        public sealed class Forms : IForms
        {
            public Class A(Class value) => value;
            public Struct B(Struct value) => value;
            public Record C(Record value) => value;
            public Value D(Value value) => value;
            public Positional E(Positional value) => value;
            public Numbered F(Numbered value) => value;
        }

        [RpcContract]
        public interface IForms
        {
            Class A(Class value);
            Struct B(Struct value);
            Record C(Record value);
            Value D(Value value);
            Positional E(Positional value);
            Numbered F(Numbered value);
        }
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Values_of_each_kind_are_marshalled_in_each_form(bool isElsewhere)
    {
        AssemblyLoadContext context = new("forms", isCollectible: true);
        try
        {
            CSharpCompilation compiled = isElsewhere
                ? Compilations.Of("Program", [Usings + Run], Load(context, Compilations.Of("Types", [Types()])))
                : Compilations.Of("Program", [Types(), Usings + Run]);
            _ = CSharpGeneratorDriver
                .Create([new RpcGenerator().AsSourceGenerator()], parseOptions: GeneratorTests.Latest)
                .RunGeneratorsAndUpdateCompilation(compiled, out Compilation whole, out _);
            _ = Load(context, whole);
            MethodInfo run = context.Assemblies.Single(static one => one.GetName().Name == "Program").GetType("Program")!.GetMethod("Run")!;
            Assert.Equal("", run.Invoke(null, null));
        }
        finally
        {
            context.Unload();
        }
    }

    // Each kind twice: as it is, and nullable, with null every second time.
    private static string Types()
    {
        (string Type, string Name, string Value)[] parts =
        [
            .. Kinds.Select(static (kind, i) => (kind.Type, $"P{i}", $"({kind.Type})({kind.Value})")),
            .. Kinds.Select(static (kind, i) => ($"{kind.Type}?", $"N{i}", i % 2 == 0 ? "null" : $"({kind.Type})({kind.Value})")),
        ];
        string List(Func<(string Type, string Name, string Value), int, string> form, string between = " ") =>
            string.Join(between, parts.Select(form));
        string init = List(static (part, _) => $"{part.Name} = {part.Value}", ", ");
        string values = List(static (part, _) => part.Value, ", ");
        return $$"""
            {{Usings}}
            [RpcUnion(1, typeof(Case)), RpcUnion(2, typeof(Empty))] public abstract record Base;
            public sealed record Case(int A) : Base;
            public sealed record Empty : Base;
            public class Class { {{List(static (part, _) => $"public required {part.Type} {part.Name} {{ get; set; }}")}} }
            public struct Struct { {{List(static (part, _) => $"public required {part.Type} {part.Name} {{ get; init; }}")}} }
            public record Record { {{List(static (part, _) => $"public required {part.Type} {part.Name} {{ get; init; }}")}} }
            public readonly record struct Value({{List(static (part, _) => $"{part.Type} {part.Name}", ", ")}});
            public record Positional({{List(static (part, _) => $"{part.Type} {part.Name}", ", ")}});
            public class Numbered
            {
                {{List(static (part, i) => $"[RpcMember({i + 1})] public required {part.Type} {part.Name} {{ get; set; }}")}}
            }
            public static class Values
            {
                public static Class Class() => new() { {{init}} };
                public static Struct Struct() => new() { {{init}} };
                public static Record Record() => new() { {{init}} };
                public static Value Value() => new({{values}});
                public static Positional Positional() => new({{values}});
                public static Numbered Numbered() => new() { {{init}} };
            }
            """;
    }

    // Warnings of the generated code are errors here.
    private static PortableExecutableReference Load(AssemblyLoadContext context, Compilation compilation)
    {
        Assert.Empty(compilation.GetDiagnostics().Where(static found => found.Severity >= DiagnosticSeverity.Warning));
        using MemoryStream stream = new();
        Assert.True(compilation.Emit(stream).Success);
        stream.Position = 0;
        _ = context.LoadFromStream(stream);
        return MetadataReference.CreateFromImage(stream.ToArray());
    }
}
