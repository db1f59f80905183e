using System.Globalization;
using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <content>Arrays, lists, sets and dictionaries.</content>
internal sealed partial class Marshalling
{
    // A hash, a link and a bucket, for each element of a set or dictionary.
    private const int TableOverhead = 12;

    // A node of a tree, for each element of an immutable list, set or dictionary.
    private const int TreeOverhead = 64;

    private const string Immutable = "global::System.Collections.Immutable";

    private Entry List(ITypeSymbol list, string name, ITypeSymbol element, FormKind kind, ISymbol at)
    {
        Entry entry = Reserve(name);
        string type = Name(element);
        string immutable = ImmutableKind(list);
        bool isArray = list is IArrayTypeSymbol;

        // A sequence may be computed: its elements are counted before they are written.
        (string prepare, string source) = kind == FormKind.Sequence
            ? ($"    {type}[] source = value as {type}[] ?? global::System.Linq.Enumerable.ToArray(value);\n", "source")
            : immutable == "Array"
                ? ("    if (value.IsDefault)\n    {\n        throw new global::System.ArgumentNullException(nameof(value));\n    }\n\n",
                    "value")
                : ("", "value");
        string count = isArray || kind == FormKind.Sequence || immutable == "Array" ? "Length" : "Count";
        string? span = isArray || kind == FormKind.Sequence ? source
            : immutable == "Array" ? "value.AsSpan()"
            : kind == FormKind.List && immutable.Length == 0
                ? "global::System.Runtime.InteropServices.CollectionsMarshal.AsSpan(value)"
            : null;
        string made = immutable switch
        {
            "Array" => "global::System.Runtime.InteropServices.ImmutableCollectionsMarshal.AsImmutableArray({0})",
            "List" => Immutable + ".ImmutableList.CreateRange({0})",
            _ => "{0}",
        };
        // Elements of a tree are read one by one, because its nodes take memory that a copy would not count.
        int size = immutable == "List" ? 0 : CopiedType.SizeOf(element, converters);
        string write = prepare + "    writer.Enter();\n" + (size == 0 ? "" : CopyTo(type, size, span)) + $$"""
                writer.WriteCount({{source}}.{{count}});
                foreach ({{type}} element in {{source}})
                {
                    {{Write(element, "writer", "element", at)}}
                }

                writer.Leave();
            """;
        bool isList = kind == FormKind.List && immutable.Length == 0;
        string readCount = $"reader.ReadCount<{type}>({LeastSize.Of(element, converters)}, {(immutable == "List" ? TreeOverhead : 0)})";
        string read = "    reader.Enter();\n" + (size == 0 ? "" : CopyFrom(type, size, isList, made)) + (isList
            ? $$"""
                    int count = {{readCount}};
                    global::System.Collections.Generic.List<{{type}}> elements = new(count);
                    for (int i = 0; i < count; i++)
                    {
                        elements.Add({{Read(element, "reader", at)}});
                    }

                    reader.Leave();
                    return elements;
                """
            : $$"""
                    int count = {{readCount}};
                    {{NewArray(element)}}
                    for (int i = 0; i < count; i++)
                    {
                        elements[i] = {{Read(element, "reader", at)}};
                    }

                    reader.Leave();
                    return {{Made(made, "elements")}};
                """);
        Emit(entry, name, write, read, mayBeNull: immutable != "Array");
        return entry;
    }

    private static string CopyTo(string type, int size, string? span) => span is not null
        ? $$"""
                if (RpcWriter.Copies<{{type}}>({{size}}))
                {
                    writer.WriteUnmanagedArray<{{type}}>({{span}});
                    writer.Leave();
                    return;
                }


            """
        : $$"""
                if (RpcWriter.Copies<{{type}}>({{size}}) && value is {{type}}[] array)
                {
                    writer.WriteUnmanagedArray<{{type}}>(array);
                    writer.Leave();
                    return;
                }


            """;

    private static string CopyFrom(string type, int size, bool isList, string made) =>
        $$"""
                if (RpcWriter.Copies<{{type}}>({{size}}))
                {
                    {{type}}[] copies = reader.ReadUnmanagedArray<{{type}}>();
                    reader.Leave();
                    return {{(isList ? $"new global::System.Collections.Generic.List<{type}>(copies)" : Made(made, "copies"))}};
                }


            """;

    private static string Made(string form, string elements) => string.Format(CultureInfo.InvariantCulture, form, elements);

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

    private Entry Set(ITypeSymbol set, string name, ITypeSymbol element, ISymbol at)
    {
        Entry entry = Reserve(name);
        string type = Name(element);
        (string elements, string result, int overhead) = ImmutableKind(set).Length > 0
            ? ($"{Immutable}.ImmutableHashSet<{type}>.Builder elements = {Immutable}.ImmutableHashSet.CreateBuilder<{type}>(keys.Comparer)",
                "elements.ToImmutable()",
                TreeOverhead)
            : ($"global::System.Collections.Generic.HashSet<{type}> elements = new(count, keys.Comparer)", "elements", TableOverhead);
        Emit(
            entry,
            name,
            $$"""
                writer.Enter();
                writer.WriteCount(value.Count);
                foreach ({{type}} element in value)
                {
                    {{Write(element, "writer", "element", at)}}
                }

                writer.Leave();
            """,
            $$"""
                reader.Enter();
                int count = reader.ReadCount<{{type}}>({{LeastSize.Of(element, converters)}}, {{overhead}});
                RpcKeys<{{type}}> keys = new(count);
                {{elements}};
                for (int i = 0; i < count; i++)
                {
                    elements.Add({{Read(element, "reader", at)}});
                }

                keys.End();

                reader.Leave();
                return {{result}};
            """,
            mayBeNull: true);
        return entry;
    }

    private Entry Map(ITypeSymbol map, string name, ITypeSymbol key, ITypeSymbol value, ISymbol at)
    {
        Entry entry = Reserve(name);
        string types = $"{Name(key)}, {Name(value)}";
        (string pairs, string result, int overhead) = ImmutableKind(map).Length > 0
            ? ($"{Immutable}.ImmutableDictionary<{types}>.Builder pairs = "
                    + $"{Immutable}.ImmutableDictionary.CreateBuilder<{types}>(keys.Comparer)",
                "pairs.ToImmutable()",
                TreeOverhead)
            : ($"global::System.Collections.Generic.Dictionary<{types}> pairs = new(count, keys.Comparer)", "pairs", TableOverhead);
        Emit(
            entry,
            name,
            $$"""
                writer.Enter();
                writer.WriteCount(value.Count);
                foreach (global::System.Collections.Generic.KeyValuePair<{{types}}> pair in value)
                {
                    {{Write(key, "writer", "pair.Key", at)}}
                    {{Write(value, "writer", "pair.Value", at)}}
                }

                writer.Leave();
            """,
            $$"""
                reader.Enter();
                int count = reader.ReadCount<global::System.Collections.Generic.KeyValuePair<{{types}}>>(
                    {{LeastSize.Of(key, converters) + LeastSize.Of(value, converters)}}, {{overhead}});
                RpcKeys<{{Name(key)}}> keys = new(count);
                {{pairs}};
                for (int i = 0; i < count; i++)
                {
                    {{Name(key)}} key = {{Read(key, "reader", at)}};
                    pairs[key] = {{Read(value, "reader", at)}};
                }

                keys.End();

                reader.Leave();
                return {{result}};
            """,
            mayBeNull: true);
        return entry;
    }

    // Array, List, HashSet or Dictionary of System.Collections.Immutable, also by its interface; empty: another type.
    private static string ImmutableKind(ITypeSymbol type) =>
        type.ContainingNamespace?.ToDisplayString() != "System.Collections.Immutable" ? ""
        : type.Name == "IImmutableSet" ? "HashSet"
        : type.Name.Replace("IImmutable", "").Replace("Immutable", "");
}
