using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <summary>The kinds of values on the wire.</summary>
internal enum FormKind
{
    Simple,
    Enum,
    OptionalText,
    Optional,
    Bytes,
    Array,
    List,
    Sequence,
    Set,
    Map,
    Union,
    Composite,

    /// <summary>A type that a converter replaces by another one, which travels.</summary>
    Converted,
}

/// <summary>The form of a type on the wire, and the types of which its values consist.</summary>
/// <param name="kind">The kind.</param>
/// <param name="of">
/// The type of the elements, of the keys, of the value inside, the integer of an enum, or the parts of a converter.
/// </param>
/// <param name="value">The type of the values of a map.</param>
internal readonly struct TypeForm(FormKind kind, ITypeSymbol? of = null, ITypeSymbol? value = null)
{
    private static readonly SymbolDisplayFormat Plain = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces);

    private static readonly Dictionary<string, (string Method, string Shape)> Simple = new(StringComparer.Ordinal)
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
        ["System.Uri"] = ("Uri", "uri"),
        ["System.Version"] = ("Version", "version"),
        ["System.Net.IPAddress"] = ("IPAddress", "ip"),
        ["System.Net.IPEndPoint"] = ("IPEndPoint", "endpoint"),
    };

    public FormKind Kind { get; } = kind;

    public ITypeSymbol Of { get; } = of!;

    public ITypeSymbol Value { get; } = value!;

    /// <summary>The form of a type.</summary>
    /// <param name="type">The type.</param>
    /// <param name="converters">The converters of the contract.</param>
    public static TypeForm From(ITypeSymbol type, Converters converters)
    {
        // A T? of a generic type is not null if T is a value type.
        bool mayBeNull = !type.IsValueType || type.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T;
        if (type.NullableAnnotation == NullableAnnotation.Annotated && mayBeNull)
        {
            return type.SpecialType == SpecialType.System_String
                ? new TypeForm(FormKind.OptionalText)
                : new TypeForm(FormKind.Optional, Inside(type));
        }

        if (Simple.ContainsKey(type.ToDisplayString(Plain)))
        {
            return new TypeForm(FormKind.Simple);
        }

        if (converters.Find(type) is { } converter)
        {
            return new TypeForm(FormKind.Converted, converter.Parts);
        }

        return type switch
        {
            _ when UnionType.IsUnion(type) => new TypeForm(FormKind.Union),
            INamedTypeSymbol { TypeKind: TypeKind.Enum, EnumUnderlyingType: { } number } => new TypeForm(FormKind.Enum, number),
            IArrayTypeSymbol { ElementType.SpecialType: SpecialType.System_Byte, Rank: 1 } => new TypeForm(FormKind.Bytes),
            IArrayTypeSymbol { Rank: 1 } array => new TypeForm(FormKind.Array, array.ElementType),
            INamedTypeSymbol { IsGenericType: true } generic => OfGeneric(generic),
            _ => new TypeForm(FormKind.Composite),
        };
    }

    /// <summary>The method of reader and writer for a type without parts, and its shape.</summary>
    public static (string Method, string Shape) SimpleOf(ITypeSymbol type) => Simple[type.ToDisplayString(Plain)];

    private static ITypeSymbol Inside(ITypeSymbol type) =>
        type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable
            ? nullable.TypeArguments[0]
            : type.WithNullableAnnotation(NullableAnnotation.NotAnnotated);

    private static TypeForm OfGeneric(INamedTypeSymbol type)
    {
        ImmutableArray<ITypeSymbol> of = type.TypeArguments;
        return type.OriginalDefinition.ToDisplayString() switch
        {
            "System.ReadOnlyMemory<T>" or "System.Memory<T>" or "System.Buffers.ReadOnlySequence<T>"
                when of[0].SpecialType == SpecialType.System_Byte => new TypeForm(FormKind.Bytes),
            "System.Collections.Generic.List<T>" or "System.Collections.Immutable.ImmutableArray<T>"
                or "System.Collections.Immutable.ImmutableList<T>" or "System.Collections.Immutable.IImmutableList<T>" =>
                new TypeForm(FormKind.List, of[0]),
            "System.Collections.Generic.IEnumerable<T>" => new TypeForm(FormKind.Sequence, of[0]),
            "System.Collections.Generic.IReadOnlyList<T>" or "System.Collections.Generic.IList<T>"
                or "System.Collections.Generic.ICollection<T>" or "System.Collections.Generic.IReadOnlyCollection<T>" =>
                new TypeForm(FormKind.Array, of[0]),
            "System.Collections.Generic.HashSet<T>" or "System.Collections.Generic.ISet<T>"
                or "System.Collections.Generic.IReadOnlySet<T>" or "System.Collections.Immutable.ImmutableHashSet<T>"
                or "System.Collections.Immutable.IImmutableSet<T>" => new TypeForm(FormKind.Set, of[0]),
            "System.Collections.Generic.Dictionary<TKey, TValue>" or "System.Collections.Generic.IDictionary<TKey, TValue>"
                or "System.Collections.Generic.IReadOnlyDictionary<TKey, TValue>"
                or "System.Collections.Immutable.ImmutableDictionary<TKey, TValue>"
                or "System.Collections.Immutable.IImmutableDictionary<TKey, TValue>" => new TypeForm(FormKind.Map, of[0], of[1]),
            _ => new TypeForm(FormKind.Composite),
        };
    }
}
