using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <summary>The converters of a contract, by the types that they convert.</summary>
/// <remarks>The ones of the contract stand before those of its assembly. Bases of the contract, and their assemblies, add theirs.</remarks>
internal sealed class Converters
{
    private const string Attribute = "Fairlead.Rpc.RpcConverterAttribute";
    private const string Interface = "Fairlead.Rpc.IRpcConverter<T, TParts>";

    private readonly Dictionary<ITypeSymbol, Converter> _found = new(SymbolEqualityComparer.Default);
    private readonly List<Wrong> _wrong = [];

    private Converters()
    {
    }

    /// <summary>No converter.</summary>
    public static Converters None { get; } = new();

    /// <summary>What cannot be used, and why.</summary>
    public IReadOnlyList<Wrong> Unusable => _wrong;

    /// <summary>Those that can be used.</summary>
    public IEnumerable<Converter> All => _found.Values;

    /// <summary>Reads those of a contract.</summary>
    public static Converters Of(INamedTypeSymbol contract)
    {
        INamedTypeSymbol[] line = [contract, .. contract.AllInterfaces];
        IAssemblySymbol user = contract.ContainingAssembly;
        return Read(
            user,
            line.SelectMany(static one => AttributesOf(one)),
            line.Select(static one => one.ContainingAssembly)
                .Distinct<IAssemblySymbol>(SymbolEqualityComparer.Default)
                .SelectMany(static one => AttributesOf(one)));
    }

    /// <summary>Reads those of an assembly.</summary>
    public static Converters Of(IAssemblySymbol assembly) => Read(assembly, AttributesOf(assembly));

    /// <summary>Returns the converter of a type; null: the type travels itself.</summary>
    public Converter? Find(ITypeSymbol type) => _found.TryGetValue(type, out Converter? found) ? found : null;

    /// <summary>Whether a contract itself names converters.</summary>
    public static bool StandOn(INamedTypeSymbol contract) => AttributesOf(contract).Any();

    private static IEnumerable<AttributeData> AttributesOf(ISymbol place) => place
        .GetAttributes()
        .Where(static found => found.AttributeClass?.ToDisplayString() == Attribute);

    private static Converters Read(IAssemblySymbol user, params IEnumerable<AttributeData>[] levels)
    {
        Converters all = new();
        foreach (IEnumerable<AttributeData> level in levels)
        {
            HashSet<ITypeSymbol> seen = new(SymbolEqualityComparer.Default);
            foreach (AttributeData attribute in level)
            {
                all.Add(attribute, user, seen);
            }
        }

        foreach (Converter one in all._found.Values.Where(all.IsCircle).ToArray())
        {
            all._found.Remove(one.Type);
            string name = Name(one.Type);
            all._wrong.Add(new Wrong(one.Attribute, one.Class, $"'{name}' would travel as parts that are '{name}' again"));
        }

        return all;
    }

    private static string Name(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.CSharpErrorMessageFormat);

    private void Add(AttributeData attribute, IAssemblySymbol user, HashSet<ITypeSymbol> seen)
    {
        var named = attribute.ConstructorArguments.FirstOrDefault().Value as ITypeSymbol;
        if (named is IErrorTypeSymbol)
        {
            // The compiler reports it.
            return;
        }

        if (named is not INamedTypeSymbol { TypeKind: TypeKind.Class or TypeKind.Struct, IsUnboundGenericType: false } type)
        {
            _wrong.Add(new Wrong(attribute, named, "it is not a class or struct, or is generic without arguments"));
            return;
        }

        INamedTypeSymbol[] does = [.. type.AllInterfaces.Where(static one => one.OriginalDefinition.ToDisplayString() == Interface)];
        ITypeSymbol? of = does.FirstOrDefault()?.TypeArguments[0];
        string? objection = does.Length != 1 ? "it does not implement IRpcConverter<T, TParts> once"
            : !UnionType.IsVisible(type, user) ? "it is hidden from generated code; make it public or internal"
            : !TravelsOnlyConverted(of!) ? $"'{Name(of!)}' travels without a converter, or is not a value"
            : !IsVisible(does[0].TypeArguments[1], user)
                ? $"'{Name(does[0].TypeArguments[1])}' is hidden from generated code; make it public or internal"
            : TypeForm.From(does[0].TypeArguments[1], None).Kind is FormKind.Optional or FormKind.OptionalText
                ? "its parts may be null, as the value may be; make them a record with a part that may be null"
            : !seen.Add(of!) ? $"two converters convert '{Name(of!)}'"
            : null;
        if (objection is not null)
        {
            _wrong.Add(new Wrong(attribute, type, objection));
        }
        else if (!_found.ContainsKey(of!))
        {
            _found[of!] = new Converter(type, of!, does[0].TypeArguments[1], attribute);
        }
    }

    // Not the collections and simple types, which have their form already, nor what has a meaning in the signature of a member.
    private static bool TravelsOnlyConverted(ITypeSymbol type) =>
        type is INamedTypeSymbol { IsTupleType: false, TypeKind: TypeKind.Class or TypeKind.Struct or TypeKind.Interface } named
        && type.OriginalDefinition.SpecialType is SpecialType.None
        && TypeForm.From(type.WithNullableAnnotation(NullableAnnotation.NotAnnotated), None).Kind == FormKind.Composite
        && !Member.IsContract(type)
        && !Member.IsOptions(type)
        && Member.ItemOf(type) is null
        && named.OriginalDefinition.ToDisplayString() is not ("System.Threading.CancellationToken"
            or "System.Collections.Generic.KeyValuePair<TKey, TValue>"
            or "System.Threading.Tasks.Task" or "System.Threading.Tasks.Task<TResult>"
            or "System.Threading.Tasks.ValueTask" or "System.Threading.Tasks.ValueTask<TResult>");

    private static bool IsVisible(ITypeSymbol type, IAssemblySymbol user) => type switch
    {
        IArrayTypeSymbol array => IsVisible(array.ElementType, user),
        INamedTypeSymbol named => UnionType.IsVisible(named, user) && named.TypeArguments.All(one => IsVisible(one, user)),
        _ => false,
    };

    // Through types with parts a value may contain its own type again, as a tree does: its depth is limited when it travels.
    private bool IsCircle(Converter converter) => Reaches(converter.Parts, converter.Type, _found.Count);

    private bool Reaches(ITypeSymbol type, ITypeSymbol end, int left)
    {
        TypeForm form = TypeForm.From(type, this);
        return form.Kind switch
        {
            FormKind.Optional or FormKind.Array or FormKind.List or FormKind.Sequence or FormKind.Set => Reaches(form.Of, end, left),
            FormKind.Map => Reaches(form.Of, end, left) || Reaches(form.Value, end, left),
            FormKind.Converted => SymbolEqualityComparer.Default.Equals(type, end) || (left > 0 && Reaches(form.Of, end, left - 1)),
            _ => false,
        };
    }

    /// <summary>A converter that cannot be used.</summary>
    /// <param name="Attribute">The attribute that names it.</param>
    /// <param name="Type">The type that it names; null: none.</param>
    /// <param name="Objection">What is wrong with it.</param>
    public sealed record Wrong(AttributeData Attribute, ITypeSymbol? Type, string Objection)
    {
        /// <summary>The finding, where the attribute stands, or at a contract that uses it from another assembly.</summary>
        public Finding ToFinding(ISymbol? contract = null)
        {
            string name = Type is null ? "null" : Name(Type);
            return contract is null
                ? Finding.At(
                    Attribute.ApplicationSyntaxReference?.GetSyntax().GetLocation(), Diagnostics.UnusableConverter, name, Objection)
                : Finding.At(contract, Diagnostics.UnusableConverter, name, Objection);
        }
    }
}

/// <summary>A converter.</summary>
/// <param name="Class">The class.</param>
/// <param name="Type">The type that it converts.</param>
/// <param name="Parts">The type that travels.</param>
/// <param name="Attribute">The attribute that names it.</param>
internal sealed record Converter(INamedTypeSymbol Class, ITypeSymbol Type, ITypeSymbol Parts, AttributeData Attribute);
