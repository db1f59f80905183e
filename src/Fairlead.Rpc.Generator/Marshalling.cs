using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <summary>Writes a method that marshals and one that unmarshals for each type of a contract, and the shape of the type.</summary>
/// <param name="findings">Gets what cannot be marshalled.</param>
internal sealed class Marshalling(List<Finding> findings)
{
    private static readonly SymbolDisplayFormat Full = SymbolDisplayFormat.FullyQualifiedFormat.WithMiscellaneousOptions(
        SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier | SymbolDisplayMiscellaneousOptions.UseSpecialTypes
            | SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers);

    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly HashSet<string> _callbacks = new(StringComparer.Ordinal);
    private readonly StringBuilder _methods = new();

    /// <summary>The methods of all types so far.</summary>
    public string Methods => _methods.ToString();

    /// <summary>The full name of a type, as code or as a file name.</summary>
    public static string Name(ITypeSymbol type, bool plain = false) =>
        plain ? type.ToDisplayString().Replace('<', '_').Replace('>', '_') : type.ToDisplayString(Full);

    /// <summary>A statement that writes a value.</summary>
    public string Write(ITypeSymbol type, string writer, string value, ISymbol at)
    {
        Entry entry = Of(type, at);
        return entry.Method is null
            ? $"{writer}.Write{entry.Simple}({entry.Cast}{value});"
            : $"Write{entry.Method}(ref {writer}, {value});";
    }

    /// <summary>An expression that reads a value.</summary>
    public string Read(ITypeSymbol type, string reader, ISymbol at)
    {
        Entry entry = Of(type, at);
        return entry.Method is null
            ? $"{entry.Back}{reader}.Read{entry.SimpleRead ?? entry.Simple}()"
            : $"Read{entry.Method}(ref {reader})";
    }

    /// <summary>The shape of a type: its form on the wire.</summary>
    public string Shape(ITypeSymbol type, ISymbol at) => Of(type, at).Shape;

    /// <summary>The shape of a member: parameters and result.</summary>
    public string Shape(Member member)
    {
        string parameters = string.Join(",", member.Parameters.Select(ParameterShape));
        string result = member.Result is null ? "" : Shape(member.Result, member.Method);
        string arrow = member.Form == CallForm.Stream ? "->*" : member.Result is null ? "" : "->";
        return $"({parameters}){arrow}{result}";
    }

    private string ParameterShape(IParameterSymbol parameter) =>
        Member.ItemOf(parameter.Type) is { } item ? $"*{Shape(item, parameter)}"
        : Member.IsContract(parameter.Type) ? CallbackShape((INamedTypeSymbol)parameter.Type)
        : Shape(parameter.Type, parameter);

    // The members of an object that is called back are part of the shape: both sides must know the same.
    private string CallbackShape(INamedTypeSymbol contract)
    {
        string nullable = contract.NullableAnnotation == NullableAnnotation.Annotated ? "?" : "";
        string name = Name(contract.WithNullableAnnotation(NullableAnnotation.NotAnnotated), plain: true);
        if (!_callbacks.Add(name))
        {
            return $"&^{name}{nullable}";
        }

        // Its own file reports what is wrong with it.
        IEnumerable<string> members = ContractReader
            .Members(contract, [], CancellationToken.None)
            .Select(member => $"{member.Method.Name}{Shape(member)}{(member.Kinds.Contains("OneWay") ? "!" : "")}");
        string shape = $"&{{{string.Join(";", members)}}}{nullable}";
        _callbacks.Remove(name);
        return shape;
    }

    private Entry Of(ITypeSymbol type, ISymbol at)
    {
        string name = Name(type);
        if (!_entries.TryGetValue(name, out Entry? entry))
        {
            entry = Make(type, name, at);
            _entries[name] = entry;
        }

        return entry;
    }

    private Entry Make(ITypeSymbol type, string name, ISymbol at)
    {
        if (type.NullableAnnotation == NullableAnnotation.Annotated)
        {
            return type.SpecialType == SpecialType.System_String
                ? new Entry("text?", "String", "StringOrNull")
                : Optional(type, name, at);
        }

        if (Simple.TryGetValue(type.ToDisplayString(Plain), out (string Method, string Shape) simple))
        {
            return new Entry(simple.Shape, simple.Method);
        }

        if (type is INamedTypeSymbol { TypeKind: TypeKind.Enum, EnumUnderlyingType: { } underlying })
        {
            Entry number = Of(underlying, at);
            return new Entry(number.Shape, number.Simple) { Cast = $"({Name(underlying)})", Back = $"({name})" };
        }

        return Bytes(type, name) ?? Collection(type, name, at) ?? Composite(type, name, at);
    }

    private static SymbolDisplayFormat Plain { get; } = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces);

    private static Dictionary<string, (string Method, string Shape)> Simple { get; } = new(StringComparer.Ordinal)
    {
        ["System.Boolean"] = ("Boolean", "bool"),
        ["System.Byte"] = ("Byte", "u8"),
        ["System.SByte"] = ("SByte", "i8"),
        ["System.Int16"] = ("Int16", "i16"),
        ["System.UInt16"] = ("UInt16", "u16"),
        ["System.Int32"] = ("Int32", "i32"),
        ["System.UInt32"] = ("UInt32", "u32"),
        ["System.Int64"] = ("Int64", "i64"),
        ["System.UInt64"] = ("UInt64", "u64"),
        ["System.Int128"] = ("Int128", "i128"),
        ["System.UInt128"] = ("UInt128", "u128"),
        ["System.Char"] = ("Char", "char"),
        ["System.Half"] = ("Half", "f16"),
        ["System.Single"] = ("Single", "f32"),
        ["System.Double"] = ("Double", "f64"),
        ["System.Decimal"] = ("Decimal", "decimal"),
        ["System.String"] = ("String", "text"),
        ["System.Guid"] = ("Guid", "guid"),
        ["System.DateTime"] = ("DateTime", "time"),
        ["System.DateTimeOffset"] = ("DateTimeOffset", "time+offset"),
        ["System.DateOnly"] = ("DateOnly", "date"),
        ["System.TimeOnly"] = ("TimeOnly", "time-of-day"),
        ["System.TimeSpan"] = ("TimeSpan", "span"),
        ["System.Numerics.BigInteger"] = ("BigInteger", "integer"),
    };

    private Entry Optional(ITypeSymbol type, string name, ISymbol at)
    {
        ITypeSymbol inner = type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable
            ? nullable.TypeArguments[0]
            : type.WithNullableAnnotation(NullableAnnotation.NotAnnotated);
        Entry entry = Reserve(name);
        entry.Shape = Shape(inner, at) + "?";
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

    private Entry? Bytes(ITypeSymbol type, string name)
    {
        string plain = Name(type, plain: true);
        (string Write, string Read)? code = plain switch
        {
            "byte[]" => ("writer.WriteBytes(value);", "reader.ReadBytes()"),
            "System.ReadOnlyMemory<byte>" or "System.Memory<byte>" => ("writer.WriteBytes(value.Span);", "reader.ReadBytes()"),
            _ => null,
        };
        code ??= type.ToDisplayString() switch
        {
            "System.ReadOnlyMemory<byte>" or "System.Memory<byte>" => ("writer.WriteBytes(value.Span);", "reader.ReadBytes()"),
            "System.Buffers.ReadOnlySequence<byte>" => (
                "writer.WriteSequence(value);", "new global::System.Buffers.ReadOnlySequence<byte>(reader.ReadBytes())"),
            _ => null,
        };
        if (code is not { } found)
        {
            return null;
        }

        Entry entry = Reserve(name);
        entry.Shape = "bytes";
        Emit(entry, name, $"    {found.Write}", $"    return {found.Read};");
        return entry;
    }

    private Entry? Collection(ITypeSymbol type, string name, ISymbol at)
    {
        if (type is IArrayTypeSymbol { Rank: 1 } array)
        {
            return List(name, array.ElementType, "Length", isArray: true, at);
        }

        if (type is not INamedTypeSymbol { IsGenericType: true } generic)
        {
            return null;
        }

        string definition = generic.OriginalDefinition.ToDisplayString();
        ImmutableArray<ITypeSymbol> of = generic.TypeArguments;
        switch (definition)
        {
            case "System.Collections.Generic.List<T>":
                return List(name, of[0], "Count", isArray: false, at);
            case "System.Collections.Generic.IReadOnlyList<T>" or "System.Collections.Generic.IList<T>"
                or "System.Collections.Generic.ICollection<T>" or "System.Collections.Generic.IReadOnlyCollection<T>":
                return List(name, of[0], "Count", isArray: true, at);
            case "System.Collections.Generic.HashSet<T>" or "System.Collections.Generic.ISet<T>"
                or "System.Collections.Generic.IReadOnlySet<T>":
                return Set(name, of[0], at);
            case "System.Collections.Generic.Dictionary<TKey, TValue>" or "System.Collections.Generic.IDictionary<TKey, TValue>"
                or "System.Collections.Generic.IReadOnlyDictionary<TKey, TValue>":
                return Map(name, of[0], of[1], at);
            default:
                return null;
        }
    }

    private Entry List(string name, ITypeSymbol element, string count, bool isArray, ISymbol at)
    {
        Entry entry = Reserve(name);
        entry.Shape = $"[{Shape(element, at)}]";
        string type = Name(element);
        Emit(
            entry,
            name,
            $$"""
                writer.Enter();
                writer.WriteCount(value.{{count}});
                foreach ({{type}} element in value)
                {
                    {{Write(element, "writer", "element", at)}}
                }

                writer.Leave();
            """,
            isArray
                ? $$"""
                    reader.Enter();
                    int count = reader.ReadCount();
                    {{NewArray(element)}}
                    for (int i = 0; i < count; i++)
                    {
                        elements[i] = {{Read(element, "reader", at)}};
                    }

                    reader.Leave();
                    return elements;
                """
                : $$"""
                    reader.Enter();
                    int count = reader.ReadCount();
                    global::System.Collections.Generic.List<{{type}}> elements = new(count);
                    for (int i = 0; i < count; i++)
                    {
                        elements.Add({{Read(element, "reader", at)}});
                    }

                    reader.Leave();
                    return elements;
                """);
        return entry;
    }

    // The size stands in the first of the brackets: new int[count][].
    private static string NewArray(ITypeSymbol element)
    {
        string rest = "";
        while (element is IArrayTypeSymbol inner)
        {
            rest += "[]";
            element = inner.ElementType;
        }

        return $"{Name(element)}[]{rest} elements = new {Name(element)}[count]{rest};";
    }

    private Entry Set(string name, ITypeSymbol element, ISymbol at)
    {
        Entry entry = Reserve(name);
        entry.Shape = $"{{{Shape(element, at)}}}";
        Emit(
            entry,
            name,
            $$"""
                writer.Enter();
                writer.WriteCount(value.Count);
                foreach ({{Name(element)}} element in value)
                {
                    {{Write(element, "writer", "element", at)}}
                }

                writer.Leave();
            """,
            $$"""
                reader.Enter();
                int count = reader.ReadCount();
                global::System.Collections.Generic.HashSet<{{Name(element)}}> elements = new(count);
                for (int i = 0; i < count; i++)
                {
                    elements.Add({{Read(element, "reader", at)}});
                }

                reader.Leave();
                return elements;
            """);
        return entry;
    }

    private Entry Map(string name, ITypeSymbol key, ITypeSymbol value, ISymbol at)
    {
        Entry entry = Reserve(name);
        entry.Shape = $"{{{Shape(key, at)}:{Shape(value, at)}}}";
        Emit(
            entry,
            name,
            $$"""
                writer.Enter();
                writer.WriteCount(value.Count);
                foreach (global::System.Collections.Generic.KeyValuePair<{{Name(key)}}, {{Name(value)}}> pair in value)
                {
                    {{Write(key, "writer", "pair.Key", at)}}
                    {{Write(value, "writer", "pair.Value", at)}}
                }

                writer.Leave();
            """,
            $$"""
                reader.Enter();
                int count = reader.ReadCount();
                global::System.Collections.Generic.Dictionary<{{Name(key)}}, {{Name(value)}}> pairs = new(count);
                for (int i = 0; i < count; i++)
                {
                    {{Name(key)}} key = {{Read(key, "reader", at)}};
                    pairs[key] = {{Read(value, "reader", at)}};
                }

                reader.Leave();
                return pairs;
            """);
        return entry;
    }

    private Entry Composite(ITypeSymbol type, string name, ISymbol at)
    {
        Entry entry = Reserve(name);
        entry.Shape = $"^{Name(type, plain: true)}";
        if (CompositeType.Read(type) is not { } composite)
        {
            findings.Add(Finding.At(at, Diagnostics.UnsupportedType, Name(type, plain: true), CompositeType.Objection(type)));
            return entry;
        }

        entry.Shape = composite.Shape(part => Shape(part, at));
        Emit(
            entry,
            name,
            composite.Write((part, value) => Write(part, "writer", value, at)),
            composite.Read(part => Read(part, "reader", at)));
        return entry;
    }

    // Known before its parts are: a type may contain itself.
    private Entry Reserve(string name)
    {
        Entry entry = new("", "") { Method = $"{_entries.Count}" };
        _entries[name] = entry;
        return entry;
    }

    private void Emit(Entry entry, string name, string write, string read) => _methods.Append(
        $$"""

            // {{entry.Shape}}
            private static void Write{{entry.Method}}(ref RpcWriter writer, {{name}} value)
            {
        {{write}}
            }

            private static {{name}} Read{{entry.Method}}(ref RpcReader reader)
            {
        {{read}}
            }

        """);

    private sealed class Entry(string shape, string simple, string? simpleRead = null)
    {
        public string Shape { get; set; } = shape;

        public string Simple { get; } = simple;

        public string? SimpleRead { get; } = simpleRead;

        public string Cast { get; init; } = "";

        public string Back { get; init; } = "";

        public string? Method { get; init; }
    }
}
