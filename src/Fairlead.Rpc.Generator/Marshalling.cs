using System.Text;
using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <summary>Writes a method that marshals and one that unmarshals for each type of a contract.</summary>
/// <param name="findings">Gets what cannot be marshalled.</param>
/// <param name="converters">The converters of the contract.</param>
/// <param name="serializer">The class that marshals the values instead; null: the code that is written here.</param>
internal sealed partial class Marshalling(List<Finding> findings, Converters converters, SerializerChoice? serializer = null)
{
    private static readonly SymbolDisplayFormat Full = SymbolDisplayFormat.FullyQualifiedFormat.WithMiscellaneousOptions(
        SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier | SymbolDisplayMiscellaneousOptions.UseSpecialTypes
            | SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers);

    private static readonly SymbolDisplayFormat Plain =
        SymbolDisplayFormat.CSharpErrorMessageFormat.RemoveMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers);

    /// <summary>How deep types may consist of each other: a generic type can consist of ever longer ones.</summary>
    public const int MaxDepth = 64;

    // The caller learns of it before anything is sent.
    private const string NullCheck = "    global::System.ArgumentNullException.ThrowIfNull(value);\n";

    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly StringBuilder _methods = new();
    private readonly List<string> _declarations = [];
    private int _depth;

    /// <summary>The experimental types so far.</summary>
    public ExperimentalIds Experiments { get; } = new();

    /// <summary>The methods of all types so far, or the serializer.</summary>
    public string Methods => serializer is null
        ? _methods.ToString()
        : $"\n    private static readonly {Name(serializer.Type)} Serializer = new();\n";

    /// <summary>The enums and the types with parts so far, in C#.</summary>
    public IReadOnlyList<string> Declarations => _declarations;

    /// <summary>The full name of a type, as code or as a file name.</summary>
    public static string Name(ITypeSymbol type, bool plain = false) =>
        plain ? type.ToDisplayString(Plain).Replace('<', '_').Replace('>', '_') : type.ToDisplayString(Full);

    /// <summary>A statement that writes a value.</summary>
    public string Write(ITypeSymbol type, string writer, string value, ISymbol at)
    {
        if (serializer is not null)
        {
            return $"{writer}.WriteSerialized<{Name(type)}>(Serializer, {value});";
        }

        Entry entry = Of(type, at);
        return entry.Method is null
            ? $"{writer}.Write{entry.Simple}({entry.Cast}{value});"
            : $"Write{entry.Method}(ref {writer}, {value});";
    }

    /// <summary>An expression that reads a value.</summary>
    public string Read(ITypeSymbol type, string reader, ISymbol at)
    {
        if (serializer is not null)
        {
            return $"{reader}.ReadSerialized<{Name(type)}>(Serializer)";
        }

        Entry entry = Of(type, at);
        return entry.Method is null
            ? $"{entry.Back}{reader}.Read{entry.Simple}()"
            : $"Read{entry.Method}(ref {reader})";
    }

    /// <summary>The shape of a member.</summary>
    public string Shape(Member member)
    {
        string shape = Shapes.Of(member, serializer, converters);
        if (shape.Length > Shapes.MaxLength)
        {
            findings.Add(Finding.At(
                member.Method,
                Diagnostics.UnsupportedType,
                member.Method.Name,
                $"its types have too many parts within parts: written out, they exceed {Shapes.MaxLength} characters"));
        }

        return shape;
    }

    /// <summary>A field with the form of the reports to a parameter that is an <c>IProgress</c>.</summary>
    public string Progress(ITypeSymbol report, string field, ISymbol at)
    {
        string type = $"RpcProgress<{Name(report)}>";
        string write = Write(report, "writer", "value", at).TrimEnd(';');
        return $$"""

                private static readonly {{type}} {{field}} = new(
                    "{{Shapes.OfReport(report, serializer, converters)}}",
                    static (ref RpcWriter writer, {{Name(report)}} value) => {{write}},
                    static (ref RpcReader reader) => {{Read(report, "reader", at)}});

            """;
    }

    private Entry Of(ITypeSymbol type, ISymbol at)
    {
        string name = Name(type);
        if (!_entries.TryGetValue(name, out Entry? entry))
        {
            Experiments.AddType(type);
            entry = Make(type, name, at);
            _entries[name] = entry;
        }

        return entry;
    }

    private Entry Make(ITypeSymbol type, string name, ISymbol at)
    {
        TypeForm form = TypeForm.From(type, converters);
        switch (form.Kind)
        {
            case FormKind.Simple:
                return new Entry(TypeForm.SimpleOf(type).Method);
            case FormKind.OptionalText:
                return new Entry("StringOrNull");
            case FormKind.Enum:
                _declarations.Add(TypeDeclaration.OfEnum((INamedTypeSymbol)type));
                return new Entry(Of(form.Of, at).Simple) { Cast = $"({Name(form.Of)})", Back = $"({name})" };
            case FormKind.Optional:
                return Optional(form.Of, name, at);
            case FormKind.Bytes:
                return Bytes(type, name);
            case FormKind.Array or FormKind.List or FormKind.Sequence:
                return List(type, name, form.Of, form.Kind, at);
            case FormKind.Set:
                return Set(type, name, form.Of, at);
            case FormKind.Map:
                return Map(type, name, form.Of, form.Value, at);
            case FormKind.Converted:
                return Converted(type, name, at);
            case FormKind.Union:
                return Union((INamedTypeSymbol)type, name, at);
            default:
                return Composite(type, name, isCase: false, at);
        }
    }

    private Entry Optional(ITypeSymbol inner, string name, ISymbol at)
    {
        Entry entry = Reserve(name);
        string value = inner.IsValueType ? "value.Value" : "value";
        Emit(
            entry,
            name,
            $$"""
                writer.WriteBoolean(value is not null);
                if (value is not null)
                {
                    {{Write(inner, "writer", value, at)}}
                }
            """,
            $"    return reader.ReadBoolean() ? {Read(inner, "reader", at)} : null;");
        return entry;
    }

    private Entry Bytes(ITypeSymbol type, string name)
    {
        Entry entry = Reserve(name);
        (string write, string read) = type switch
        {
            IArrayTypeSymbol => ("writer.WriteBytes(value);", "reader.ReadBytes()"),
            { Name: "ReadOnlySequence" } => (
                "writer.WriteSequence(value);", "new global::System.Buffers.ReadOnlySequence<byte>(reader.ReadBytes())"),
            _ => ("writer.WriteBytes(value.Span);", "reader.ReadBytes()"),
        };
        Emit(entry, name, $"    {write}", $"    return {read};", mayBeNull: type.IsReferenceType);
        return entry;
    }

    // Known before its parts are: a type may contain itself.
    private Entry Reserve(string name)
    {
        Entry entry = new("") { Method = $"{_entries.Count}" };
        _entries[name] = entry;
        return entry;
    }

    private void Emit(Entry entry, string name, string write, string read, bool mayBeNull = false) => _methods.Append(
        $$"""

            private static void Write{{entry.Method}}(ref RpcWriter writer, {{name}} value)
            {
        {{(mayBeNull ? $"{NullCheck}{write}" : write)}}
            }

            private static {{name}} Read{{entry.Method}}(ref RpcReader reader)
            {
        {{read}}
            }

        """);

    private sealed class Entry(string simple)
    {
        /// <summary>The methods of reader and writer; empty: a method is generated.</summary>
        public string Simple { get; } = simple;

        public string Cast { get; init; } = "";

        public string Back { get; init; } = "";

        public string? Method { get; init; }
    }
}
