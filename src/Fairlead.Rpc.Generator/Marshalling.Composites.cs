using System.Text;
using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <content>Types with parts, unions of them, and types that travel as the parts of a converter.</content>
internal sealed partial class Marshalling
{
    // Apart from the type elsewhere, which may not be empty, and which may be a union.
    private Entry OfCase(INamedTypeSymbol type, ISymbol at)
    {
        string key = $"{Name(type)} as a case";
        if (!_entries.TryGetValue(key, out Entry? entry))
        {
            Experiments.AddType(type);
            entry = Composite(type, key, isCase: true, at);
        }

        return entry;
    }

    private Entry Composite(ITypeSymbol type, string key, bool isCase, ISymbol at)
    {
        string name = Name(type);
        Entry entry = Reserve(key);
        string? objection = _depth == MaxDepth
            ? $"it consists of types that consist of others, more than {MaxDepth} times"
            : CompositeType.Objection(type, isCase);
        if (objection is not null || CompositeType.Read(type, isCase) is not { } composite)
        {
            findings.Add(Finding.At(at, Diagnostics.UnsupportedType, type.ToDisplayString(Plain), objection ?? ""));
            return entry;
        }

        if (!isCase)
        {
            Warn(type, [], at);
        }

        Declare(TypeDeclaration.Of(type, composite));
        int size = isCase ? 0 : CopiedType.SizeOf(type, converters);
        string write = size == 0 ? ""
            : $$"""
                    if (RpcWriter.Copies<{{name}}>({{size}}))
                    {
                        writer.WriteUnmanaged(in value);
                        return;
                    }


                """;
        string read = size == 0 ? ""
            : $$"""
                    if (RpcWriter.Copies<{{name}}>({{size}}))
                    {
                        return reader.ReadUnmanaged<{{name}}>();
                    }


                """;
        string exact = type is { IsReferenceType: true, IsSealed: false } && !isCase ? "    RpcWriter.CheckType(value);\n" : "";
        _depth++;
        Emit(
            entry,
            name,
            exact + write + composite.Write((part, value) => Write(part, "writer", value, at)),
            read + composite.Read(part => Read(part, "reader", at)),
            mayBeNull: type.IsReferenceType);
        _depth--;
        return entry;
    }

    private Entry Converted(ITypeSymbol type, string name, ISymbol at)
    {
        Entry entry = Reserve(name);
        Converter converter = converters.Find(type)!;
        ITypeSymbol parts = converter.Parts;
        Declare(TypeDeclaration.OfConverted(type, parts));
        string types = $"<{Name(converter.Class)}, {name}, {Name(parts)}>";
        _depth++;
        Emit(
            entry,
            name,
            $"    {Write(parts, "writer", $"RpcConvert.ToParts{types}(value)", at)}",
            $"    return RpcConvert.FromParts{types}({Read(parts, "reader", at)});",
            mayBeNull: type.IsReferenceType);
        _depth--;
        return entry;
    }

    private Entry Union(INamedTypeSymbol type, string name, ISymbol at)
    {
        Entry entry = Reserve(name);
        if (UnionType.Objection(type, at.ContainingAssembly) is { } objection)
        {
            findings.Add(Finding.At(at, Diagnostics.UnsupportedType, type.ToDisplayString(Plain), objection));
            return entry;
        }

        IReadOnlyList<UnionType.Case> cases = UnionType.CasesOf(type);
        if (cases.FirstOrDefault(one => converters.Find(one.Type) is not null) is { } converted)
        {
            findings.Add(Finding.At(
                at,
                Diagnostics.UnsupportedType,
                type.ToDisplayString(Plain),
                $"its case '{converted.Type.Name}' has a converter, and a case travels as its own parts"));
            return entry;
        }

        Warn(type, cases, at);
        Declare(TypeDeclaration.OfUnion(type, cases));
        StringBuilder write = new("    global::System.Type type = value.GetType();\n");
        StringBuilder read = new("    int number = reader.ReadNumber();\n    return number switch\n    {\n");
        foreach (UnionType.Case one in cases)
        {
            string method = OfCase(one.Type, at).Method!;
            write.Append(
                $$"""
                        if (type == typeof({{Name(one.Type)}}))
                        {
                            writer.WriteCount({{one.Number}});
                            Write{{method}}(ref writer, ({{Name(one.Type)}})value);
                            return;
                        }


                    """);
            read.Append($"        {one.Number} => Read{method}(ref reader),\n");
        }

        Emit(
            entry,
            name,
            write.Append($"    throw RpcWriter.NotInUnion<{name}>(type);").ToString(),
            read.Append($"        _ => throw RpcReader.NotInUnion<{name}>(number),\n    }};").ToString(),
            mayBeNull: true);
        return entry;
    }

    // A value of such a type would be refused when it is sent.
    private void Warn(ITypeSymbol type, IReadOnlyList<UnionType.Case> cases, ISymbol at)
    {
        if (DerivedTypes.Find(type, cases, at.ContainingAssembly) is { } derived)
        {
            findings.Add(Finding.At(
                at, Diagnostics.DerivedType, derived.ToDisplayString(Plain), type.ToDisplayString(Plain)));
        }
    }

    private void Declare(string? declaration)
    {
        if (declaration is not null && !_declarations.Contains(declaration))
        {
            _declarations.Add(declaration);
        }
    }
}
